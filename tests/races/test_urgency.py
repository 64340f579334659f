"""Urgent cases against turns and cancellations: nobody waits in a circle, each is served once, counts stay exact."""

import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from hospital.appointments import booking
from hospital.models import Change
from hospital.stateful import Journal
from insurance.models import Trial
from insurance.quota import insurers
from insurance.states import TrialState
from insurance.trial import admission, line, places, urgency
from insurance.trial.models import Line
from tests.races import crowd
from tests.races.test_tuning import somebody_waits
from tests.races.together import at_once, codes, good, wait_until

PATIENTS = 60


@pytest.fixture(params=["urgent line first", "urgent line last"])
def trials(request: pytest.FixtureRequest) -> list[Trial]:
    """Those who wait in the common line; lines are locked in the order of their ids, and either may be the first."""
    common_or_urgent = request.param == "urgent line first"
    for urgent in (common_or_urgent, not common_or_urgent):
        line.line_of(insurers.default(), urgent=urgent)
    return in_line(PATIENTS)


def in_line(count: int) -> list[Trial]:
    common = line.line_of(insurers.default())
    return [admission._take_place(each, common, held_back=False) for each in crowd.told(count)]


def claim() -> int | None:
    trial = line.claim_next(insurers.default(), lease_seconds=60)
    return trial.pk if trial else None


def expedite(trial: Trial) -> None:
    urgency.expedite(trial, who="a test", why="chest pain")


def cancel(trial: Trial) -> None:
    booking.cancel(trial.appointment)


def test_with_turns_and_cancellations_at_once_each_has_one_end_and_counts_are_exact(trials: list[Trial]) -> None:
    acts: list[Callable[[], Any]] = [claim] * 25
    acts += [partial(expedite, trial) for trial in trials[::2]] + [partial(expedite, trial) for trial in trials[::6]]
    acts += [partial(cancel, trial) for trial in trials[::3]]
    random.Random(1).shuffle(acts)
    outcomes = at_once(acts, threads=20)
    assert set(codes(outcomes)) <= {"not_waiting", "already_urgent"}
    served = [pk for pk in good(outcomes) if pk is not None]
    assert len(set(served)) == len(served)
    counts_are_exact()
    assert Change.objects.count() == Line.objects.get(urgent=True).joined > 0
    served += [pk for pk in iter(claim, None) if pk is not None]
    assert len(set(served)) == len(served)
    counts_are_exact()
    every_end_is_one(served)


def every_end_is_one(served: list[int]) -> None:
    """Whoever was not cancelled was served, once."""
    calling = Trial.objects.filter(state=TrialState.CALLING)
    claimed = Journal.objects.filter(kind="trial", to_state=TrialState.CALLING)
    assert sorted(claimed.values_list("item_id", flat=True)) == sorted(served)
    assert set(calling.values_list("pk", flat=True)) <= set(served)
    assert set(Trial.objects.values_list("state", flat=True)) <= {TrialState.CALLING, TrialState.CANCELLED}
    assert Trial.objects.filter(state=TrialState.CANCELLED, attempt=0).count() == PATIENTS - len(served)


def counts_are_exact() -> None:
    """The tree and the line's own numbers against a plain count of the rows."""
    for each in Line.objects.all():
        numbers = each.trials.filter(state=TrialState.WAITING).order_by("number").values_list("number", flat=True)
        assert [places.ahead(each.pk, number) for number in numbers if number] == list(range(len(numbers)))
        assert each.waiting == len(numbers)


def test_twenty_who_put_the_same_patient_first_do_it_once(trials: list[Trial]) -> None:
    outcomes = at_once([partial(expedite, trials[-1])] * 20, threads=20)
    assert codes(outcomes) == ["already_urgent"] * 19
    assert Change.objects.count() == 1
    counts_are_exact()


def test_whoever_is_first_a_turn_or_an_urgent_case_it_is_counted_once(trials: list[Trial]) -> None:
    """Each at the head of the line, the other one in the same moment."""
    for trial in trials[:10]:
        outcomes = at_once([claim, partial(expedite, trial)], threads=2)
        assert set(codes(outcomes)) <= {"not_waiting"}
    counts_are_exact()


def test_a_new_patient_and_an_urgent_one_for_the_same_appointment_have_one_place() -> None:
    (appointment,) = crowd.told(1)
    enter = partial(admission.enter, appointment)
    put_first = partial(urgency.enter, appointment, who="a test", why="chest pain")
    for _ in range(2):
        assert codes(at_once([enter, put_first] * 10, threads=20)) == []
    trial = Trial.objects.get()
    assert trial.line is not None and trial.line.urgent
    assert Change.objects.count() == 1
    counts_are_exact()


def test_without_the_order_of_locks_they_do_wait_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the old place is left before the urgent line, which others lock first, is asked for."""
    line.line_of(insurers.default(), urgent=True)
    trials, has_left, leave = in_line(2), threading.Event(), places.leave

    def leave_and_wait(line_id: int, number: int) -> None:
        leave(line_id, number)
        has_left.set()
        wait_until(somebody_waits)

    def claim_then() -> int | None:
        has_left.wait(timeout=10)
        return claim()

    monkeypatch.setattr(urgency, "_lock", lambda *lines: None)
    monkeypatch.setattr(places, "leave", leave_and_wait)
    outcomes = at_once([partial(expedite, trials[1]), claim_then], threads=2)
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [OperationalError]
