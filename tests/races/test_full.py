"""A session that everybody wants: known to be full, and open again the moment a seat comes back."""

from functools import partial

import pytest

from hospital.appointments import booking, full
from hospital.errors import Conflict
from hospital.models import Appointment, Session
from hospital.states import AppointmentState
from tests import factories
from tests.races.together import at_once, codes, good


@pytest.fixture
def session() -> Session:
    """Ten seats, all taken, and known to be."""
    session = factories.session(seats=10)
    for _ in range(10):
        factories.booked(session)
    for _ in range(2):  # the first finds out, the second under a stamp
        assert _code(session) == "session_full"
    assert full.look(session.pk).full
    return session


def test_known_to_be_full_the_hot_row_is_not_asked(session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(free=1)  # behind our back: nobody looks
    assert _code(session) == "session_full"
    Session.objects.filter(pk=session.pk).update(free=0)


def test_a_seat_that_comes_back_is_booked_at_once(session: Session) -> None:
    booking.cancel(Appointment.objects.order_by("pk")[0])
    assert not full.look(session.pk).full
    assert factories.booked(session).state == AppointmentState.BOOKED
    assert _code(session) == "session_full"


def test_without_the_stamp_a_seat_that_came_back_stays_empty(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: it is the stamp that voids the mark."""
    monkeypatch.setattr(full, "seat_came_back", lambda session_id: None)
    booking.cancel(Appointment.objects.order_by("pk")[0])
    assert _code(session) == "session_full"


def test_seats_come_back_amid_a_crowd_and_none_is_sold_twice_or_left(session: Session) -> None:
    seats = list(Appointment.objects.all())
    crowd = [factories.patient() for _ in range(30)]
    acts = [partial(booking.cancel, seat) for seat in seats]
    acts += [partial(factories.booked, session, one) for one in crowd]  # type: ignore[list-item]
    outcomes = at_once(acts, threads=12)
    assert set(codes(outcomes)) <= {"session_full"}
    booked = Appointment.objects.filter(session=session, state=AppointmentState.BOOKED).count()
    session.refresh_from_db()
    assert booked + session.free == 10 and len(good(outcomes)) == 10 + booked
    for _ in range(session.free):
        factories.booked(session)
    assert _code(session) == "session_full"


def _code(session: Session) -> str:
    try:
        factories.booked(session)
    except Conflict as error:
        return error.code
    return ""
