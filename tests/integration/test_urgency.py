"""Urgent cases: staff put a patient first, at the desk or over HTTP; nobody else may, and it is written down why."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from hospital.appointments import booking
from hospital.errors import Conflict, Invalid, Refusal
from hospital.models import Appointment, Change
from hospital.stateful import Journal
from insurance.models import Trial
from insurance.quota import insurers
from insurance.trial import admission, line, places, turns, urgency
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused, wrong_fields
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")


def waiting(count: int) -> list[Trial]:
    return [admission.enter(appointment) for appointment in factories.told(count)]


def expedite(trial: Trial, why: str = "chest pain") -> Trial:
    return urgency.expedite(trial, who="a test", why=why)


def refusal(trial: Trial, kind: type[Refusal], why: str = "chest pain") -> str:
    with pytest.raises(kind) as caught:
        expedite(trial, why)
    assert not Change.objects.exclude(who_name="a test", why="chest pain").exists()
    return caught.value.code


def ask(client: APIClient, appointment: Appointment, body: Any) -> Any:
    return client.post(f"{doing.API}/appointments/{appointment.pk}/trials/", body, format="json")


def by_staff(appointment: Appointment, body: Any) -> Any:
    return ask(doing.speaking_as_staff(), appointment, body)


URGENT = {"urgent": True, "why": "chest pain"}


def test_who_is_put_first_stands_at_the_end_of_the_urgent_line() -> None:
    first, second, third, fourth = waiting(4)
    expedite(fourth)
    expedite(third)
    for trial in (first, second, third, fourth):
        trial.refresh_from_db()
    assert [line.ahead_of(trial, insurers.default()) for trial in (fourth, third, first, second)] == [0, 1, 2, 3]
    assert (third.number, places.ahead(first.line_id or 0, 3)) == (2, 2)


def test_neither_its_state_nor_its_history_changes() -> None:
    trial = waiting(2)[1]
    trial.refresh_from_db()
    kept = ("state", "attempt", "created_at", "predicted_seconds", "held_back", "due_at")
    before, moves = [getattr(trial, name) for name in kept], Journal.objects.count()
    expedite(trial)
    trial.refresh_from_db()
    assert [getattr(trial, name) for name in kept] == before
    assert Journal.objects.count() == moves


def test_it_is_written_down() -> None:
    trial = expedite(waiting(1)[0])
    told = Change.objects.values_list("subject", "field", "before", "after", "who_name", "why")
    assert list(told) == [(f"trial {trial.pk}", "urgent", "no", "yes", "a test", "chest pain")]


def test_who_is_put_first_is_served_first_and_from_there_goes_back_to_there(insurer: Simulator) -> None:
    first, second = waiting(2)
    expedite(second)
    insurer.faults({"infno": "2206A", "kind": "lose", "times": 1})
    assert turns.take_one()
    second.refresh_from_db()
    assert (second.state, second.silences, line.ahead_of(second, insurers.default())) == ("waiting", 1, 0)
    doing.now_due(second)
    assert turns.take_one()
    assert [doing.state_of(trial) for trial in (second, first)] == ["priced", "waiting"]


def test_only_who_waits_in_another_line_is_put_first() -> None:
    calling, gone, urgent = waiting(3)
    line.claim_next(insurers.default(), lease_seconds=60)
    booking.cancel(gone.appointment)
    expedite(urgent)
    assert refusal(calling, Conflict) == refusal(gone, Conflict) == "not_waiting"
    assert refusal(urgent, Conflict) == "already_urgent"


@pytest.mark.parametrize("why", ["", "  "])
def test_without_a_reason_nobody_is_put_first(why: str) -> None:
    (trial,) = waiting(1)
    assert refusal(trial, Invalid, why) == "no_reason"
    trial.refresh_from_db()
    assert trial.line is not None and not trial.line.urgent and line.waiting() == 1


def test_over_http_staff_give_a_new_patient_an_urgent_place() -> None:
    waiting(3)
    answer = by_staff(factories.told()[0], URGENT)
    assert (answer.status_code, answer.json()["ahead"]) == (202, 0)
    change = Change.objects.get()
    assert (change.subject, change.why) == (f"trial {answer.json()['id']}", "chest pain")
    assert change.who is not None and change.who_name.startswith("desk")


def test_over_http_staff_put_one_first_who_waits_and_asked_again_nothing_changes() -> None:
    waiting(3)
    (trial,) = waiting(1)
    for _ in range(2):
        answer = by_staff(trial.appointment, URGENT)
        assert (answer.status_code, answer.json()["id"], answer.json()["ahead"]) == (202, trial.pk, 0)
    assert Change.objects.count() == 1


def test_an_urgent_place_is_given_although_the_line_is_full(settings: Any) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE, settings.TRIAL_LINE_MINUTES = 1, 0
    assert doing.answered_now()
    appointment = factories.told()[0]
    refused(by_staff(appointment, {}), 429, "line_full")
    assert by_staff(appointment, URGENT).status_code == 202


def test_who_has_a_bill_keeps_it(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    answer = by_staff(trial.appointment, URGENT)
    assert (answer.status_code, answer.json()["state"]) == (202, "priced")
    assert not Change.objects.exists()


def test_a_patient_may_not_put_himself_first() -> None:
    appointment = factories.told()[0]
    patient = doing.speaking_as(appointment.patient)
    refused(ask(patient, appointment, URGENT), 403, "staff_only")
    assert not Trial.objects.exists() and not Change.objects.exists()
    for body in ({}, {"urgent": False}):
        assert ask(patient, appointment, body).status_code == 202


def test_who_is_not_told_yet_is_not_put_first_either() -> None:
    refused(by_staff(factories.booked(), URGENT), 409, "not_told_yet")
    assert not Change.objects.exists()


@pytest.mark.parametrize("body", [{"urgent": True}, {"urgent": True, "why": "  "}])
def test_over_http_an_urgent_case_needs_a_reason(body: dict[str, Any]) -> None:
    refused(by_staff(factories.told()[0], body), 422, "no_reason")
    assert not Trial.objects.exists()


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"urgnt": True}, ("urgnt", "unknown_field")),
        ({"urgent": "perhaps"}, ("urgent", "invalid")),
        ({"urgent": True, "why": "x" * 301}, ("why", "max_length")),
        ([], ("", "invalid")),
    ],
)
def test_a_body_that_is_not_understood_is_refused(body: Any, wrong: tuple[str, str]) -> None:
    assert wrong_fields(by_staff(factories.told()[0], body)) == {wrong}
    assert not Trial.objects.exists()
