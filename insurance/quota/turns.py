"""How many turns are worth sending now: rows that wait, permits that come free, and what the brake lets pass."""

import math

from insurance.quota import gate, insurers, lanes, permits
from insurance.quota.lanes import PRECEDENCE, Lane
from insurance.quota.models import Insurer, Quota

TICK_SECONDS = 1.0

UNLIMITED_PER_TICK = 50


def wanted() -> dict[Lane, int]:
    """Turns to send for each lane. Where lanes share a quota, those that go first take from its permits first."""
    insurer = insurers.default()
    if gate.why_closed(insurer):
        return dict.fromkeys(PRECEDENCE, 0)
    left: dict[str, int] = {}
    turns = {}
    for lane in PRECEDENCE:
        quota = permits.quota_of(lane, insurer)
        most = passed_by_the_brake(quota, insurer)
        rows = lanes.count_due(lane, most)
        if quota is not None:
            free = left.setdefault(quota.name, coming_free(quota))
            rows = min(rows, free)
            left[quota.name] = free - rows
        turns[lane] = rows
    return turns


def coming_free(quota: Quota) -> int:
    """Permits that are free and nobody came for, and those of the second after the next.

    A turn is sent a tick before its permit is free and waits for it, so that a late tick costs nothing; the tick
    before this one has seen to the second that begins now.
    """
    soon = permits.free_count(quota, 2 * TICK_SECONDS) - permits.free_count(quota, TICK_SECONDS)
    return permits.free_count(quota) + soon


def passed_by_the_brake(quota: Quota | None, insurer: Insurer) -> int:
    """How many turns Celery's brake lets through in one tick: more would wait in the worker. A probe goes alone."""
    if gate.is_probed(insurer):
        return 1
    if quota is None or quota.in_force is None:
        return UNLIMITED_PER_TICK
    return math.ceil(lanes.BRAKE_FACTOR * quota.in_force * TICK_SECONDS / permits.WINDOW_SECONDS)
