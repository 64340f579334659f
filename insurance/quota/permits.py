"""Never more than n in any 60 seconds, at the receiver (design 3; the whole argument: `docs/limit.md`).

A call takes a free permit just before it is sent and holds it. On the answer the permit becomes free COOLING_SECONDS
later; with no answer, COOLING_SECONDS after it can last have arrived. The arrival lies between taking and freeing, so
two arrivals on one permit are at least a window apart, and n permits cannot put more than n into any window.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from insurance.quota import directory, gate, insurers, lanes, limits
from insurance.quota.clock import watch
from insurance.quota.directory import DEFAULT
from insurance.quota.gate import Closed, Entered
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer, Quota

WINDOW_SECONDS = 60.0

MARGIN_SECONDS = 0.1
"""For clocks that run at slightly different rates, and for steps too small to be seen (`clock.py`)."""

LATE_SECONDS = 5.0
"""What we have given up on may still arrive so long after its time limit: bytes under way on the network."""

WAKE_SECONDS = 0.001
SLOT_AGAIN_SECONDS = 0.05
UNCOUNTED = (None, 0)

_TAKE = """
    UPDATE insurance_permit SET takings = takings + 1, held = true, taken_at = to_timestamp(%(now)s),
           idle_seconds = greatest(%(now)s - extract(epoch FROM free_at), 0),
           free_at = to_timestamp(%(now)s) + make_interval(secs => %(held_seconds)s)
     WHERE id = (SELECT id FROM insurance_permit
                  WHERE quota_id = %(quota_id)s AND NOT retired AND free_at <= to_timestamp(%(now)s)
                  ORDER BY free_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, takings
"""
_TAKE_SLOT = """
    UPDATE insurance_slot SET takings = takings + 1,
           free_at = to_timestamp(%(now)s) + make_interval(secs => %(held_seconds)s)
     WHERE id = (SELECT id FROM insurance_slot
                  WHERE insurer_id = %(insurer_id)s AND number <= %(at_once)s AND free_at <= to_timestamp(%(now)s)
                  ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, takings
"""
_FREE = """
    WITH slot AS (UPDATE insurance_slot SET free_at = clock_timestamp()
                   WHERE id = %(slot_id)s AND takings = %(slot_takings)s)
    UPDATE insurance_permit SET held = false, free_at = clock_timestamp() + make_interval(secs => %(after_seconds)s),
           held_seconds = CASE WHEN %(after_seconds)s > 0
                               THEN greatest(extract(epoch FROM clock_timestamp() - taken_at), 0) ELSE held_seconds END
     WHERE id = %(permit_id)s AND takings = %(takings)s
"""
_NEXT_FREE = """
    SELECT extract(epoch FROM free_at - coalesce(to_timestamp(%(now)s), clock_timestamp()))::float8
      FROM insurance_permit
     WHERE quota_id = %(quota_id)s AND NOT retired ORDER BY free_at OFFSET %(skip)s LIMIT 1
"""
_FREE_NOW = """
    SELECT count(*) FROM insurance_permit
     WHERE quota_id = %(quota_id)s AND NOT retired
       AND free_at <= clock_timestamp() + make_interval(secs => %(within_seconds)s)
"""


@dataclass(slots=True)
class Held:
    """A permit in the hand of one call, and the slot it is made on. `permit_id` is None where nothing is counted.

    `ends_at` is on this process's monotonic clock: nothing may be *sent* after it. It was read before the permit was
    taken, so it is never later than what the database reckons with. `arrives_until`, on the same clock: until when
    something that counts may arrive at the insurer; None while nothing that counts has left.
    """

    permit_id: int | None
    takings: int
    ends_at: float
    arrives_until: float | None = None
    insurer_id: int = 0
    insurer: str = DEFAULT
    quota_id: int | None = None
    slot: tuple[int, int] = field(default=(0, 0))
    """The slot's id and takings."""

    def seconds_left(self) -> float:
        """How long something may still be sent under this permit."""
        return self.ends_at - time.monotonic()


def cooling_seconds() -> float:
    """How long after the last arrival a permit stays away: a window, and a margin for clocks."""
    return WINDOW_SECONDS + MARGIN_SECONDS


def quiet_seconds(turn_seconds: float) -> float:
    """How long a call matters at most: it may be sent, arrive late, and stand in a window."""
    return turn_seconds + LATE_SECONDS + cooling_seconds()


def quota_of(lane: Lane, insurer: Insurer | None = None) -> Quota | None:
    """The lane's quota, made with its first limit when it is not there yet; None where nothing is counted."""
    insurer = insurer or insurers.default()
    name = lanes.quota_name(lane, insurer.name)
    if name is None:
        return None
    quota = Quota.objects.filter(insurer=insurer, name=name).first() or limits.first_made(insurer, name)
    return quota if quota.in_force is not None else None


def quotas(*insurers: Insurer) -> QuerySet[Quota]:
    """All quotas of these insurers, also those that no call has drawn on yet."""
    for insurer in insurers:
        for lane in Lane:
            quota_of(lane, insurer)
    return Quota.objects.filter(insurer__in=insurers).order_by("insurer", "name")


def take(lane: Lane, *, turn_seconds: float, wait_seconds: float = 0.0, insurer: Insurer | None = None) -> Held | None:
    """A free permit, waiting up to `wait_seconds` for the exact instant; None when there is none, or the insurer is no
    longer named.

    `turn_seconds` is the time limit for sending under it. Must be called outside a transaction.
    """
    give_up_at = time.monotonic() + wait_seconds
    insurer = insurer or insurers.default()
    if not directory.is_there(insurer.name):
        return None
    quota = quota_of(lane, insurer)
    while True:
        asked_at = time.monotonic()
        taken = _attempt(insurer, quota, lane, turn_seconds, asked_at)
        if isinstance(taken, Held):
            return taken
        if taken is None or asked_at + taken > give_up_at:
            return None
        time.sleep(max(taken, 0.0) + WAKE_SECONDS)


def free(held: Held) -> None:
    """The turn is over: free again a window after the last thing that counts can have arrived, else at once.

    Without effect when somebody else holds the permit by now.
    """
    after_seconds = 0.0
    if held.arrives_until is not None:
        after_seconds = cooling_seconds() + max(held.arrives_until - time.monotonic(), 0.0)
    slot_id, slot_takings = held.slot
    with connection.cursor() as cursor:
        cursor.execute(
            _FREE,
            {
                "permit_id": held.permit_id,
                "takings": held.takings,
                "after_seconds": after_seconds,
                "slot_id": slot_id,
                "slot_takings": slot_takings,
            },
        )


def free_in_seconds(quota: Quota, skip: int = 0) -> float | None:
    """Seconds until the permit after the next `skip` ones is free (negative: it is free). None: no permits."""
    row = _one(_NEXT_FREE, quota_id=quota.pk, skip=skip, now=None)
    return None if row is None else float(row[0])


def free_count(quota: Quota, within_seconds: float = 0.0) -> int:
    """How many permits are free now, or will be within so many seconds."""
    row = _one(_FREE_NOW, quota_id=quota.pk, within_seconds=within_seconds)
    return int(row[0]) if row else 0


def _attempt(
    insurer: Insurer, quota: Quota | None, lane: Lane, turn_seconds: float, asked_at: float
) -> Held | float | None:
    """Once through the gate: a permit, or the seconds after which to try again, or None where that is not in sight."""
    held_seconds = turn_seconds + LATE_SECONDS
    try:
        with transaction.atomic():
            entered = gate.enter(insurer.pk, quiet_seconds(turn_seconds))
            if isinstance(entered, Closed):
                return entered.seconds
            wait = _wait(entered, quota, lane) if quota else 0.0
            if wait is None or wait > 0:
                return wait
            slot = _slot(entered, held_seconds)
            if slot is None:
                return SLOT_AGAIN_SECONDS
            permit = _permit(entered, quota, quiet_seconds(turn_seconds)) if quota else UNCOUNTED
    except BaseException:
        watch.forget()  # what was noted of the clock is undone with the transaction
        raise
    return Held(
        permit_id=permit[0],
        takings=permit[1],
        ends_at=asked_at + turn_seconds,
        insurer_id=insurer.pk,
        insurer=insurer.name,
        quota_id=quota.pk if quota else None,
        slot=slot,
    )


def _wait(entered: Entered, quota: Quota, lane: Lane) -> float | None:
    """Seconds until a permit may be taken, none or less when it may be now; None when that is not in sight."""
    quota.refresh_from_db()
    limits.fit(quota, entered.now)
    if _must_yield(lane, quota, entered.insurer.name):
        return None
    row = _one(_NEXT_FREE, quota_id=quota.pk, skip=0, now=entered.now)
    if row is None:
        return None
    return max(float(row[0]), quota.next_at.timestamp() - entered.now)


def _permit(entered: Entered, quota: Quota, held_seconds: float) -> tuple[int, int]:
    """The permit that `_wait` has seen: nobody else takes one while we are in the gate."""
    row = _one(_TAKE, quota_id=quota.pk, now=entered.now, held_seconds=held_seconds)
    assert row is not None
    if quota.evenly and quota.in_force:
        next_at = limits.moment(entered.now + WINDOW_SECONDS / quota.in_force)
        Quota.objects.filter(pk=quota.pk).update(next_at=next_at)
    return int(row[0]), int(row[1])


def _slot(entered: Entered, held_seconds: float) -> tuple[int, int] | None:
    """A free slot out of as many as may be in flight; they are made when they are needed first."""
    asked = {"insurer_id": entered.insurer.pk, "at_once": entered.at_once, "now": entered.now}
    row = _one(_TAKE_SLOT, held_seconds=held_seconds, **asked)
    if row is None and limits.make_slots(entered.insurer, entered.now):
        row = _one(_TAKE_SLOT, held_seconds=held_seconds, **asked)
    return (int(row[0]), int(row[1])) if row else None


def _must_yield(lane: Lane, quota: Quota, insurer: str) -> bool:
    """On a shared quota, leave the free permits to the lanes that go first."""
    first = lanes.before(lane, insurer)
    if not first:
        return False
    free = free_count(quota)
    waiting = sum(lanes.count_due(other, free + 1, insurer) for other in first)
    return waiting >= free if waiting else False


def _one(sql: str, **parameters: float | None) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
