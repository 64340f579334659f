"""Thousands who wait look again and again: seldom while it is long, and together they cost one reading a second."""

import threading
from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from hospital.models import Appointment
from insurance.models import Permit, Trial
from insurance.quota import insurers
from insurance.trial import admission, line, outlook
from tests import factories
from tests.integration import doing


@pytest.fixture
def waiting() -> Appointment:
    """Somebody who waits behind permits that are all away."""
    while doing.answered_now():
        pass
    (appointment,) = factories.told()
    admission.enter(appointment)
    return appointment


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read is good for the whole test, and nothing was read before."""
    monkeypatch.setattr(outlook, "KEPT_SECONDS", 60.0)
    monkeypatch.setattr(outlook, "_kept", {})


@pytest.mark.parametrize(("wait_seconds", "poll"), [(0, 1), (3, 2), (60, 40), (240, 160), (1_200, 180), (1e9, 180)])
def test_the_longer_the_wait_the_later_the_next_look(wait_seconds: float, poll: int) -> None:
    assert line._place(1, wait_seconds, "").poll_after_seconds == poll


@pytest.mark.usefixtures("kept")
def test_whoever_looks_within_the_second_shares_a_reading(
    waiting: Appointment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    trial = waiting.trials.get()
    line.place_of(trial, outlook.lately())
    with django_assert_num_queries(1):
        shared = line.place_of(trial, outlook.lately())
    own = line.place_of(trial)
    assert (shared.ahead, shared.poll_after_seconds) == (own.ahead, own.poll_after_seconds)
    assert abs(shared.eta_seconds - own.eta_seconds) <= 1 < own.eta_seconds


@pytest.mark.usefixtures("kept")
def test_a_shared_reading_grows_old_with_the_clock(waiting: Appointment) -> None:
    there = outlook.lately()
    fresh = there.expected_free(0)[0]
    older = outlook.Outlook(there.insurer, there.quota, there.read_at - 10)
    assert fresh - older.expected_free(0)[0] == pytest.approx(10, abs=0.5)


def test_without_it_everybody_reads_anew(waiting: Appointment) -> None:
    """Negative control: what the tests around this one count on."""
    before = outlook.lately().expected_free(0)[0]
    Permit.objects.update(free_at=F("free_at") + timedelta(seconds=30))
    assert outlook.lately().expected_free(0)[0] - before == pytest.approx(30, abs=1)


@pytest.mark.usefixtures("kept")
def test_while_one_reads_the_others_are_told_by_what_was_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = outlook.lately()
    monkeypatch.setattr(outlook, "KEPT_SECONDS", 0.0)
    told: list[outlook.Outlook] = []
    with outlook._reading:
        other = threading.Thread(target=lambda: told.append(outlook.lately()))
        other.start()
        other.join(5)
    assert told == [earlier]


@pytest.mark.usefixtures("kept")
def test_a_line_that_is_younger_than_the_reading_is_told_by_its_own_number(waiting: Appointment) -> None:
    there = outlook.Outlook(insurers.default(), None)
    assert len(there.standings) == 1
    department = waiting.session.doctor.department
    Trial.objects.update(line=insurers.default().lines.create(department=department, weight=1))
    assert line.place_of(Trial.objects.get(), there).ahead == 0
