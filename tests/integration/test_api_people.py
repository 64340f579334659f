"""Accounts, tokens, and who may see what."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from hospital.models import Patient
from insurance.models import Settlement
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused, wrong_fields
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")
ACCOUNTS, TOKEN = f"{doing.API}/accounts/", f"{doing.API}/token/"
PASSWORD = "correct horse battery"


def person(**fields: Any) -> dict[str, Any]:
    return {
        "username": "zhang.san",
        "password": PASSWORD,
        "name": "张三",
        "id_number": factories.id_number(),
        "phone": "13800000000",
    } | fields


def with_token(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def test_a_patient_signs_up_signs_in_and_is_known(api: APIClient) -> None:
    answer = api.post(ACCOUNTS, person(), format="json")
    patient = Patient.objects.get()
    assert (answer.status_code, answer.json()) == (201, {"id": patient.pk, "username": "zhang.san"})
    tokens = api.post(TOKEN, {"username": "zhang.san", "password": PASSWORD}, format="json").json()
    assert set(tokens) == {"access", "refresh"}
    assert with_token(tokens["access"]).get(f"{doing.API}/notices/").json() == []
    renewed = api.post(f"{TOKEN}refresh/", {"refresh": tokens["refresh"]}, format="json")
    assert (renewed.status_code, set(renewed.json())) == (200, {"access", "refresh"})


def test_an_id_number_is_no_user_name(api: APIClient) -> None:
    """A user name stands in clear."""
    for username in (number := factories.id_number(), number.lower()):
        refused(api.post(ACCOUNTS, person(username=username), format="json"), 422, "bad_username")
    assert not Patient.objects.exists()


def test_the_password_is_not_kept(api: APIClient) -> None:
    api.post(ACCOUNTS, person(), format="json")
    stored = Patient.objects.get().user.password
    assert stored.startswith("argon2$argon2id$") and PASSWORD not in stored


def test_a_small_x_is_a_large_one(api: APIClient) -> None:
    number = next(n for n in map(factories.id_number, range(100)) if n.endswith("X"))
    assert api.post(ACCOUNTS, person(id_number=number.lower()), format="json").status_code == 201
    assert Patient.objects.get().id_number == number


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"id_number": "110101199001010000"}, 422, "bad_id_number"),
        ({"password": "12345678"}, 422, "weak_password"),
        ({"password": "short"}, 422, "weak_password"),
    ],
)
def test_a_wrong_account_is_refused(api: APIClient, fields: dict[str, str], status: int, code: str) -> None:
    refused(api.post(ACCOUNTS, person(**fields), format="json"), status, code)
    assert not Patient.objects.exists()


def test_a_user_name_is_taken_once(api: APIClient) -> None:
    api.post(ACCOUNTS, person(), format="json")
    refused(api.post(ACCOUNTS, person(), format="json"), 409, "username_taken")
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"username": "a b"}, ("username", "invalid")),
        ({"name": ""}, ("name", "blank")),
        ({"name": None}, ("name", "null")),
        ({"name": "\0"}, ("name", "null_characters_not_allowed")),
        ({"name": ["x"]}, ("name", "invalid")),
        ({"id_number": "1101"}, ("id_number", "min_length")),
        ({"phone": "call me"}, ("phone", "invalid")),
        ({"is_staff": True}, ("is_staff", "unknown_field")),
    ],
)
def test_a_wrong_field_is_named(api: APIClient, fields: dict[str, Any], wrong: tuple[str, str]) -> None:
    assert wrong in wrong_fields(api.post(ACCOUNTS, person(**fields), format="json"))


def test_a_lone_surrogate_is_no_text(api: APIClient) -> None:
    for path, body in ((ACCOUNTS, '{"username": "\\ud800"}'), (TOKEN, '{"username": "\\ud800", "password": "x"}')):
        refused(api.post(path, body, content_type="application/json"), 422, "invalid")


def test_a_wrong_password_says_nothing_about_the_account(api: APIClient) -> None:
    api.post(ACCOUNTS, person(), format="json")
    answers = [
        api.post(TOKEN, {"username": name, "password": "wrong password"}, format="json")
        for name in ("zhang.san", "nobody")
    ]
    problems = [refused(answer, 401, "no_active_account") for answer in answers]
    assert problems[0] == problems[1]


def test_a_token_needs_both_fields(api: APIClient) -> None:
    assert wrong_fields(api.post(TOKEN, {}, format="json")) == {("username", "required"), ("password", "required")}
    refused(api.post(TOKEN, [], format="json"), 422, "invalid")


def test_a_refresh_token_that_is_none(api: APIClient) -> None:
    refused(api.post(f"{TOKEN}refresh/", {"refresh": "garbage"}, format="json"), 401, "token_not_valid")


PRIVATE = (
    ("post", "appointments/"),
    ("get", "appointments/1/"),
    ("delete", "appointments/1/"),
    ("put", "appointments/1/charges/"),
    ("post", "appointments/1/trials/"),
    ("get", "notices/"),
    ("get", "trials/1/"),
    ("post", "trials/1/settlements/"),
    ("get", "settlements/1/"),
)


@pytest.mark.parametrize(("verb", "path"), PRIVATE)
def test_without_a_token_nothing_is_shown_or_done(api: APIClient, verb: str, path: str) -> None:
    answer = getattr(api, verb)(f"{doing.API}/{path}", {}, format="json")
    refused(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("kind", ["garbage", "expired", "foreign", "gone"])
def test_a_token_that_is_not_valid(kind: str, settings: LazySettings) -> None:
    patient = factories.patient()
    token = AccessToken.for_user(patient.user)
    if kind == "expired":
        token.set_exp(lifetime=-timedelta(seconds=1))
    text = {"garbage": "garbage", "foreign": str(token)[:-4] + "AAAA"}.get(kind, str(token))
    if kind == "gone":
        patient.user.delete()
    answer = with_token(text).get(f"{doing.API}/notices/")
    refused(answer, 401, "authentication_failed" if kind == "gone" else "token_not_valid")


def test_other_peoples_things_are_not_there(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    settlement: Settlement = doing.opened(trial)
    stranger = doing.speaking_as(factories.patient())
    own = f"appointments/{trial.appointment_id}/"
    for verb, path, code in (
        ("get", own, "no_such_appointment"),
        ("delete", own, "no_such_appointment"),
        ("post", f"{own}trials/", "no_such_appointment"),
        ("get", f"trials/{trial.pk}/", "no_such_trial"),
        ("post", f"trials/{trial.pk}/settlements/", "no_such_trial"),
        ("get", f"settlements/{settlement.pk}/", "no_such_settlement"),
    ):
        refused(getattr(stranger, verb)(f"{doing.API}/{path}", {"mode": "insurance"}, format="json"), 404, code)
    for verb in ("put", "patch"):
        assert getattr(stranger, verb)(f"{doing.API}/{own}", {}, format="json").status_code == 405


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_what_was_never_there_is_not_there(number: int) -> None:
    client = doing.speaking_as(factories.patient())
    refused(client.get(f"{doing.API}/appointments/{number}/"), 404, "no_such_appointment")
    refused(client.get(f"{doing.API}/trials/{number}/"), 404, "no_such_trial")
    refused(client.get(f"{doing.API}/settlements/{number}/"), 404, "no_such_settlement")


def test_the_desk_may_see_and_do(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    desk = doing.speaking_as_staff()
    assert desk.get(f"{doing.API}/appointments/{trial.appointment_id}/").status_code == 200
    assert desk.get(f"{doing.API}/trials/{trial.pk}/").status_code == 200
    assert desk.post(f"{doing.API}/appointments/{trial.appointment_id}/trials/").status_code == 202
    opened = desk.post(f"{doing.API}/trials/{trial.pk}/settlements/", {"mode": "insurance"}, format="json")
    assert opened.status_code == 202
    assert desk.get(f"{doing.API}/settlements/{opened.json()['id']}/").status_code == 200


def test_the_desk_has_no_appointments_of_its_own() -> None:
    body = {"session": factories.session().pk, "insurance_card": {"type": "03", "number": "SSC123456"}}
    refused(doing.speaking_as_staff().post(f"{doing.API}/appointments/", body, format="json"), 403, "patients_only")


def test_the_desk_cancels_for_a_patient() -> None:
    appointment = factories.booked()
    assert doing.speaking_as_staff().delete(f"{doing.API}/appointments/{appointment.pk}/").status_code == 204
    assert doing.state_of(appointment) == "cancelled"
