"""The ticks: how long ago each came. Beat may be dead although everything still works by the second path."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from hospital import ticks
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
