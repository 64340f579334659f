"""How many turns are worth sending now: rows that wait, permits that come free, who goes first."""

from insurance.quota import lanes, permits
from insurance.quota.lanes import PRECEDENCE, Lane

BURST_SECONDS = 1.0
"""The tick sends what comes free within this time; it comes again after it."""


def wanted(within_seconds: float = BURST_SECONDS) -> dict[Lane, int]:
    """Turns to send for each lane. Where lanes share a quota, those that go first take from its permits first."""
    left: dict[str, int] = {}
    turns = {}
    for lane in PRECEDENCE:
        rows = lanes.due(lane).count()
        quota = permits.quota_of(lane) if rows else None
        if quota is not None:
            free = left.setdefault(quota.name, permits.free_count(quota, within_seconds))
            rows = min(rows, free)
            left[quota.name] = free - rows
        turns[lane] = rows
    return turns
