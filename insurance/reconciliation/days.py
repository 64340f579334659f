"""A local day: when it begins and ends, and whether it is over."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from insurance.quota.proof import bounds

LATE = timedelta(minutes=5)
"""So long after midnight the last answers of the day can still come."""

__all__ = ["bounds", "each", "is_begun", "is_over", "last_night", "local_day", "next_night"]


def is_begun(day: date, now: datetime) -> bool:
    """Whether there can be anything to compare."""
    return bounds(day)[0] <= now


def is_over(day: date, now: datetime) -> bool:
    """Whether also its last answers have come."""
    return bounds(day)[1] + LATE <= now


def local_day(moment: datetime) -> date:
    """The day on which it lies here."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def next_night(now: datetime) -> datetime:
    """The next time at which days are compared (`RECONCILE_AT`)."""
    at: time = settings.RECONCILE_AT
    zone = timezone.get_default_timezone()
    today = datetime.combine(local_day(now), at, zone)
    return today if today > now else datetime.combine(local_day(now) + timedelta(days=1), at, zone)


def last_night(now: datetime) -> date:
    """The day before the last time at which days were to be compared."""
    return local_day(next_night(now)) - timedelta(days=2)


def each(begin: date, last: date) -> Iterator[date]:
    """Every day from this one to that one."""
    for place in range((last - begin).days + 1):
        yield begin + timedelta(days=place)
