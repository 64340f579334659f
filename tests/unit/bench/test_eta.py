"""The benchmark of the ETA: who joins when, and what counts as a rise."""

import random

import pytest

from tests.bench.eta import joining, rises
from tests.bench.eta_crowd import Told


def test_the_line_grows_in_the_first_third_and_empties_in_the_rest() -> None:
    times = list(joining(n=100, seconds=1800, chance=random.Random(1)))
    early = sum(at < 600 for at in times)
    assert early == pytest.approx(2 * 1000, rel=0.1)
    assert len(times) - early == pytest.approx(0.4 * 2000, rel=0.1)
    assert times == sorted(times)
    assert times[-1] < 1800


def test_a_rise_is_a_longer_wait_than_at_the_last_look() -> None:
    told = [Told(seconds, None, None, reason) for seconds, reason in ((30, ""), (20, ""), (25, "slow"), (26, ""))]
    assert rises(told) == [(5, "slow"), (1, "")]


def test_what_a_hospital_without_ranges_says_is_read_too() -> None:
    assert Told.by({"eta_seconds": 7}) == Told(7, None, None, "")
    full = {"eta_seconds": 7, "eta_low_seconds": 5, "eta_high_seconds": 9, "later_because": "paused"}
    assert Told.by(full) == Told(7, 5, 9, "paused")
