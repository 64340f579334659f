"""Who waits: for filing, for notices, for a trial; and how good the expected waits were."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from prometheus_client.metrics_core import Metric

from insurance.trial.models import LineDay
from operations.metrics.family import COUNTED_AT_MOST, filled, gauge, rows

# Each through its partial index, counted up to a ceiling; the oldest is the first of the index.
_BACKLOGS = f"""
    SELECT (SELECT count(*) FROM (SELECT 1 FROM hospital_archive WHERE state = 'queued' LIMIT {COUNTED_AT_MOST}) AS a),
           (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8
              FROM hospital_archive WHERE state = 'queued' ORDER BY id LIMIT 1),
           (SELECT count(*) FROM (SELECT 1 FROM hospital_notice
                                   WHERE state = 'pending' AND due_at <= statement_timestamp()
                                   LIMIT {COUNTED_AT_MOST}) AS n),
           (SELECT extract(epoch FROM clock_timestamp() - due_at)::float8
              FROM hospital_notice
             WHERE state = 'pending' AND due_at <= statement_timestamp() ORDER BY due_at LIMIT 1),
           (SELECT count(*) FROM (SELECT 1 FROM hospital_notice
                                   WHERE state = 'failed' AND created_at > statement_timestamp() - interval '1 day'
                                   LIMIT {COUNTED_AT_MOST}) AS f)
"""
_LINES = """
    SELECT insurer.name, CASE WHEN line.urgent THEN 'urgent' ELSE coalesce(department.code, 'common') END,
           greatest(line.joined - line.gone, 0),
           coalesce((SELECT extract(epoch FROM clock_timestamp() - trial.created_at)::float8 FROM insurance_trial trial
                      WHERE trial.line_id = line.id AND trial.state = 'waiting' ORDER BY trial.number LIMIT 1), 0)
      FROM insurance_line line JOIN insurance_insurer insurer ON insurer.id = line.insurer_id
      LEFT JOIN hospital_department department ON department.id = line.department_id ORDER BY line.id
"""


@dataclass(frozen=True, slots=True)
class Backlogs:
    """What waits for the hospital itself; counts up to COUNTED_AT_MOST, ages in seconds (0: nothing waits)."""

    archives: int
    archive_age: float
    notices: int
    notice_age: float
    notices_failed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line: how many wait, and how long the first of them has waited (seconds)."""

    insurer: str
    line: str
    count: int
    oldest_seconds: float


def backlogs() -> Backlogs:
    """Archives that wait to be filed, notices that are due, and those of the last day that were given up."""
    ((archives, archive_age, notices, notice_age, failed),) = rows(_BACKLOGS)
    return Backlogs(archives, archive_age or 0, notices, notice_age or 0, failed)


def waiting() -> list[Waiting]:
    """Who waits for a trial, line by line."""
    return [Waiting(*row) for row in rows(_LINES)]


def read() -> Iterable[Metric]:
    """The backlogs and the lines."""
    told = backlogs()
    yield gauge("hospital_archives_waiting", "Archives that wait to be filed.", told.archives)
    yield gauge("hospital_archives_oldest_wait_seconds", "How long the oldest of them has waited.", told.archive_age)
    yield gauge("hospital_notices_waiting", "Notices that are due and not sent.", told.notices)
    yield gauge("hospital_notices_oldest_wait_seconds", "How long the first of them has been due.", told.notice_age)
    yield gauge("hospital_notices_failed", "Notices of the last day that were given up.", told.notices_failed)
    yield from _lines()
    yield from _expected()


def _lines() -> Iterable[Metric]:
    found, labels = waiting(), ["insurer", "line"]
    yield filled(
        "insurance_line_waiting",
        "Patients who wait for a trial.",
        labels,
        (([one.insurer, one.line], one.count) for one in found),
    )
    yield filled(
        "insurance_line_oldest_wait_seconds",
        "How long the first in the line has waited.",
        labels,
        (([one.insurer, one.line], one.oldest_seconds) for one in found),
    )


def _expected() -> Iterable[Metric]:
    """By yesterday's and today's turns: the last day that is known."""
    day = LineDay.objects.filter(day__gte=timezone.localdate() - timedelta(days=1)).order_by("-day").first()
    errors = gauge(
        "insurance_eta_error_ratio",
        "Error of the expected waits of the last day, as a share of the real wait.",
        labels=["quantile"],
    )
    if day is not None:
        errors.add_metric(["0.5"], day.median_error)
        errors.add_metric(["0.9"], day.p90_error)
    yield errors
    yield gauge("insurance_eta_turns", "How many turns that error is measured by.", day.turns if day else 0)
