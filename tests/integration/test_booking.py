"""Steps 1 and 2: a seat or a plain no, and with the seat a place in the filing queue."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from hospital.appointments import booking
from hospital.appointments.models import Session
from hospital.errors import Conflict, Invalid, NotFound, Refusal
from hospital.identity import InsuranceCard
from hospital.models import Appointment, Archive, Charge, Journal, Patient
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator


def refused(who: Patient, session_id: int, card: InsuranceCard | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        booking.book(who, session_id, card or factories.own_card(who))
    return caught.value


def free_seats(session: Session) -> int:
    return Session.objects.get(pk=session.pk).free


def journal_of(kind: str, item_id: int) -> list[tuple[str, str]]:
    rows = Journal.objects.filter(kind=kind, item_id=item_id).order_by("pk")
    return list(rows.values_list("from_state", "to_state"))


def test_a_booking_takes_a_seat_and_queues_the_archive() -> None:
    session = factories.session(seats=3)
    appointment = factories.booked(session)
    archive = appointment.archive
    assert (appointment.state, archive.state, free_seats(session)) == ("booked", "queued", 2)
    assert (archive.name, archive.id_number) == (appointment.patient.name, appointment.patient.id_number)
    assert (archive.card_type, archive.card_number) == ("02", appointment.patient.id_number)
    assert journal_of("appointment", appointment.pk) == [("", "booked")]
    assert journal_of("archive", archive.pk) == [("", "queued")]


def test_the_charges_come_from_the_price_list_rounded_half_up() -> None:
    appointment = factories.booked(factories.session(prices=("0.005", "0.004999", "26.52")))
    charges = appointment.charges.order_by("pk")
    assert [charge.amount_fen for charge in charges] == [1, 0, 2652]
    assert [charge.name for charge in charges] == ["item 0", "item 1", "item 2"]


def test_a_failure_in_the_middle_leaves_nothing(settings: LazySettings) -> None:
    session = factories.session(seats=3)
    who = factories.patient()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hospital_archive ADD CONSTRAINT never CHECK (id < 0) NOT VALID")
    with pytest.raises(Exception, match="never"):
        booking.book(who, session.pk, factories.own_card(who))
    assert free_seats(session) == 3
    assert not Appointment.objects.exists() and not Charge.objects.exists() and not Archive.objects.exists()
    assert not Journal.objects.exists()


def test_the_last_seat_is_the_last() -> None:
    session = factories.session(seats=1)
    factories.booked(session)
    assert refused(factories.patient(), session.pk).code == "session_full"
    assert (free_seats(session), Appointment.objects.count()) == (0, 1)


def test_a_session_that_is_over_is_not_booked() -> None:
    session = factories.session()
    past = timezone.now() - timedelta(hours=5)
    Session.objects.filter(pk=session.pk).update(starts_at=past, ends_at=past + timedelta(hours=4))
    error = refused(factories.patient(), session.pk)
    assert (type(error), error.code, free_seats(session)) == (Conflict, "session_over", 50)


def test_a_session_that_is_not_there() -> None:
    error = refused(factories.patient(), 2**62)
    assert (type(error), error.code) == (NotFound, "no_such_session")


def test_one_patient_has_one_seat_in_a_session() -> None:
    session, who = factories.session(), factories.patient()
    factories.booked(session, who)
    assert refused(who, session.pk).code == "already_booked"
    assert (free_seats(session), Archive.objects.count()) == (49, 1)


def test_another_session_may_be_booked_beside_it() -> None:
    who = factories.patient()
    factories.booked(who=who)
    factories.booked(who=who)
    assert Appointment.objects.filter(patient=who, state="booked").count() == 2


def test_after_cancelling_it_is_booked_again() -> None:
    session, who = factories.session(seats=1), factories.patient()
    booking.cancel(factories.booked(session, who))
    again = factories.booked(session, who)
    assert (again.state, free_seats(session)) == ("booked", 0)


@pytest.mark.parametrize(
    ("kind", "number"),
    [("02", "110101199001010000"), ("02", ""), ("01", "é12345"), ("03", "12-34"), ("99", "12345678")],
)
def test_a_card_that_cannot_exist_is_refused_before_anything_is_taken(kind: str, number: str) -> None:
    session = factories.session()
    error = refused(factories.patient(), session.pk, InsuranceCard(kind, number))
    assert (type(error), error.code, free_seats(session)) == (Invalid, "bad_card", 50)


def test_a_cancelled_booking_gives_back_the_seat_and_the_place() -> None:
    session = factories.session(seats=2)
    appointment = factories.booked(session)
    booking.cancel(appointment)
    appointment.archive.refresh_from_db()
    assert (appointment.state, appointment.archive.state, free_seats(session)) == ("cancelled", "cancelled", 2)
    assert journal_of("archive", appointment.archive.pk) == [("", "queued"), ("queued", "cancelled")]


def test_a_filed_archive_stays_filed_when_the_booking_goes() -> None:
    appointment = factories.told()[0]
    booking.cancel(appointment)
    assert Archive.objects.get(appointment=appointment).state == "filed"


def test_a_cancelled_booking_leaves_the_line(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    booking.cancel(trial.appointment)
    assert doing.state_of(trial) == "cancelled"


def test_nothing_is_cancelled_twice() -> None:
    session = factories.session(seats=2)
    appointment = factories.booked(session)
    as_another_request_read_it = Appointment.objects.get(pk=appointment.pk)
    booking.cancel(appointment)
    for again in (appointment, as_another_request_read_it):
        with pytest.raises(Conflict) as caught:
            booking.cancel(again)
        assert caught.value.code == "not_cancellable"
    assert free_seats(session) == 2


def test_nothing_is_cancelled_while_money_moves(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    doing.opened(trial)
    appointment = Appointment.objects.get(pk=trial.appointment_id)
    with pytest.raises(Conflict) as caught:
        booking.cancel(appointment)
    assert caught.value.code == "already_settling"
    assert Appointment.objects.get(pk=appointment.pk).state == "booked"
    assert Session.objects.get(pk=appointment.session_id).free == 49
