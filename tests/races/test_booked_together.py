"""Rounds of the front door against each other and against the long way: seats, order, keys."""

import json
import random
from collections import Counter
from functools import partial
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application
from django.db.models import F
from rest_framework_simplejwt.tokens import AccessToken

from config.door import app, bookings
from hospital import idempotency
from hospital.appointments import booking, full, seats
from hospital.archives import entry
from hospital.models import Appointment, Archive, IdempotentRequest, Journal, Patient, Session
from hospital.states import AppointmentState, ArchiveState
from tests import factories
from tests.races.held import held_elsewhere
from tests.races.together import at_once, codes, good

ROUNDS, IN_A_ROUND = 12, 25
ASKERS = entry.ASKERS.format(held="")

Door = app.Door


@pytest.fixture(autouse=True)
def _own_counters(settings: LazySettings) -> None:
    """Everybody comes from one address."""
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


def wishes(patients: list[Patient], sessions: list[Session]) -> list[seats.Wish]:
    """A round: everybody for one of the sessions."""
    return [
        booking.wish_for(one.pk, one.id_number, random.choice(sessions).pk, factories.own_card(one)) for one in patients
    ]


def test_rounds_at_once_sell_every_seat_and_none_twice() -> None:
    hot, cool = factories.session(seats=60), factories.session(seats=40)
    crowd = [[factories.patient() for _ in range(IN_A_ROUND)] for _ in range(ROUNDS)]
    rounds = [wishes(patients, [hot, hot, cool]) for patients in crowd]
    outcomes = at_once([partial(seats.take, one) for one in rounds], threads=ROUNDS)
    assert not codes(outcomes)
    given = Counter(
        wish.session_id
        for wished, told in zip(rounds, outcomes, strict=True)
        for wish, seat in zip(wished, told, strict=True)  # type: ignore[arg-type]
        if seat is not None
    )
    for session in (hot, cool):
        session.refresh_from_db()
        booked = Appointment.objects.filter(session=session, state=AppointmentState.BOOKED).count()
        wanted = sum(wish.session_id == session.pk for one in rounds for wish in one)
        assert booked == given[session.pk] == session.capacity - session.free == min(wanted, session.capacity)
    assert Archive.objects.filter(state=ArchiveState.QUEUED).count() == Appointment.objects.count()
    assert Journal.objects.count() == 2 * Appointment.objects.count()


