"""How many turns are worth sending now: rows that wait, permits that come free, and what the brake lets pass."""

import math

from insurance.quota import lanes, permits
from insurance.quota.lanes import PRECEDENCE, Lane
from insurance.quota.models import Quota

TICK_SECONDS = 1.0
"""The tick sends what comes free within this time; it comes again after it."""

UNLIMITED_PER_TICK = 50


def wanted() -> dict[Lane, int]:
    """Turns to send for each lane. Where lanes share a quota, those that go first take from its permits first."""
    left: dict[str, int] = {}
    turns = {}
    for lane in PRECEDENCE:
        rows = lanes.due(lane).count()
        quota = permits.quota_of(lane) if rows else None
        if quota is not None:
            free = left.setdefault(quota.name, permits.free_count(quota, TICK_SECONDS))
            rows = min(rows, free)
            left[quota.name] = free - rows
        turns[lane] = min(rows, passed_by_the_brake(quota))
    return turns


def passed_by_the_brake(quota: Quota | None) -> int:
    """How many turns Celery's brake lets through in one tick: more would wait in the worker."""
    if quota is None or quota.per_minute is None:
        return UNLIMITED_PER_TICK
    return math.ceil(lanes.BRAKE_FACTOR * quota.per_minute * TICK_SECONDS / permits.WINDOW_SECONDS)
