"""The database's clock is set, forward or back: no permit comes early, and what is written down is written once."""

import pytest

from insurance.models import ClockStep, Permit
from insurance.quota import clock, permits
from insurance.quota.clock import Reading, Watch, step_between
from insurance.quota.lanes import Lane
from insurance.quota.permits import Held
from tests.integration.false_clock import Clocks

QUIET = permits.quiet_seconds(30.0)


@pytest.fixture(autouse=True)
def _one_a_minute(settings: pytest.FixtureRequest, clocks: Clocks) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 1


def take() -> Held | None:
    return permits.take(Lane.TRIAL, turn_seconds=30)


def answered(clocks: Clocks, at: float) -> None:
    """A call was made and answered at this time."""
    clocks.at(at)
    held = take()
    assert held is not None
    held.arrives_until = clocks.seconds
    permits.free(held)


def reading(database_at: float, early: float, late: float | None = None) -> Reading:
    return Reading(database_at, early, early if late is None else late)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (reading(1060.0, 60.0), 0.0),
        (reading(1060.0, 60.03), 0.0),
        (reading(1120.0, 60.0), 60.0),
        (reading(1000.0, 60.0), -60.0),
        (reading(1060.1, 60.0), 0.1),
        (reading(1059.9, 60.0), -0.1),
        (reading(1060.4, 60.0, 60.5), 0.0),
        (reading(4600.6, 3600.0), 0.0),
    ],
)
def test_two_readings_lie_as_far_apart_as_on_the_hosts_clock(now: Reading, step: float) -> None:
    assert step_between(reading(1000.0, 0.0), now) == pytest.approx(step, abs=1e-6)


def test_a_clock_set_forward_lets_nobody_through_early_and_holds_nobody_longer(clocks: Clocks) -> None:
    answered(clocks, 1.0)
    clocks.step(60)
    clocks.at(2.0)
    assert take() is None
    clocks.at(61.0)
    assert take() is None, "the receiver's minute is not over"
    clocks.at(61.2)
    assert take() is not None
    assert [round(step.seconds) for step in ClockStep.objects.all()] == [60]


def test_a_clock_set_back_costs_a_pause_and_no_more(clocks: Clocks) -> None:
    answered(clocks, 1.0)
    clocks.step(-60)
    clocks.at(61.2)
    assert take() is None
    clocks.at(121.2)
    assert take() is not None
    assert [round(step.seconds) for step in ClockStep.objects.all()] == [-60]


def test_back_and_forward_again(clocks: Clocks) -> None:
    answered(clocks, 1.0)
    clocks.step(-60)
    clocks.at(30.0)
    assert take() is None
    answered(clocks, 122.0)
    clocks.step(60)
    clocks.at(150.0)
    assert take() is None
    clocks.at(182.2)
    assert take() is not None


def test_two_processes_see_one_step(clocks: Clocks) -> None:
    answered(clocks, 1.0)
    others = [Watch(), Watch()]
    for other in others:
        assert other.verified(QUIET) is not None
    clocks.step(20)
    clocks.at(2.0)
    for other in (*others, clock.watch, *others):
        assert other.verified(QUIET) is not None
    assert ClockStep.objects.count() == 1
    free_at = Permit.objects.get().free_at.timestamp()
    assert free_at == pytest.approx(2_000_000_000 + 1 + 20 + permits.cooling_seconds(), abs=0.01)


def test_a_host_whose_own_clock_stood_still_costs_a_pause_and_no_quarrel(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(clocks, 1.0)
    frozen, awake = Watch(), Watch()
    frozen.base = Reading(2_000_000_001.0, 1.0, 1.0)
    awake.verified(QUIET)
    for round_ in range(5):
        clocks.at(40.0 + round_)
        clocks.host = 2
        with monkeypatch.context() as on_that_host:
            on_that_host.setattr(clock, "own_clock", lambda: clocks.seconds - 30)
            frozen.verified(QUIET)
        clocks.host = 1
        awake.verified(QUIET)
    assert [round(step.seconds) for step in ClockStep.objects.all()] == [30]


def test_a_new_process_takes_the_word_of_its_host(clocks: Clocks) -> None:
    answered(clocks, 1.0)
    clock.watch.forget()
    clocks.step(60)
    clocks.at(10.0)
    assert take() is None
    assert ClockStep.objects.count() == 1
    answered(clocks, 61.3)


def test_a_new_host_waits_until_nothing_can_matter(clocks: Clocks) -> None:
    answered(clocks, 1.0)
    clock.watch.forget()
    clocks.host += 1
    clocks.step(60)
    clocks.at(2.0)
    assert take() is None
    clocks.at(2.0 + QUIET - 0.1)
    assert take() is None
    clocks.at(2.0 + QUIET + 0.1)
    assert take() is not None


def test_where_nothing_was_ever_sent_a_new_host_begins_at_once(clocks: Clocks) -> None:
    assert take() is not None


def test_after_a_failover_everything_that_may_be_forgotten_is_over_first(clocks: Clocks) -> None:
    clocks.at(1.0)
    permits.quota_of(Lane.TRIAL)
    before = Permit.objects.get()
    answered(clocks, 2.0)
    Permit.objects.filter(pk=before.pk).update(takings=before.takings, free_at=before.free_at)  # a commit was lost
    clocks.fail_over()
    clocks.at(3.0)
    assert take() is None
    clocks.at(3.0 + QUIET - 1)
    assert take() is None
    clocks.at(3.0 + QUIET + 1)
    assert take() is not None


def test_a_reading_that_took_too_long_is_not_relied_on(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "own_clock", _always_later(clocks))
    assert take() is None


def _always_later(clocks: Clocks) -> object:
    def read() -> float:
        clocks.seconds += 1.0
        return clocks.seconds

    return read
