"""A patient is erased and books at the same time: one of the two waits for the other, and only one is done."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from django.conf import LazySettings
from django.db import connections, transaction

from hospital.erasure import decisions
from hospital.errors import Conflict
from hospital.models import Appointment, Archive, Erasure, Patient, Session
from tests import factories
from tests.integration.brought import somebody
from tests.races.test_day_close import waits_for_a_lock
from tests.races.together import at_once, codes, good, wait_until

WHY = "asked for in a letter"
ROUNDS = 20

stands_there, goes_on = threading.Event(), threading.Event()


def stand_still(appointments: Sequence[Appointment]) -> None:
    """In the middle of a transaction. As a hook of an erasure: what stands against it is known, nothing forgotten."""
    stands_there.set()
    assert goes_on.wait(timeout=20)


@pytest.fixture
def pausing(settings: LazySettings) -> Iterator[None]:
    """The next erasure stands still in its middle until `goes_on`."""
    for event in (stands_there, goes_on):
        event.clear()
    path = f"{stand_still.__module__}.{stand_still.__name__}"
    settings.HOSPITAL_HOOKS = {**settings.HOSPITAL_HOOKS, "erasing": [path, *settings.HOSPITAL_HOOKS["erasing"]]}
    yield
    goes_on.set()


@contextmanager
def beside(act: Callable[[], object]) -> Iterator[list[object]]:
    """`act` in a thread of its own; what it returned or raised, once it has ended."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(act())
        except Exception as error:  # noqa: BLE001  what went wrong is a result too
            outcome.append(error)
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield outcome
    finally:
        goes_on.set()
        thread.join(timeout=20)


def erasing(patient: Patient) -> Callable[[], Erasure]:
    asked = decisions.propose(patient, who=somebody("registrar"), why=WHY)
    return partial(decisions.approve, asked, who=somebody("supervisor"))


def is_erased(patient: Patient) -> bool:
    return not Patient.objects.get(pk=patient.pk).id_number


def lives(patient: Patient) -> bool:
    """Whether an appointment of this patient is to be gone to, with the person's data in its archive."""
    return Appointment.objects.filter(patient=patient, state="booked").exists()


@pytest.mark.usefixtures("pausing")
def test_whoever_is_being_erased_books_no_more() -> None:
    patient, session = factories.patient(), factories.session(seats=9)
    with beside(erasing(patient)) as erased:
        assert stands_there.wait(timeout=20)
        with beside(partial(factories.booked, session, patient)) as booked:
            wait_until(waits_for_a_lock)
            assert booked == [], "it waits for the erasure"
            goes_on.set()
    assert isinstance(erased[0], Erasure) and isinstance(booked[0], Conflict)
    assert is_erased(patient) and not lives(patient) and not Archive.objects.exists()
    assert Session.objects.get(pk=session.pk).free == 9


@pytest.mark.usefixtures("pausing")
def test_without_the_lock_whoever_is_erased_has_an_appointment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the patient's row is read, and not held."""
    monkeypatch.setattr(decisions, "_locked", lambda pk: Patient.objects.select_related("user").get(pk=pk))
    patient, session = factories.patient(), factories.session(seats=9)
    with beside(erasing(patient)) as erased:
        assert stands_there.wait(timeout=20)
        with beside(partial(factories.booked, session, patient)) as booked:
            wait_until(lambda: booked != [])
            goes_on.set()
    assert isinstance(booked[0], Appointment) and isinstance(erased[0], Erasure)
    assert is_erased(patient) and lives(patient), "a seat is held for nobody"


def test_a_booking_that_was_first_stands_against_it() -> None:
    patient, session = factories.patient(), factories.session(seats=9)
    approve = erasing(patient)
    for event in (stands_there, goes_on):
        event.clear()

    def book_slowly() -> None:
        with transaction.atomic():
            factories.booked(session, patient)
            stand_still(())

    with beside(book_slowly):
        assert stands_there.wait(timeout=20)
        with beside(approve) as erased:
            wait_until(waits_for_a_lock)
            assert erased == [], "it waits for the booking"
            goes_on.set()
    assert codes(erased) == ["in_hand"]
    assert lives(patient) and not is_erased(patient) and Archive.objects.get().id_number


def test_at_the_same_instant_only_one_of_the_two_is_done() -> None:
    """Whoever wins."""
    session = factories.session(seats=ROUNDS)
    for _ in range(ROUNDS):
        patient = factories.patient()
        outcomes = at_once([erasing(patient), partial(factories.booked, session, patient)])
        assert len(good(outcomes)) == 1, outcomes
        assert is_erased(patient) != lives(patient)


def test_ten_who_approve_at_once_erase_once() -> None:
    patient = factories.patient()
    outcomes = at_once([erasing(patient)] * 10)
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["already_decided"] * 9
    assert is_erased(patient)


def test_two_proposals_at_once_are_one() -> None:
    patient, registrar = factories.patient(), somebody("registrar")
    outcomes = at_once([partial(decisions.propose, patient, who=registrar, why=WHY)] * 10)
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["already_proposed"] * 9
    assert Erasure.objects.count() == 1
