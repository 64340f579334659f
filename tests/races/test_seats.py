"""Two hundred patients, fifty seats."""

import threading
from functools import partial
from typing import Any

from django.db.models import F
from rest_framework.test import APIClient

from hospital.appointments import booking, full
from hospital.errors import Conflict
from hospital.models import Appointment, Archive, Patient, Session
from hospital.states import AppointmentState, ArchiveState
from tests import factories
from tests.races.together import at_once, codes, good


def test_fifty_seats_are_given_to_fifty_of_two_hundred() -> None:
    session = factories.session(seats=50)
    patients = [factories.patient() for _ in range(200)]
    outcomes = at_once([partial(factories.booked, session, patient) for patient in patients])
    assert len(good(outcomes)) == 50
    assert codes(outcomes) == ["session_full"] * 150
    session.refresh_from_db()
    assert session.free == 0
    assert Archive.objects.filter(state=ArchiveState.QUEUED).count() == 50


def test_without_the_guard_one_seat_is_sold_many_times() -> None:
    """Negative control: read, then write."""
    session = factories.session(seats=1)
    everybody_has_read = threading.Barrier(10)

    def read_then_write(patient: Patient) -> Appointment:
        row = Session.objects.get(pk=session.pk)
        everybody_has_read.wait(timeout=10)
        if row.free == 0:
            raise Conflict("session_full", "full")
        row.free -= 1
        row.save()
        return Appointment.objects.create(patient=patient, session=row)

    outcomes = at_once([partial(read_then_write, factories.patient()) for _ in range(10)])
    assert len(good(outcomes)) == 10


def test_a_patient_who_books_twenty_times_at_once_has_one_seat() -> None:
    session, patient = factories.session(seats=50), factories.patient()
    outcomes = at_once([partial(factories.booked, session, patient)] * 20)
    assert len(good(outcomes)) == 1
    assert codes(outcomes) == ["already_booked"] * 19
    session.refresh_from_db()
    assert session.free == 49


def test_one_idempotency_key_twenty_times_at_once_is_one_appointment_and_one_answer() -> None:
    session, patient = factories.session(seats=50), factories.patient()
    answers = good(at_once([partial(_book_over_http, patient, session.pk, "the same key")] * 20))
    assert [status for status, _ in answers] == [201] * 20
    assert {answer["id"] for _, answer in answers} == {Appointment.objects.get().pk}


def test_without_a_key_the_other_nineteen_are_told_no() -> None:
    """Negative control: it is the key that makes the twenty answers one."""
    session, patient = factories.session(seats=50), factories.patient()
    answers = good(at_once([partial(_book_over_http, patient, session.pk, None)] * 20))
    assert sorted(status for status, _ in answers) == [201] + [409] * 19


def test_a_seat_that_is_cancelled_ten_times_at_once_comes_back_once() -> None:
    appointment = factories.booked(factories.session(seats=3))
    outcomes = at_once([lambda: booking.cancel(Appointment.objects.get(pk=appointment.pk))] * 10)
    assert len(good(outcomes)) == 1
    assert codes(outcomes) == ["not_cancellable"] * 9
    assert Session.objects.get().free == 3


def test_cancelling_and_booking_again_at_once_stand_in_nobodys_way() -> None:
    """Each holds what the other wants, the seat and the patient's place in the session: taken in one order."""
    session = factories.session(seats=20)
    appointments = [factories.booked(session) for _ in range(20)]
    Session.objects.update(capacity=F("capacity") + 20, free=20)
    outcomes = at_once(
        [
            act
            for appointment in appointments
            for act in (
                partial(booking.cancel, appointment),
                partial(factories.booked, session, appointment.patient),
            )
        ]
    )
    assert set(codes(outcomes)) <= {"already_booked"}
    session.refresh_from_db()
    assert session.capacity - session.free == Appointment.objects.filter(state=AppointmentState.BOOKED).count()


def test_what_is_against_it_no_more_is_not_called_full() -> None:
    """Between the statement and the question why, the patient's own booking was cancelled."""
    session = factories.session(seats=2)
    appointment = factories.booked(session)
    seen = full.look(session.pk)
    against = booking._why_not(appointment.patient, session.pk, seen)
    assert against is not None and against.code == "already_booked"
    booking.cancel(appointment)
    assert booking._why_not(appointment.patient, session.pk, seen) is None
    assert factories.booked(session, appointment.patient).state == AppointmentState.BOOKED


def _book_over_http(patient: Patient, session_id: int, key: str | None) -> tuple[int, dict[str, Any]]:
    api = APIClient()
    api.force_authenticate(patient.user)
    wanted = {"session": session_id, "insurance_card": {"type": "02", "number": patient.id_number}}
    headers = {"Idempotency-Key": key} if key else {}
    answer = api.post("/api/v1/appointments/", wanted, format="json", headers=headers)
    return answer.status_code, answer.json()
