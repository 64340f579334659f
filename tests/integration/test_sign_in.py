"""Guesses at passwords: held back by account and by address at every door, and nothing is told of who exists."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from config.hashers import Argon2
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused

pytestmark = [pytest.mark.security, pytest.mark.usefixtures("own_counters")]

TOKEN = f"{doing.API}/token/"
GOOD = "a-quiet-meadow-7"
Door = Callable[[str, str, str], Any]


def by_api(name: str, password: str, address: str) -> Any:
    return APIClient().post(TOKEN, {"username": name, "password": password}, format="json", REMOTE_ADDR=address)


def by_page(name: str, password: str, address: str) -> Any:
    return Client().post("/sign-in/", {"username": name, "password": password}, REMOTE_ADDR=address)


def by_admin(name: str, password: str, address: str) -> Any:
    return Client().post("/admin/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


DOORS: tuple[Door, ...] = (by_api, by_page, by_admin)


@pytest.fixture
def chief() -> User:
    return User.objects.create_user("chief", password=GOOD, is_staff=True)


def is_in(answer: Any) -> bool:
    return answer.status_code == 302 or (answer.status_code == 200 and "access" in str(answer.content))


@pytest.mark.parametrize("door", DOORS)
def test_guesses_at_one_account_count_together_at_every_door_and_from_everywhere(
    door: Door, chief: User, settings: LazySettings
) -> None:
    settings.RATE_LIMIT_PER_USERNAME = "3/d"
    for number, other in enumerate(DOORS):
        assert not is_in(other("Chief" if number else "chief", "wrong", f"198.51.100.{number}"))
    assert not is_in(door("chief", GOOD, "203.0.113.7")), "the right one is not looked at any more"


def test_whoever_is_held_back_is_told_until_when(chief: User, settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_USERNAME = "0/d"
    answer = by_api("chief", GOOD, "203.0.113.7")
    refused(answer, 429, "too_many_requests")
    assert 0 < int(answer.headers["Retry-After"]) <= 86_401
    page = by_page("chief", GOOD, "203.0.113.7")
    assert page.status_code == 429 and "Too many requests" in page.content.decode()
    assert "Too many requests" in by_admin("chief", GOOD, "203.0.113.7").content.decode()


@pytest.mark.parametrize("door", DOORS)
def test_one_address_tries_no_thousand_accounts(door: Door, chief: User, settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "3/d"
    for number in range(3):
        door(f"somebody{number}", "wrong", "203.0.113.7")
    assert not is_in(door("chief", GOOD, "203.0.113.7"))
    assert is_in(door("chief", GOOD, "203.0.113.8"))


@pytest.mark.parametrize("door", DOORS)
def test_who_exists_is_told_neither_by_words_nor_by_time(
    door: Door, chief: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown name, a wrong password and an account that is shut: the same work, the same answer."""
    User.objects.create_user("shut", password=GOOD, is_staff=True, is_active=False)
    hashed: list[int] = []
    encode = Argon2.encode

    def counted(hasher: Argon2, password: str, salt: str) -> str:
        hashed[-1] += 1
        return encode(hasher, password, salt)

    def verified(hasher: Argon2, password: str, encoded: str) -> bool:
        hashed[-1] += 1
        return verify(hasher, password, encoded)

    verify = Argon2.verify
    monkeypatch.setattr(Argon2, "encode", counted)
    monkeypatch.setattr(Argon2, "verify", verified)
    answers = []
    for name in ("nobody-of-this-name", "chief", "shut"):
        hashed.append(0)
        answers.append(door(name, GOOD if name == "shut" else "wrong", "203.0.113.7"))
    assert hashed[0] == hashed[1] == hashed[2] > 0
    assert len({answer.status_code for answer in answers}) == 1
    if door is by_api:
        assert len({answer.json()["detail"] for answer in answers}) == 1


def test_a_flood_from_one_address_keeps_nobody_else_out(settings: LazySettings, chief: User) -> None:
    """Nor a patient behind the same address who is signed in already."""
    settings.RATE_LIMIT_PER_ADDRESS = "20/d"
    patient = factories.patient()
    flood = [by_api(f"name{number}", "wrong", "203.0.113.7").status_code for number in range(60)]
    assert flood.count(429) == 40
    assert is_in(by_api("chief", GOOD, "198.51.100.1"))
    appointment = factories.booked(who=patient)
    client = APIClient(REMOTE_ADDR="203.0.113.7")
    client.force_authenticate(patient.user)
    assert client.get(f"{doing.API}/appointments/{appointment.pk}/").status_code == 200
    assert client.delete(f"{doing.API}/appointments/{appointment.pk}/").status_code == 204


def test_a_name_that_is_guessed_at_leaves_those_signed_in_alone(settings: LazySettings, chief: User) -> None:
    """Whoever knows a name can hold its sign-in back, and no more than that."""
    settings.RATE_LIMIT_PER_USERNAME = "3/d"
    pair = by_api("chief", GOOD, "198.51.100.1").json()
    for _ in range(5):
        by_api("chief", "wrong", "203.0.113.7")
    refreshed = APIClient().post(f"{TOKEN}refresh/", {"refresh": pair["refresh"]}, format="json")
    assert refreshed.status_code == 200
