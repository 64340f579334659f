"""How many turns are worth sending now: rows that wait, permits that come free, and what the brake lets pass."""

import math
from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from insurance.quota import gate, insurers, lanes, permits
from insurance.quota.lanes import PRECEDENCE, Lane
from insurance.quota.models import Insurer, Quota

TICK_SECONDS = 1.0

AHEAD_SECONDS = 2.0
"""Turns are sent for permits that come free within this time."""

WAIT_SECONDS = 2.5
"""So long a turn waits for the exact instant at which its permit comes free."""

GRACE_SECONDS = 0.5
"""A permit that has been free for so long was forgotten: its turn was lost, or there was nobody for it."""

UNLIMITED_PER_TICK = 50

_COMING_FREE = """
    SELECT count(*) FROM insurance_permit permit JOIN insurance_quota quota ON quota.id = permit.quota_id
     WHERE quota.id = %(quota_id)s AND NOT permit.retired
       AND (permit.free_at <= clock_timestamp() - make_interval(secs => %(grace)s)
            OR permit.free_at <= clock_timestamp() + make_interval(secs => %(ahead)s)
               AND (permit.free_at > quota.turns_until
                    OR quota.turns_until > clock_timestamp() + make_interval(secs => %(ahead)s)))
"""


def wanted(insurer: Insurer | None = None) -> dict[Lane, int]:
    """Turns to send for each lane of an insurer (none: the default one). Where lanes share a quota, those that go first
    take from its permits first."""
    insurer = insurer or insurers.default()
    if gate.why_closed(insurer):
        return dict.fromkeys(PRECEDENCE, 0)
    left: dict[str, int] = {}
    turns = {}
    for lane in PRECEDENCE:
        quota = permits.quota_of(lane, insurer)
        most = passed_by_the_brake(quota, insurer)
        rows = lanes.count_due(lane, most, insurer.name)
        if quota is not None:
            free = left.setdefault(quota.name, coming_free(quota))
            rows = min(rows, free)
            left[quota.name] = free - rows
            if rows and rows == free:
                sent_for(quota)
        turns[lane] = rows
    return turns


def coming_free(quota: Quota) -> int:
    """Permits for which no turn was sent yet and that come free soon, and those that nobody came for.

    A turn is sent before its permit is free and waits for it, so a tick may be late by as much and costs nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COMING_FREE, {"quota_id": quota.pk, "ahead": AHEAD_SECONDS, "grace": GRACE_SECONDS})
        return int(cursor.fetchone()[0])


def sent_for(quota: Quota) -> None:
    """Turns have been sent for all that `coming_free` has found."""
    until = Now() + timedelta(seconds=AHEAD_SECONDS)
    Quota.objects.filter(pk=quota.pk).update(turns_until=until)


def passed_by_the_brake(quota: Quota | None, insurer: Insurer) -> int:
    """How many turns Celery's brake lets through in one tick: more would wait in the worker. A probe goes alone."""
    if gate.is_probed(insurer):
        return 1
    if quota is None or quota.in_force is None:
        return UNLIMITED_PER_TICK
    return math.ceil(lanes.BRAKE_FACTOR * quota.in_force * TICK_SECONDS / permits.WINDOW_SECONDS)
