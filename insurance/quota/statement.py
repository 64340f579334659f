"""The statement of a day: what a hospital hands to the insurance bureau about its quotas (`docs/proof.md`).

Counts and times only: nothing in it belongs to a person. Whole numbers only, so that there is one way to write them.
"""

from collections.abc import Iterator
from datetime import date, datetime
from math import ceil, floor

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid
from insurance.quota import days, permits, proof, sealing
from insurance.quota.days import ProofDay
from insurance.quota.models import ClockStep, Quota
from insurance.quota.sealing import Body
from insurance.quota.windows import SECOND, Columns

VERSION = 1
HOUR_SECONDS, COLUMN_SECONDS = 3600, 120


def signed(day: date, *, so_far: bool = False) -> bytes:
    """The signed statement of a day. Raises as `body_of`."""
    return sealing.seal(body_of(day, so_far=so_far))


def name_of(day: date) -> str:
    """What its files are called, without the ending."""
    return f"statement-{settings.INSURANCE_INSTITUTION_CODE}-{day}"


def body_of(day: date, *, so_far: bool = False) -> Body:
    """What is stated. Raises `Invalid("not_begun" | "not_over")`; `so_far` allows a day that is not over."""
    begin, end = proof.bounds(day)
    now = timezone.now()
    if begin > now:
        raise Invalid("not_begun", _("That day has not begun yet."))
    if not so_far and not days.is_over(day):
        raise Invalid("not_over", _("That day is not over: its last calls are settled five minutes after midnight."))
    key = sealing.own_key()
    return {
        "version": VERSION,
        "institution": {
            "code": settings.INSURANCE_INSTITUTION_CODE,
            "name": settings.INSURANCE_INSTITUTION_NAME,
            "region": settings.INSURANCE_REGION,
        },
        "day": str(day),
        "time_zone": settings.TIME_ZONE,
        "from": _told(begin),
        "until": _told(min(end, now)),
        "is_over": days.is_over(day),
        "made_at": _told(now),
        "window_seconds": round(permits.WINDOW_SECONDS),
        "quotas": [_quota(each, day) for each in Quota.objects.select_related("insurer").order_by("name", "pk")],
        "clock_steps": [
            {"at": _told(at), "milliseconds": round(seconds * 1000)}
            for at, seconds in ClockStep.objects.filter(at__gte=begin, at__lt=end).values_list("at", "seconds")
        ],
        "key": {"fingerprint": sealing.fingerprint(key), "is_derived": sealing.is_derived()},
    }


def _quota(quota: Quota, day: date) -> Body:
    """Of a day whose calls were cleared away what was kept stands, without hours and curve."""
    begin, end = proof.bounds(day)
    hours, curve = _columns(begin, end, HOUR_SECONDS), _columns(begin, end, COLUMN_SECONDS)
    measured = ProofDay(quota=quota, day=day, **days.of(proof.worst_of(quota, begin, end, (hours, curve))))
    kept = ProofDay.objects.filter(quota=quota, day=day, calls__gt=measured.calls).first()
    found, gap = kept or measured, (kept or measured).shortest_gap_seconds
    return {
        "insurer": quota.insurer.name,
        "name": quota.name,
        "limits": list(_limits(quota, begin, end)),
        "n": found.per_minute,
        "calls": found.calls,
        "worst": found.worst,
        "worst_ended_at": found.worst_ended_at and _told(found.worst_ended_at),
        "over": found.over,
        "worst_possible": found.worst_possible,
        "over_possible": found.over_possible,
        "permits_used": found.permits_used,
        "shortest_gap_milliseconds": None if gap is None else floor(gap * 1000),
        "holds": proof.holds(found),
        "hours": [] if kept else list(_hours(hours)),
        "curve": {"column_seconds": COLUMN_SECONDS, "levels": [] if kept else curve.level},
    }


def _limits(quota: Quota, begin: datetime, end: datetime) -> Iterator[Body]:
    """The n in force when the day began, and every change on it: not who made it, but why.

    What cannot be printed is left out of the reason: programs do not agree on how to write it in JSON.
    """
    for change in proof.changes_of(quota, begin, end):
        n = {"per_minute": change.per_minute, "in_force": change.in_force}
        yield {"at": _told(change.at), **n, "why": "".join(filter(str.isprintable, change.why))}


def _columns(begin: datetime, end: datetime, seconds: int) -> Columns:
    number = ceil((end - begin).total_seconds() / seconds)
    return Columns(proof.microseconds(begin), seconds * SECOND, number)


def _hours(hours: Columns) -> Iterator[Body]:
    for place, (calls, worst) in enumerate(zip(hours.calls, hours.worst, strict=True)):
        yield {"from": _told(proof.moment(hours.begin + place * hours.width)), "calls": calls, "worst": worst}


def _told(moment: datetime) -> str:
    local = timezone.localtime(moment, timezone.get_default_timezone())
    return local.isoformat(timespec="milliseconds")
