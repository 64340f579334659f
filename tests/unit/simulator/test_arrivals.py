"""The count in a sliding window, against counting by hand."""

import random
from time import perf_counter

import pytest

from insurance.simulator.insurer.arrivals import Arrivals


def by_hand(times: list[int], limit: int, window: int) -> tuple[int, int]:
    ordered = sorted(times)
    counts = [sum(at - window < other for other in ordered[: i + 1]) for i, at in enumerate(ordered)]
    return max(counts), sum(count > limit for count in counts)


@pytest.mark.parametrize("seed", range(60))
def test_equals_counting_by_hand_also_out_of_order(seed: int) -> None:
    draw = random.Random(seed)
    window, limit = draw.choice([(1, 1), (10, 3), (60, 5)])
    times = sorted(draw.randrange(300) for _ in range(120))
    for _ in range(draw.choice([0, 5, 120])):
        place = draw.randrange(119)
        times[place], times[place + 1] = times[place + 1], times[place]
    arrivals = Arrivals(limit, window)
    for at in times:
        arrivals.add(at)
    assert (arrivals.worst_window, arrivals.over_limit) == by_hand(times, limit, window)
    assert arrivals.times == sorted(times)


def test_the_window_is_half_open() -> None:
    arrivals = Arrivals(limit=1, window_ns=60)
    assert [arrivals.add(at) for at in (0, 59, 60, 119, 120)] == [0, 1, 1, 1, 1]
    assert (arrivals.worst_window, arrivals.over_limit) == (2, 4)
    assert arrivals.in_last_window(now_ns=179) == 1


def test_the_worst_half_open_window_is_the_worst_count() -> None:
    draw = random.Random(5)
    times = sorted(draw.randrange(1000) for _ in range(200))
    arrivals = Arrivals(limit=9, window_ns=60)
    for at in times:
        arrivals.add(at)
    assert arrivals.worst_window == max(sum(start <= at < start + 60 for at in times) for start in range(-60, 1000))


def test_stays_cheap_with_a_hundred_thousand() -> None:
    arrivals = Arrivals(limit=100, window_ns=60_000)
    begin = perf_counter()
    for at in range(100_000):
        arrivals.add(at * 10)
    print(f"100,000 arrivals: {perf_counter() - begin:.2f} s")
    assert (arrivals.worst_window, arrivals.over_limit) == (6000, 99_900)
