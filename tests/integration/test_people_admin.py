"""Staff sign in: with a password that cannot be guessed by trying."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

SIGN_IN = "/admin/login/"


@pytest.fixture
def operator() -> dict[str, str]:
    User.objects.create_user("operator", password="a-quiet-meadow-7", is_staff=True)
    return {"username": "operator", "password": "a-quiet-meadow-7"}


def test_staff_sign_in_and_come_to_the_overview(client: Client, own_counters: None, operator: dict[str, str]) -> None:
    answer = client.post(SIGN_IN, operator)
    assert answer.status_code == 302 and answer["Location"] == "/admin/"


def test_guesses_are_held_back_even_when_one_is_right(
    client: Client, own_counters: None, operator: dict[str, str]
) -> None:
    answers = [client.post(SIGN_IN, operator | {"password": f"guess {number}"}) for number in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    held = client.post(SIGN_IN, operator)
    assert held.status_code == 200 and "_auth_user_id" not in client.session


def test_a_patient_does_not_come_in(client: Client, own_counters: None) -> None:
    User.objects.create_user("patient", password="a-quiet-meadow-7")
    assert client.post(SIGN_IN, {"username": "patient", "password": "a-quiet-meadow-7"}).status_code == 200
    assert client.get("/admin/").status_code == 302
