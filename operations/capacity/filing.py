"""The filing tick: every so often up to m of the oldest records, and the next ones at the next tick."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from operations.capacity.asked import Asked
from operations.capacity.facts import Facts


@dataclass(frozen=True, slots=True)
class Batch:
    """What one tick did. Seconds after the opening."""

    at: float
    waiting: int
    """How many records it found."""
    waiting_if_late: int
    """How many it would have found, had it come as late as it may."""
    filed: int
    ends: float


def batches(booked: Sequence[float], asked: Asked, facts: Facts) -> list[Batch]:
    """The ticks that had something to file, until all is filed. `booked` in order."""
    found: list[Batch] = []
    done, next_at = 0, 0.0
    while done < len(booked):
        at = max(_tick_from(booked[done], asked.tick_seconds), next_at)
        waiting = bisect_right(booked, at) - done
        filed = min(waiting, asked.m)
        if_late = bisect_right(booked, at + facts.late_seconds) - done
        ends = at + filed * facts.filing_seconds
        found.append(Batch(at, waiting, if_late, filed, ends))
        done, next_at = done + filed, _tick_from(max(ends, at + asked.tick_seconds), asked.tick_seconds)
    return found


def filed_at(found: Sequence[Batch]) -> list[float]:
    """When each record was filed, in the order of the queue."""
    return [batch.ends for batch in found for _ in range(batch.filed)]


def _tick_from(at: float, tick_seconds: float) -> float:
    """The first tick at or after this moment. One that would begin while the one before still files is left out."""
    return math.ceil(round(at / tick_seconds, 9)) * tick_seconds
