"""What every worker does beside its tasks: declare all queues at its start, and by its own timer declare them again,
ask for the ticks, and leave a mark for those who watch whether it is alive.

The timer is the second path (design 4): a dead beat delays and never stops. Ticks may come twice: each takes a lock or
claims rows. A Redis that was wiped has forgotten which exchange leads to which queue, and whoever stays connected takes
them for declared: what is sent is dropped until somebody declares them anew.
"""

import logging
import os
from pathlib import Path
from typing import Any

from celery import bootsteps
from kombu.exceptions import OperationalError

from hospital.archives.channels import DeclaredOtherwise, declare

log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
TICKS = (
    "tasks.filing.drain",
    "tasks.notices.send",
    "tasks.upkeep.turns",
    "tasks.upkeep.sweep",
    "tasks.upkeep.records",
    "tasks.reconciliation.run",
    "tasks.upkeep.archive",
)


class Topology(bootsteps.StartStopStep):
    """Declares all queues before the consumer starts: also those of other workers, and the one for dead letters."""

    def start(self, parent: Any) -> None:
        try:
            declare_queues(parent.app)
        except DeclaredOtherwise as error:
            log.critical("%s", error)
            raise SystemExit(os.EX_CONFIG) from None


def declare_queues(app: Any, **patience: Any) -> None:
    """Every queue, tied to its exchange. `patience`: as `ensure_connection`; for ever unless something else is said.
    Raises `OperationalError`, `DeclaredOtherwise`."""
    with app.connection_for_write() as connection:
        connection.ensure_connection(errback=_waiting, **patience)
        with connection.channel() as channel:
            for queue in app.amqp.queues.values():
                declare(queue.bind(channel))


class SecondPath(bootsteps.StartStopStep):
    """Declares the queues again and asks for the ticks, beside the consumer."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.timer: Any = None

    def start(self, parent: Any) -> None:
        self.timer = parent.timer.call_repeatedly(EVERY_SECONDS, _by_the_timer, (parent.app, _mark(parent.hostname)))

    def stop(self, parent: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()


def _waiting(error: Exception, seconds: float) -> None:
    log.warning("waiting for the broker: %s, again in %s s", type(error).__name__, seconds)


def _mark(hostname: str) -> Path:
    """The file of a node such as `general@host`: `general.alive` in VAR."""
    return Path(os.environ.get("VAR", "var")) / f"{hostname.partition('@')[0]}.alive"


def _by_the_timer(app: Any, mark: Path) -> None:
    try:
        declare_queues(app, max_retries=1)
        for tick in TICKS:
            app.send_task(tick, expires=EVERY_SECONDS, retry=False)
    except OperationalError as error:
        log.warning("the broker takes no tick from the worker's timer: %s", type(error).__name__)
    except DeclaredOtherwise as error:
        log.error("%s", error)
    else:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
