"""What staff change holds in workers that run, within two seconds and without a restart: pause, calls in flight, n."""

import time
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db.models import Sum

from insurance.models import Permit
from insurance.quota import insurers, limits, permits
from insurance.quota.lanes import Lane
from tests.integration.conftest import forget_the_insurer
from tests.races import senders
from tests.races.together import processes, wait_until
from tests.simulators import Simulator, running

WITHIN_SECONDS = 2.0
QUIET_SECONDS = 1.5
SLOW = {"infno": "2206A", "kind": "slow", "seconds": 0.3}


@pytest.fixture
def insurer(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """An interface that answers after 0.3 s, and so many permits that n holds nobody back."""
    monkeypatch.setattr(permits, "WINDOW_SECONDS", 1.0)
    settings.INSURANCE_TRIAL_PER_MINUTE, settings.INSURANCE_TIMEOUT_SECONDS = 190, 2
    with running("insurer", "--per-minute", "190", "--window-seconds", "1") as simulator:
        settings.INSURANCE_URL = simulator.url
        simulator.faults(SLOW)
        forget_the_insurer()
        yield simulator
        forget_the_insurer()


def worker() -> None:
    """Sends whenever it is let."""
    while True:
        senders.one_by_permit(wait_seconds=0.2)
        time.sleep(0.01)


def deaf_worker() -> None:
    """One that asked once whether the gate is open."""
    permits.gate.why_closed = lambda *_: None
    worker()


def takings() -> int:
    return int(Permit.objects.aggregate(Sum("takings"))["takings__sum"] or 0)


def they_go() -> None:
    """Within two seconds more permits are taken."""
    so_far = takings()
    wait_until(lambda: takings() > so_far, seconds=WITHIN_SECONDS)


def they_have_stopped() -> None:
    """From two seconds on no permit is taken."""
    time.sleep(WITHIN_SECONDS)  # this is the promise: by then, not earlier and not later
    so_far = takings()
    with pytest.raises(AssertionError, match="not come to pass"):
        wait_until(lambda: takings() > so_far, seconds=QUIET_SECONDS)


def begun(workers: int) -> None:
    wait_until(lambda: takings() >= workers)


def test_a_pause_and_its_end_hold_in_every_worker_within_two_seconds(insurer: Simulator) -> None:
    with processes(3, worker):
        begun(3)
        for _ in range(2):
            insurers.pause(insurers.default(), who="a test", why="because")
            they_have_stopped()
            insurers.resume(insurers.default(), who="a test", why="because")
            they_go()


def test_a_worker_that_does_not_ask_again_goes_on(insurer: Simulator) -> None:
    """Negative control."""
    with processes(1, deaf_worker):
        begun(1)
        insurers.pause(insurers.default(), who="a test", why="because")
        with pytest.raises(pytest.fail.Exception):
            they_have_stopped()


def test_fewer_calls_in_flight_hold_in_every_worker_within_two_seconds(insurer: Simulator) -> None:
    with processes(4, worker):
        wait_until(lambda: insurer.stats()["in_flight_max"] >= 3)
        insurers.set_flow(insurers.default(), at_once=1, slow_seconds=5, who="a test", why="because")
        time.sleep(WITHIN_SECONDS)  # this is the promise
        count_anew(insurer)
        wait_until(lambda: insurer.stats()["calls"].get("2206A", 0) >= 5)
        assert insurer.stats()["in_flight_max"] == 1
        insurers.set_flow(insurers.default(), at_once=3, slow_seconds=5, who="a test", why="because")
        wait_until(lambda: insurer.stats()["in_flight_max"] >= 2, seconds=WITHIN_SECONDS)
        wait_until(lambda: insurer.stats()["in_flight_max"] >= 3)
        wait_until(lambda: insurer.stats()["calls"]["2206A"] >= 30)
    assert insurer.stats()["in_flight_max"] == 3


def count_anew(insurer: Simulator) -> None:
    insurer.reset()
    insurer.faults(SLOW)


def test_n_set_to_none_stops_every_worker_and_set_again_lets_them_go(insurer: Simulator) -> None:
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    with processes(2, worker):
        begun(2)
        limits.set_limit(quota, 0, who="a test", why="because")
        they_have_stopped()
        limits.set_limit(quota, 190, who="a test", why="because")
        they_go()
