"""The ticks: how long ago each came. Beat may be dead although everything still works by the second path.

And what is done by one of them seldom: old months that go into files.
"""

from collections.abc import Iterable

from django.conf import settings
from prometheus_client.metrics_core import Metric

from hospital import ticks
from insurance.archiving import runs
from insurance.quota.clock import database_now
from operations.metrics.family import filled, gauge
from tasks.second_path import TICKS


def read() -> Iterable[Metric]:
    """A tick that has never come has no sample."""
    ages = ticks.ages_seconds()
    yield filled(
        "hospital_tick_age_seconds",
        "How long ago each tick came.",
        ["tick"],
        (([name], max(ages[name], 0.0)) for name in TICKS if name in ages),
    )
    yield gauge("hospital_ticks_missing", "Ticks that have never come.", sum(name not in ages for name in TICKS))
    yield from _archiving()


def _archiving() -> Iterable[Metric]:
    """Without ARCHIVE_FOLDER it is off; a run that never ended or never failed has no sample."""
    state, now = runs.state(), database_now()
    yield gauge(
        "hospital_archiving_on", "Whether old months go into files by themselves.", bool(settings.ARCHIVE_FOLDER)
    )
    yield gauge("hospital_archiving_failing", "Whether the last run could not come to its end.", state.is_failing)
    yield filled(
        "hospital_archiving_age_seconds",
        "How long ago old months were last put into files, or could not be.",
        ["end"],
        (
            ([end], max((now - at).total_seconds(), 0.0))
            for end, at in (("good", state.ended_at), ("failed", state.failed_at))
            if at is not None
        ),
    )
