"""Rounds, medians and percentiles. Times are in seconds unless a name says otherwise."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

ROUNDS = 4
"""How often each side has its turn when there is time for it."""


def turns(seconds: int) -> tuple[int, int]:
    """How many rounds, and how many whole seconds each (pgbench counts in whole ones), for `seconds` a side."""
    each = max(1, seconds // ROUNDS)
    return max(2, seconds // each), each


def interleaved(rounds: int, *sides: Callable[[], Any]) -> list[list[Any]]:
    """Every side once a round: ours, baseline, ours, baseline. One list of results for each side."""
    results: list[list[Any]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, found in zip(sides, results, strict=True):
            found.append(side())
    return results


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def spread_ms(values: Sequence[float]) -> str:
    """Median and p99 of times in seconds, in milliseconds, for a note."""
    return f"p50 {median(values) * 1000:.2f} ms, p99 {percentile(values, 99) * 1000:.2f} ms"
