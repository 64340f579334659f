"""What surrounds the API: rates, health, the schema, addresses that do not exist, and that nothing personal leaks."""

import logging
from typing import Any

import pytest
import yaml
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from config import errors
from hospital.identity import InsuranceCard
from insurance.trial import admission, turns
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused
from tests.simulators import Simulator, free_port

SESSIONS = f"{doing.API}/sessions/"


def card_of(number: str) -> dict[str, Any]:
    return {"session": factories.session().pk, "insurance_card": {"type": "02", "number": number}}


@pytest.mark.usefixtures("own_counters")
def test_a_user_who_asks_too_often_is_told_when_to_come_back(settings: LazySettings) -> None:
    settings.RATE_LIMIT_PER_USER = "2/m"
    who = factories.patient()
    client = doing.speaking_as(who)
    for _ in range(2):
        assert client.post(f"{doing.API}/appointments/", card_of(who.id_number), format="json").status_code == 201
    answer = client.post(f"{doing.API}/appointments/", card_of(who.id_number), format="json")
    problem = refused(answer, 429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) == problem["retry_after_seconds"] <= 60
    other = factories.patient()
    answer = doing.speaking_as(other).post(f"{doing.API}/appointments/", card_of(other.id_number), format="json")
    assert answer.status_code == 201


@pytest.mark.usefixtures("own_counters")
def test_an_address_that_signs_up_too_often_is_held_back(settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/m"
    assert api.post(f"{doing.API}/accounts/", {}, format="json").status_code == 422
    refused(api.post(f"{doing.API}/accounts/", {}, format="json"), 429, "too_many_requests")
    elsewhere = api.post(f"{doing.API}/accounts/", {}, format="json", REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 422


@pytest.mark.usefixtures("own_counters")
def test_guesses_at_one_password_are_held_back(settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_USERNAME = "2/m"
    answers = [
        api.post(f"{doing.API}/token/", {"username": name, "password": "guess"}, format="json")
        for name in ("someone", "SomeOne", "someone", "other")
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 401]


def test_without_the_cache_nobody_is_turned_away(settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_USER = settings.RATE_LIMIT_PER_ADDRESS = settings.RATE_LIMIT_PER_USERNAME = "1/m"
    away = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    who = factories.patient()
    for _ in range(2):
        answer = doing.speaking_as(who).post(f"{doing.API}/appointments/", card_of(who.id_number), format="json")
        assert answer.status_code == 201
        assert api.post(f"{doing.API}/token/", {"username": "a", "password": "b"}, format="json").status_code == 401


def test_it_is_alive_and_ready(client: Client) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").content) == (200, b"ok")
    assert (client.get("/readyz").status_code, client.get("/readyz").json()["ready"]) == (200, True)


def test_the_front_page_is_everybodys(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_an_address_that_is_not_there(client: Client) -> None:
    refused(client.get(f"{doing.API}/nowhere/"), 404, "not_found")


def test_a_request_for_another_host(client: Client) -> None:
    refused(client.get(f"{doing.API}/line/", headers={"Host": "elsewhere.example"}), 400, "bad_request")


def test_a_body_is_read_no_further_than_it_may_be(settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client = doing.speaking_as(factories.patient())
    refused(client.post(f"{doing.API}/appointments/", ["x" * 1000], format="json"), 413, "too_large")
    refused(client.post(f"{doing.API}/appointments/", ["x" * 990], format="json"), 422, "invalid")
    refused(client.post(f"{doing.API}/payments/notify/", ["x" * 1000], format="json"), 413, "too_large")


def test_what_nobody_foresaw_says_nothing_of_itself() -> None:
    answer = errors.server_error(Client().get("/healthz").wsgi_request)
    assert answer.status_code == 500
    assert b"internal_error" in answer.content and b"Traceback" not in answer.content


def test_the_schema_is_openapi_3_1_and_names_every_address(client: Client) -> None:
    answer = client.get(f"{doing.API}/schema/")
    schema = yaml.safe_load(answer.content)
    validate_schema(schema)  # type: ignore[no-untyped-call]
    assert schema["openapi"].startswith("3.1")
    assert {path.removeprefix("/api/v1/") for path in schema["paths"]} == {
        *(
            "accounts/",
            "accounts/export/",
            "token/",
            "token/refresh/",
            "token/revoke/",
            "token/revoke-all/",
            "sessions/",
            "line/",
            "notices/",
            "payments/notify/",
            "insurers/{insurer}/callback/",
        ),
        *("appointments/", "appointments/{id}/", "appointments/{id}/charges/", "appointments/{id}/trials/"),
        "appointments/{id}/follow-link/",
        *("trials/{id}/", "trials/{id}/settlements/", "settlements/{id}/", "settlements/{id}/credential/"),
    }
    assert client.get(f"{doing.API}/docs/").status_code == 200


def test_the_schema_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    assert "warning" not in capsys.readouterr().err.lower()


@pytest.mark.usefixtures("own_counters")
def test_no_number_is_repeated_in_a_refusal_or_a_log(
    caplog: pytest.LogCaptureFixture, api: APIClient, insurer: Simulator
) -> None:
    caplog.set_level(logging.DEBUG)
    number, wrong = factories.id_number(), "110101199001010000"
    who = factories.patient(number=number)
    client = doing.speaking_as(who)
    appointments = f"{doing.API}/appointments/"
    session = factories.session().pk
    said = [
        client.post(appointments, {"session": session, "insurance_card": {"type": kind, "number": text}}, format="json")
        for kind, text in (("02", wrong), (wrong, "1234"), ("03", f"{number}-"), ("02", number * 3))
    ]
    account = {"username": "x.y", "password": "correct horse", "name": "张三", "phone": "1"}
    said += [
        api.post(f"{doing.API}/accounts/", account | {"id_number": text}, format="json") for text in (wrong, number * 2)
    ]
    said.append(client.post(appointments, f'{{"insurance_card": "{number}', content_type="application/json"))
    assert all(400 <= answer.status_code < 500 for answer in said)
    insurer.faults({"infno": "1101", "kind": "refuse", "message": f"{number} 不存在"})
    admission.enter(doing.told(who))
    assert turns.take_one()
    story = client.get(f"{appointments}{who.appointment_set.latest('pk').pk}/").content.decode()
    for secret in (number, wrong):
        assert secret not in caplog.text
        assert secret not in story
        assert not any(secret in answer.content.decode() for answer in said)
    assert number not in repr(InsuranceCard("02", number))
