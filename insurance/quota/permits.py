"""Never more than n in any 60 seconds, at the receiver (design 3; the argument is in `docs/adr/0002`).

A call takes a free permit just before it is sent and holds it. On the answer the permit becomes free WINDOW_SECONDS
later; with no answer, WINDOW_SECONDS after it can last have arrived. The arrival lies between taking and freeing, so
two arrivals on one permit are at least a window apart, and n permits cannot put more than n into any window.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from hospital import tuning
from hospital.errors import Invalid
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.quota.models import Permit, Quota

WINDOW_SECONDS = 60.0

LATE_SECONDS = 5.0
"""What we have given up on may still arrive so long after its time limit: bytes under way on the network."""

_TAKE = """
    UPDATE insurance_permit SET takings = takings + 1,
           free_at = clock_timestamp() + make_interval(secs => %(held_seconds)s)
     WHERE id = (SELECT id FROM insurance_permit
                  WHERE quota_id = %(quota_id)s AND NOT retired AND free_at <= clock_timestamp()
                  ORDER BY free_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, takings
"""
_FREE = """
    UPDATE insurance_permit SET free_at = clock_timestamp() + make_interval(secs => %(after_seconds)s)
     WHERE id = %(permit_id)s AND takings = %(takings)s
"""
_NEXT_FREE = """
    SELECT extract(epoch FROM free_at - clock_timestamp())::float8 FROM insurance_permit
     WHERE quota_id = %(quota_id)s AND NOT retired ORDER BY free_at OFFSET %(skip)s LIMIT 1
"""
_FREE_NOW = """
    SELECT count(*) FROM insurance_permit
     WHERE quota_id = %(quota_id)s AND NOT retired
       AND free_at <= clock_timestamp() + make_interval(secs => %(within_seconds)s)
"""


@dataclass(slots=True)
class Held:
    """A permit in the hand of one call. `permit_id` is None where the lane is not limited.

    `ends_at` is on this process's monotonic clock: nothing may be *sent* after it. It was read before the permit was
    taken, so it is never later than what the database reckons with. `arrives_until`, on the same clock: until when
    something that counts may arrive at the insurer; None while nothing that counts has left.
    """

    permit_id: int | None
    takings: int
    ends_at: float
    arrives_until: float | None = None

    def seconds_left(self) -> float:
        """How long something may still be sent under this permit."""
        return self.ends_at - time.monotonic()


def quota_of(lane: Lane) -> Quota | None:
    """The lane's quota, made with its first limit when it is not there yet; None where nothing is counted."""
    name = lanes.quota_name(lane)
    if name is None:
        return None
    quota = Quota.objects.filter(name=name).first() or _first_made(name)
    return quota if quota.per_minute is not None else None


def take(lane: Lane, *, turn_seconds: float, wait_seconds: float = 0.0) -> Held | None:
    """A free permit, waiting up to `wait_seconds` for the exact instant; None when there is none.

    `turn_seconds` is the time limit for sending under it. Must be called outside a transaction.
    """
    give_up_at = time.monotonic() + wait_seconds
    quota = quota_of(lane)
    while True:
        asked_at = time.monotonic()
        if quota is None:
            return Held(None, 0, asked_at + turn_seconds)
        if _must_yield(lane, quota):
            return None
        row = _one(_TAKE, quota_id=quota.pk, held_seconds=turn_seconds + LATE_SECONDS + WINDOW_SECONDS)
        if row is not None:
            return Held(row[0], row[1], asked_at + turn_seconds)
        wait = free_in_seconds(quota)
        if wait is None or asked_at + wait > give_up_at:
            return None
        time.sleep(max(wait, 0.0) + 0.001)


def free(held: Held) -> None:
    """The turn is over: free again a window after the last thing that counts can have arrived, else at once.

    Without effect when somebody else holds the permit by now.
    """
    if held.permit_id is None:
        return
    after_seconds = 0.0
    if held.arrives_until is not None:
        after_seconds = WINDOW_SECONDS + max(held.arrives_until - time.monotonic(), 0.0)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"permit_id": held.permit_id, "takings": held.takings, "after_seconds": after_seconds})


def free_in_seconds(quota: Quota, skip: int = 0) -> float | None:
    """Seconds until the permit after the next `skip` ones is free (negative: it is free). None: no permits."""
    row = _one(_NEXT_FREE, quota_id=quota.pk, skip=skip)
    return None if row is None else float(row[0])


def free_count(quota: Quota, within_seconds: float = 0.0) -> int:
    """How many permits are free now, or will be within so many seconds."""
    row = _one(_FREE_NOW, quota_id=quota.pk, within_seconds=within_seconds)
    return int(row[0]) if row else 0


def set_limit(quota: Quota, per_minute: int | None) -> None:
    """Change n. At once, and never letting an old permit through early.

    Lowering retires the permits that are free first, so that what the rest may do plus what was done in the last
    minute stays within the new n. Raising brings retired permits back as they were, those used last first, before it
    makes new ones.
    Raises `Invalid("m_not_above_n")`.
    """
    with transaction.atomic():
        check_limit(quota, per_minute)
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE insurance_permit IN SHARE ROW EXCLUSIVE MODE")
        Quota.objects.filter(pk=quota.pk).update(per_minute=per_minute)
        quota.per_minute = per_minute
        if per_minute is not None:
            _resize(quota, per_minute)


def check_limit(quota: Quota, per_minute: int | None) -> None:
    """m > n holds for whatever trials draw on (method, step 3). Raises `Invalid("m_not_above_n")`."""
    if quota.name == Lane.SETTLEMENT or per_minute is None:
        return
    if per_minute >= tuning.locked("FILING_BATCH_SIZE"):
        raise Invalid("m_not_above_n", _("n must stay below m, the filing batch size (FILING_BATCH_SIZE)."))


def _first_made(name: str) -> Quota:
    """The quota, its first limit and its permits in one: without its limit it would be taken for unlimited."""
    with transaction.atomic():
        quota, made = Quota.objects.get_or_create(name=name)
        if made:
            set_limit(quota, lanes.first_limit(name))
    return quota


def _resize(quota: Quota, size: int) -> None:
    permits = Permit.objects.filter(quota=quota)
    surplus = permits.filter(retired=False).count() - size
    if surplus > 0:
        first_free = permits.filter(retired=False).order_by("free_at")[:surplus]
        permits.filter(pk__in=list(first_free.values_list("pk", flat=True))).update(retired=True)
        return
    back = permits.filter(retired=True).order_by("-free_at")[:-surplus]
    returned = permits.filter(pk__in=list(back.values_list("pk", flat=True))).update(retired=False)
    Permit.objects.bulk_create(Permit(quota=quota) for _ in range(-surplus - returned))


def _must_yield(lane: Lane, quota: Quota) -> bool:
    """On a shared quota, leave the free permits to the lanes that go first."""
    first = lanes.before(lane)
    if not first:
        return False
    waiting = sum(lanes.due(other).count() for other in first)
    return waiting >= free_count(quota) if waiting else False


def _one(sql: str, **parameters: float) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
