"""Sessions and appointments over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from hospital.appointments.models import Session
from hospital.models import Appointment, Patient
from hospital.notices import delivery
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused, wrong_fields
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")
APPOINTMENTS, SESSIONS = f"{doing.API}/appointments/", f"{doing.API}/sessions/"
SESSION_KEYS = {
    *("id", "department", "department_code", "doctor", "doctor_code", "starts_at", "ends_at", "capacity", "free"),
}


def wanted(in_session: Session, who: Patient, **fields: Any) -> dict[str, Any]:
    return {"session": in_session.pk, "insurance_card": {"type": "02", "number": who.id_number}} | fields


def book(who: Patient, body: dict[str, Any], key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return doing.speaking_as(who).post(APPOINTMENTS, body, format="json", headers=headers)


def test_sessions_with_free_seats_are_listed_for_everybody(api: APIClient) -> None:
    session = factories.session(seats=3)
    Session.objects.filter(pk=factories.session().pk).update(free=0)
    over = factories.session()
    past = timezone.now() - timedelta(hours=5)
    Session.objects.filter(pk=over.pk).update(starts_at=past, ends_at=past + timedelta(hours=1))
    answer = api.get(SESSIONS)
    assert answer.status_code == 200
    (shown,) = answer.json()
    assert set(shown) == SESSION_KEYS
    assert (shown["id"], shown["capacity"], shown["free"]) == (session.pk, 3, 3)
    assert shown["starts_at"].endswith("+08:00")


def test_sessions_are_filtered_by_day_and_department(api: APIClient) -> None:
    first, second = factories.session(), factories.session()
    tomorrow = timezone.now() + timedelta(days=2)
    Session.objects.filter(pk=second.pk).update(starts_at=tomorrow, ends_at=tomorrow + timedelta(hours=1))
    day = timezone.localtime(tomorrow).date().isoformat()
    code = first.doctor.department.code
    assert [one["id"] for one in api.get(SESSIONS, {"date": day}).json()] == [second.pk]
    assert [one["id"] for one in api.get(SESSIONS, {"department": code}).json()] == [first.pk]
    assert api.get(SESSIONS, {"department": code, "date": day}).json() == []
    assert wrong_fields(api.get(SESSIONS, {"date": "soon"})) == {("date", "invalid")}
    assert wrong_fields(api.get(SESSIONS, {"day": day})) == {("day", "unknown_field")}


def test_a_booking_is_answered_at_once() -> None:
    who = factories.patient()
    factories.booked()
    answer = book(who, wanted(factories.session(), who))
    appointment = Appointment.objects.get(patient=who)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": appointment.pk,
        "state": "booked",
        "archive": {"state": "queued", "ahead": 1},
    }


def test_each_refusal_of_a_booking_has_its_code() -> None:
    who = factories.patient()
    session, full = factories.session(), factories.session(seats=1)
    factories.booked(full)
    assert book(who, wanted(session, who)).status_code == 201
    refused(book(who, wanted(session, who)), 409, "already_booked")
    refused(book(who, wanted(full, who)), 409, "session_full")
    refused(book(who, wanted(session, who, session=2**40)), 404, "no_such_session")
    card = {"type": "02", "number": "110101199001010000"}
    refused(book(who, wanted(session, who, insurance_card=card)), 422, "bad_card")
    past = timezone.now() - timedelta(hours=5)
    Session.objects.update(starts_at=past, ends_at=past + timedelta(hours=1))
    refused(book(factories.patient(), wanted(session, who)), 409, "session_over")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"sesion": 1}, ("sesion", "unknown_field")),
        ({"insurance_card": {"type": "02", "number": "x", "pin": 1}}, ("insurance_card.pin", "unknown_field")),
        ({"insurance_card": {"type": "02"}}, ("insurance_card.number", "required")),
        ({"insurance_card": {"type": "99", "number": "x"}}, ("insurance_card.type", "invalid_choice")),
        ({"insurance_card": "02"}, ("insurance_card", "invalid")),
        ({"session": "first"}, ("session", "invalid")),
        ({"session": 2**70}, ("session", "max_value")),
        ({"session": None}, ("session", "null")),
    ],
)
def test_a_wrong_field_of_a_booking_is_named(fields: dict[str, Any], wrong: tuple[str, str]) -> None:
    who = factories.patient()
    assert wrong in wrong_fields(book(who, wanted(factories.session(), who, **fields)))
    assert not Appointment.objects.exists()


def test_what_is_no_json_is_refused() -> None:
    client = doing.speaking_as(factories.patient())
    refused(client.post(APPOINTMENTS, '{"session": ', content_type="application/json"), 400, "malformed")
    refused(client.post(APPOINTMENTS, b"\xff\xfe", content_type="application/json"), 400, "malformed")
    refused(client.post(APPOINTMENTS, "[1]", content_type="application/json"), 422, "invalid")
    form = "application/x-www-form-urlencoded"
    refused(client.post(APPOINTMENTS, "session=1", content_type=form), 415, "unsupported_media_type")
    refused(client.patch(APPOINTMENTS, {}, format="json"), 405, "method_not_allowed")


def test_the_same_key_and_body_are_one_appointment_and_one_answer() -> None:
    who, session = factories.patient(), factories.session()
    answers = [book(who, wanted(session, who), "key-1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert Appointment.objects.count() == 1


def test_the_same_key_for_another_body_is_refused() -> None:
    who = factories.patient()
    book(who, wanted(factories.session(), who), "key-1")
    refused(book(who, wanted(factories.session(), who), "key-1"), 422, "idempotency_key_reused")
    assert Appointment.objects.count() == 1


def test_two_people_may_use_the_same_key() -> None:
    session = factories.session()
    people = [factories.patient() for _ in range(2)]
    ids = {book(who, wanted(session, who), "key-1").json()["id"] for who in people}
    assert len(ids) == 2


@pytest.mark.parametrize("key", ["", "k" * 101])
def test_a_key_has_one_to_a_hundred_characters(key: str) -> None:
    who = factories.patient()
    refused(book(who, wanted(factories.session(), who), key), 422, "idempotency_key_invalid")


def test_a_refused_request_leaves_no_key_behind() -> None:
    who, session = factories.patient(), factories.session(seats=1)
    Session.objects.update(free=0)
    refused(book(who, wanted(session, who), "key-1"), 409, "session_full")
    Session.objects.update(free=1)
    assert book(who, wanted(session, who), "key-1").status_code == 201


def test_the_whole_story_is_told(insurer: Simulator) -> None:
    who = doing.somebody_who_pays_cash()
    settlement = doing.opened(doing.priced(who))
    delivery.send_due()
    story = doing.speaking_as(who).get(f"{APPOINTMENTS}{settlement.appointment_id}/").json()
    assert set(story) == {
        *("id", "state", "session", "created_at", "archive", "notices", "charges", "trials", "settlements"),
    }
    assert set(story["session"]) == SESSION_KEYS
    assert set(story["archive"]) == {"state", "ahead", "number", "told", "rejection"}
    assert (story["archive"]["state"], story["archive"]["told"], story["archive"]["rejection"]) == ("filed", True, None)
    assert [notice["kind"] for notice in story["notices"]] == ["filed", "priced"]
    assert [charge["amount_fen"] for charge in story["charges"]] == [400, 2652]
    assert [trial["state"] for trial in story["trials"]] == ["accepted"]
    assert [one["state"] for one in story["settlements"]] == ["waiting"]


def test_cancelling_answers_with_nothing_and_once() -> None:
    appointment = factories.booked()
    client = doing.speaking_as(appointment.patient)
    answer = client.delete(f"{APPOINTMENTS}{appointment.pk}/")
    assert (answer.status_code, answer.content) == (204, b"")
    refused(client.delete(f"{APPOINTMENTS}{appointment.pk}/"), 409, "not_cancellable")
    assert client.get(f"{APPOINTMENTS}{appointment.pk}/").json()["archive"]["state"] == "cancelled"
