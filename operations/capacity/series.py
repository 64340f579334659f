"""Numbers over time: how many stand somewhere, percentiles."""

from collections.abc import Sequence
from itertools import accumulate, chain


def standing(came: Sequence[float], left: Sequence[float], moments: Sequence[float]) -> list[int]:
    """How many were there at each of these moments (ascending). Who leaves at a moment has left."""
    steps = sorted(chain(((at, 1) for at in came), ((at, -1) for at in left)))
    found, place, there = [], 0, 0
    for moment in moments:
        while place < len(steps) and steps[place][0] <= moment:
            there += steps[place][1]
            place += 1
        found.append(there)
    return found


def peak(came: Sequence[float], left: Sequence[float]) -> tuple[int, float]:
    """The most that were there at once, and when first. Who leaves at a moment makes room for who comes at it."""
    steps = sorted(chain(((at, 1) for at in came), ((at, -1) for at in left)))
    counts = list(accumulate(step for _, step in steps))
    most = max(counts, default=0)
    return most, (steps[counts.index(most)][0] if most else 0.0)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed (nearest rank); 0 of none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def a_bucket(moments: Sequence[float], bucket_seconds: float, buckets: int) -> list[int]:
    """How many of these moments fall into each bucket from 0 on; what comes later than the last is not counted."""
    counts = [0] * buckets
    for at in moments:
        place = int(at // bucket_seconds)
        if place < buckets:
            counts[place] += 1
    return counts
