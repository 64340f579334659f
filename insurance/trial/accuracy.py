"""How good the expected waits were: predicted when the patient joined against the real wait, kept for each day."""

import time
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from insurance.trial.models import LineDay

LEAST_WAIT_SECONDS = 10
"""Shorter waits say nothing about a prediction."""

FEWEST_TURNS = 50
FIRST_SPREAD, LEAST_SPREAD, MOST_SPREAD = 0.10, 0.03, 0.50
KEPT_SECONDS = 60.0

_ERRORS = """
    WITH waits AS (
        SELECT extract(epoch FROM turn_at - created_at)::float8 AS waited, predicted_seconds AS predicted
          FROM insurance_trial
         WHERE turn_at >= %(begin)s AND turn_at < %(end)s AND predicted_seconds IS NOT NULL
           AND turn_at - created_at >= make_interval(secs => %(least)s))
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY waited),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(predicted - waited) / waited),
           percentile_cont(0.9) WITHIN GROUP (ORDER BY abs(predicted - waited) / waited)
      FROM waits
"""


def remember(day: date) -> LineDay | None:
    """Measure a day and keep what was found; asked again, measured anew. None when nobody waited."""
    zone = timezone.get_current_timezone()
    begin = datetime(day.year, day.month, day.day, tzinfo=zone)
    bounds: dict[str, datetime | int] = {"begin": begin, "end": begin + timedelta(days=1), "least": LEAST_WAIT_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(_ERRORS, bounds)
        turns, median_wait, median_error, p90_error = cursor.fetchone()
    if not turns:
        return None
    found = {"turns": turns, "median_wait_seconds": median_wait, "median_error": median_error, "p90_error": p90_error}
    found["measured_at"] = Now()
    return LineDay.objects.update_or_create(day=day, defaults=found)[0]


def remember_lately() -> int:
    """The tick: today so far and yesterday. Returns how many days there was something to remember of."""
    today = timezone.localdate()
    fresh = LineDay.objects.filter(measured_at__gt=Now() - timedelta(seconds=KEPT_SECONDS))
    if fresh.exists():
        return 0
    return sum(remember(day) is not None for day in (today - timedelta(days=1), today))


class _Spread:
    """The spread that is shown, read again every minute."""

    def __init__(self) -> None:
        self.read_at = -KEPT_SECONDS
        self.share = FIRST_SPREAD


_spread = _Spread()


def spread() -> float:
    """The share of the wait by which nine in ten turns differed at most, on the last day with enough turns."""
    now = time.monotonic()
    if now - _spread.read_at >= KEPT_SECONDS:
        _spread.read_at, _spread.share = now, _measured()
    return _spread.share


def _measured() -> float:
    day = LineDay.objects.filter(turns__gte=FEWEST_TURNS).order_by("-day").first()
    return min(max(day.p90_error, LEAST_SPREAD), MOST_SPREAD) if day else FIRST_SPREAD
