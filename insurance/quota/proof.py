"""Proof of the limit from our own records: the most calls in any 60 seconds (design 3; `docs/proof.md`).

What is recorded of a call is when it was *sent*, a little before it left, and when its answer was there. It arrived in
between; without an answer, until its time limit and the way on the network were over. `windows` says what follows.

What never left (`not_sent`, and nothing came back) is not counted. On a shared quota a turn counts as one, as it has
one permit: from its first message until its last can have arrived. A second metered message in it would count again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isinf
from typing import Protocol

from django.db import connection, transaction
from django.utils import timezone

from insurance.quota import lanes, permits, windows
from insurance.quota.exchange import timeout_seconds
from insurance.quota.models import LimitChange, Quota
from insurance.quota.windows import SECOND, Call, Columns, Found, Limits

LOOK_BACK = timedelta(minutes=5)
"""Longer than anything can stand in a window once it was sent: a turn, a time limit, the network's way, a window."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CALLS = """
    SELECT (extract(epoch FROM sent_at) * 1000000)::bigint AS sent,
           (extract(epoch FROM CASE WHEN outcome IN ('', 'unknown')
                 THEN sent_at + make_interval(secs => coalesce(limit_seconds, %(limit_seconds)s) + %(late_seconds)s)
                 ELSE greatest(sent_at, answered_at) END) * 1000000)::bigint AS until,
           permit_id{more}
      FROM insurance_interfacecall
     WHERE sent_at >= %(begin)s AND sent_at < %(end)s AND permit_id IS NOT NULL AND (metered OR %(shared)s)
       AND permit_id = ANY (ARRAY(SELECT id FROM insurance_permit WHERE quota_id = %(quota_id)s))
       AND NOT (outcome = 'not_sent' AND reply = '')
     ORDER BY sent_at, id
"""
_TURNS = """
    SELECT min(sent), max(until), permit_id FROM (
        SELECT *, greatest(sum(metered::int) OVER (PARTITION BY permit_id, turn ORDER BY sent, id), 1) AS part
          FROM ({calls}) AS call) AS message
     GROUP BY permit_id, turn, part ORDER BY 1
"""
_SEPARATE = _CALLS.format(more="")
_SHARED = _TURNS.format(calls=_CALLS.format(more=", coalesce(taking, -id) AS turn, metered, id"))


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst window of a quota and what else is to be said of its calls (`windows.Found`).

    `per_minute` is what staff have set now, `in_force` the largest n in force in the worst window. `ended_at` is a time
    of sending, which lies before the arrival by the way on the network; `worst_possible` holds at the receiver.
    """

    quota: str
    per_minute: int | None
    calls: int
    worst: int
    ended_at: datetime | None
    insurer: str
    in_force: int | None
    over: int
    worst_possible: int
    over_possible: int
    permits_used: int
    shortest_gap_seconds: float | None


class Proved(Protocol):
    """What `holds` looks at."""

    @property
    def over(self) -> int: ...
    @property
    def over_possible(self) -> int: ...
    @property
    def shortest_gap_seconds(self) -> float | None: ...


def holds(found: Proved) -> bool:
    """Nothing went over the limit, and nothing can have."""
    apart = found.shortest_gap_seconds is None or found.shortest_gap_seconds >= permits.WINDOW_SECONDS
    return apart and not found.over and not found.over_possible


def worst_of(
    quota: Quota, since: datetime | None = None, until: datetime | None = None, columns: Sequence[Columns] = ()
) -> Worst:
    """What the recorded calls of a quota show that were sent from `since` until `until`; windows may begin before."""
    begin, end = since or _EPOCH, until or timezone.now() + LOOK_BACK
    found = windows.prove(
        _calls(quota, begin - LOOK_BACK, end),
        limits_of(quota, begin - LOOK_BACK, end),
        length=round(permits.WINDOW_SECONDS * SECOND),
        begin=microseconds(begin),
        end=microseconds(min(end, timezone.now())),
        columns=columns,
    )
    return _told(quota, found, end)


def limits_of(quota: Quota, begin: datetime, end: datetime) -> Limits:
    """Every n that was in force between the two, and since when."""
    changes = [(microseconds(change.at), change.in_force) for change in changes_of(quota, begin, end)]
    return Limits(changes or [(0, quota.in_force)])


def changes_of(quota: Quota, begin: datetime, end: datetime) -> list[LimitChange]:
    """The last change until `begin`, whose n is in force then, and every one after it before `end`; oldest first."""
    rows = quota.limits.filter(at__lt=end).order_by("at", "pk")
    first = rows.filter(at__lte=begin).last()
    return [*([first] if first else []), *rows.filter(at__gt=begin)]


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a local day begins and ends, in UTC: with summer time not every day has 24 hours."""
    zone = timezone.get_default_timezone()
    midnights = (datetime.combine(each, time.min, zone) for each in (day, day + timedelta(days=1)))
    begin, end = (midnight.astimezone(UTC) for midnight in midnights)
    return begin, end


def microseconds(moment: datetime) -> int:
    """Since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """The other way round."""
    return _EPOCH + timedelta(microseconds=microseconds)


def _calls(quota: Quota, begin: datetime, end: datetime) -> Iterator[Call]:
    """In the order in which they were sent; never all of them in memory."""
    shared = quota.name == lanes.SHARED
    asked: dict[str, int | float | datetime] = {
        "quota_id": quota.pk,
        "begin": begin,
        "end": end,
        "shared": shared,
        "limit_seconds": float(timeout_seconds()),
        "late_seconds": permits.LATE_SECONDS,
    }
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_SHARED if shared else _SEPARATE, asked)
        yield from cursor


def _told(quota: Quota, found: Found, end: datetime) -> Worst:
    gap = found.shortest_gap
    in_force = limits_of(quota, end, end).at(microseconds(end)) if found.in_force is None else found.in_force
    return Worst(
        quota=quota.name,
        per_minute=quota.per_minute,
        calls=found.calls,
        worst=found.worst,
        ended_at=None if found.ended is None else moment(found.ended),
        insurer=quota.insurer.name,
        in_force=None if isinf(in_force) else int(in_force),
        over=found.over,
        worst_possible=found.worst_possible,
        over_possible=found.over_possible,
        permits_used=found.permits_used,
        shortest_gap_seconds=None if gap is None else gap / SECOND,
    )
