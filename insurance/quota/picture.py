"""The calls of a quota over the last minutes, drawn against n."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from insurance.quota import curve, proof
from insurance.quota.curve import Drawing
from insurance.quota.models import Quota
from insurance.quota.proof import Worst
from insurance.quota.windows import SECOND, Columns

COLUMN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Picture:
    """`now_standing`: the calls of the 60 seconds before now."""

    worst: Worst
    now_standing: int
    drawing: Drawing


def of(quota: Quota, now: datetime, shown: timedelta, tick: timedelta) -> Picture:
    """What was sent in the time `shown` before `now`, with a label every `tick`."""
    begin = now - shown
    columns = Columns(proof.microseconds(begin), COLUMN_SECONDS * SECOND, int(shown.total_seconds()) // COLUMN_SECONDS)
    worst = proof.worst_of(quota, begin, now, [columns])
    points = curve.columns(begin.timestamp(), COLUMN_SECONDS, columns.level)
    limit = [(change.at.timestamp(), change.in_force) for change in proof.changes_of(quota, begin, now)]
    times = [(at.timestamp(), f"{timezone.localtime(at):%H:%M}") for at in _ticks(begin, now, tick)]
    return Picture(worst, int(columns.level[-1]), curve.drawing(points, limit, now.timestamp(), times))


def _ticks(begin: datetime, end: datetime, tick: timedelta) -> Iterator[datetime]:
    at = begin - (begin - datetime.min.replace(tzinfo=begin.tzinfo)) % tick + tick
    while at < end:
        yield at
        at += tick
