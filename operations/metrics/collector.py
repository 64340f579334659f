"""The collector: one reading of the database and the broker a scrape, kept for a few seconds for whoever asks again."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector as BaseCollector

from operations import broker
from operations.metrics import calls, interface, lines, money, upkeep
from operations.metrics.family import gauge

log = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
STATEMENT_MILLISECONDS = 3_000
"""A database that is too slow for this has other work to do than to be measured."""

PARTS: tuple[Callable[[], Iterable[Metric]], ...] = (
    lines.read,
    interface.read,
    money.read,
    calls.read,
    upkeep.read,
)


class Collector(BaseCollector):
    """Reads in one read-only transaction. Two who scrape at the same time are given the same reading."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """The next one who asks is given a new reading."""
        self._read_at, self._kept = -KEPT_SECONDS, list[Metric]()

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the names are those of a reading."""
        return ()

    def collect(self) -> Sequence[Metric]:
        with self._lock:
            if time.monotonic() - self._read_at >= KEPT_SECONDS:
                self._kept = [*_of_the_database(), *_of_the_broker()]
                self._read_at = time.monotonic()
            return self._kept


def _of_the_database() -> Iterable[Metric]:
    began = time.monotonic()
    try:
        families = _read()
    except (DatabaseError, InterfaceError) as error:
        log.warning("metrics: the database gives no answer: %s", type(error).__name__)
        families = []
    yield gauge("hospital_database_up", "Whether the database answered (1) within its time limit.", bool(families))
    yield gauge("hospital_metrics_read_seconds", "How long the database was read for this.", time.monotonic() - began)
    yield from families


def _read() -> list[Metric]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_MILLISECONDS}")
        return [family for part in PARTS for family in part()]


def _of_the_broker() -> Iterable[Metric]:
    told = broker.ask()
    labels = ["kind"]
    up = gauge("hospital_broker_up", "Whether the broker answered (1) within its time limit.", labels=labels)
    up.add_metric(["amqp" if settings.BROKER_IS_AMQP else "redis"], float(told.up))
    depths = gauge("hospital_queue_messages", "Messages ready in each queue of the broker.", labels=["queue"])
    for name, depth in told.depths.items():
        if depth is not None:
            depths.add_metric([name], depth)
    yield from (up, depths)
