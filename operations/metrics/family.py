"""Families of samples, and the rows they are made of."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from prometheus_client.metrics_core import GaugeMetricFamily

COUNTED_AT_MOST = 10_000
"""Nothing is counted beyond: a long backlog must not make a scrape cost more. Who sees this number knows enough."""


def gauge(name: str, means: str, value: float | None = None, labels: Sequence[str] | None = None) -> GaugeMetricFamily:
    """A family; with `value` it has that one sample."""
    return GaugeMetricFamily(name, means, value=None if value is None else float(value), labels=labels)


def filled(name: str, means: str, labels: Sequence[str], samples: Iterable[tuple[Sequence[str], float]]) -> Any:
    """A family with a sample for each of these label values."""
    family = gauge(name, means, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Everything a query finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())