def test_without_the_lock_before_the_count_seats_are_sold_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: counted by what the statement saw when it began, and taken from what there is later."""
    loose = seats._TAKE.replace("ORDER BY id FOR NO KEY UPDATE", "ORDER BY id")
    loose = loose.replace("hospital_session.free - gone.seats", "greatest(hospital_session.free - gone.seats, 0)")
    monkeypatch.setattr(seats, "_take", seats.Prepared("take_loosely", seats._take.types, loose.format(askers=ASKERS)))
    for _ in range(10):
        session = factories.session(seats=30)
        crowd = [wishes([factories.patient() for _ in range(IN_A_ROUND)], [session]) for _ in range(ROUNDS)]
        at_once([partial(seats.take, one) for one in crowd], threads=ROUNDS)
        if Appointment.objects.filter(session=session).count() > 30:
            return
    pytest.fail("never sold twice: the test above shows nothing")


def test_rounds_with_the_same_patients_give_one_seat_each() -> None:
    session = factories.session(seats=100)
    crowd = [factories.patient() for _ in range(20)]
    outcomes = at_once([partial(bookings.answer_all, [asked(one, session) for one in crowd])] * 4, threads=4)
    assert not codes(outcomes)
    assert sum(isinstance(one, Appointment) for told in good(outcomes) for one in told) == 20
    assert len(good(outcomes)) == 4
    session.refresh_from_db()
    assert session.free == 80 and Appointment.objects.count() == 20


def test_the_first_of_a_round_have_the_seats() -> None:
    session = factories.session(seats=5)
    crowd = [factories.patient() for _ in range(12)]
    told = bookings.answer_all([asked(one, session) for one in crowd])
    assert [isinstance(one, Appointment) for one in told] == [True] * 5 + [False] * 7
    assert [one.code for one in told[5:]] == ["session_full"] * 7  # type: ignore[union-attr]
    ids = [one.pk for one in told[:5]]  # type: ignore[union-attr]
    assert ids == sorted(ids) and [one.archive.ahead_when_queued for one in told[:5]] == list(range(5))  # type: ignore[union-attr]
    archives = Archive.objects.order_by("pk").values_list("appointment__patient", flat=True)
    assert list(archives) == [one.pk for one in crowd[:5]]
    assert bookings.answer_all([asked(crowd[7], session)])[0] is not None and full.look(session.pk).full


def test_one_key_at_the_door_and_by_the_long_way_at_once_is_one_answer() -> None:
    """Eighty in two processes' doors, half of them not plain: for each of the four patients one seat, one answer."""
    session = factories.session(seats=50)
    doors = [Door(get_wsgi_application()) for _ in range(2)]
    crowd = [factories.patient() for _ in range(4)]
    acts = [
        partial(over_the_door, doors[turn % 2], one, session, f"key of {one.pk}", plain=turn % 3 > 0)
        for turn in range(20)
        for one in crowd
    ]
    answers = good(at_once(acts, threads=16))
    assert len(answers) == 80 and {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == Appointment.objects.count() == 4
    assert IdempotentRequest.objects.count() == 4
    session.refresh_from_db()
    assert session.free == 46


def test_one_key_for_two_sessions_at_two_doors_books_one_of_them() -> None:
    """Forty times: whoever claims the key second takes nothing."""
    sessions = [factories.session(seats=100), factories.session(seats=100)]
    crowd = [factories.patient() for _ in range(40)]
    rounds = [[asked(one, session, f"key of {one.pk}") for one in crowd] for session in sessions]
    outcomes = at_once([partial(bookings.answer_all, one) for one in rounds], threads=2)
    assert not codes(outcomes)
    assert Appointment.objects.count() == IdempotentRequest.objects.count() == 40
    assert len(set(Appointment.objects.values_list("patient", flat=True))) == 40


def test_without_the_claim_it_books_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(idempotency, "claim", lambda requests, **_: set(requests))
    sessions, who = [factories.session(), factories.session()], factories.patient()
    acts = [partial(bookings.answer_all, [asked(who, session, "one key")]) for session in sessions]
    assert not codes(at_once(acts, threads=2)) and Appointment.objects.count() == 2


def test_a_patient_who_is_held_by_another_transaction_is_in_nobodys_way() -> None:
    """As one who is being erased: the others have their seats at once, that one goes the long way and waits."""
    session, held = factories.session(), factories.patient()
    crowd = [factories.patient(), held, factories.patient()]
    with held_elsewhere(Patient, held.pk):
        told = bookings.answer_all([asked(one, session) for one in crowd])
    assert [isinstance(one, Appointment) for one in told] == [True, False, True] and told[1] is None


def test_a_session_that_is_held_sends_a_round_the_long_way_and_no_more() -> None:
    """Within a second or so, and not for as long as it is held: the next round books another session."""
    held, other = factories.session(), factories.session()
    crowd = [factories.patient() for _ in range(3)]
    with held_elsewhere(Session, held.pk):
        assert bookings.answer_all([asked(one, held) for one in crowd]) == [None] * 3
        assert all(isinstance(one, Appointment) for one in bookings.answer_all([asked(one, other) for one in crowd]))
    assert all(isinstance(one, Appointment) for one in bookings.answer_all([asked(one, held) for one in crowd]))


def test_a_crowd_at_two_doors_and_the_long_way_fills_the_session_and_no_more() -> None:
    session = factories.session(seats=40)
    doors = [Door(get_wsgi_application()) for _ in range(2)]
    crowd = [factories.patient() for _ in range(120)]
    acts = [
        partial(over_the_door, doors[place % 2], one, session, None, plain=place % 5 > 0)
        for place, one in enumerate(crowd)
    ]
    answers = good(at_once(acts, threads=24))
    assert Counter(status for status, _ in answers) == {201: 40, 409: 80}
    assert {body["code"] for status, body in answers if status == 409} == {"session_full"}
    session.refresh_from_db()
    assert session.free == 0 and Appointment.objects.count() == 40


def test_a_seat_that_comes_back_is_given_at_the_door() -> None:
    session = factories.session(seats=1)
    first, second, third = (factories.patient() for _ in range(3))
    taken = bookings.answer_all([asked(first, session)])[0]
    assert isinstance(taken, Appointment)
    for _ in range(2):
        assert getattr(bookings.answer_all([asked(second, session)])[0], "code", "") == "session_full"
    Session.objects.filter(pk=session.pk).update(free=F("free") + 1)
    Appointment.objects.filter(pk=taken.pk).update(state=AppointmentState.CANCELLED)
    full.seat_came_back(session.pk)
    assert isinstance(bookings.answer_all([asked(third, session)])[0], Appointment)


def asked(who: Patient, session: Session, key: str | None = None) -> bookings.Asked:
    found = bookings.read(environ(who, session, key, plain=True))
    assert found is not None
    return found


def environ(who: Patient, session: Session, key: str | None, *, plain: bool) -> dict[str, Any]:
    """Not plain: with a query."""
    body = {"session": session.pk, "insurance_card": {"type": "02", "number": who.id_number}}
    raw = json.dumps(body).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": bookings.PATH,
        "QUERY_STRING": "" if plain else "a=b",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {AccessToken.for_user(who.user)}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(raw),
        **({"HTTP_IDEMPOTENCY_KEY": key} if key else {}),
    }


def over_the_door(door: Door, who: Patient, session: Session, key: str | None, *, plain: bool) -> tuple[int, Any]:
    told: list[Any] = []
    body = b"".join(door(environ(who, session, key, plain=plain), lambda *answer: told.append(answer)))
    return int(told[0][0][:3]), json.loads(body)
