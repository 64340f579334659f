"""The demo's crowd, through every step over the load balancer, while the test does its worst; and what must hold."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from demo.crowd import Crowd, visit
from demo.patient import End, Step
from demo.processes import ProcessDied
from hospital.models import Archive
from hospital.stateful import Journal
from hospital.states import ArchiveState
from insurance.models import Trial
from tests import factories
from tests.chaos import checks, evidence, settling
from tests.hosts.hospital import PLAN, Hospital
from tests.races.together import wait_until

ENDS = {End.COMPLETED}
PROGRESS_SECONDS = 240

LOOK_SECONDS = 1.5

TRIED_AGAIN = {"ConnectError", "ReadError", "WriteError", "RemoteProtocolError", "502", "503", "504"}
"""What a load balancer tries again elsewhere, or the caller a moment later: no answer, or one that says so."""


async def look_soon(seconds: float) -> None:
    """The hospital tells its waits in minutes, and here a minute is short."""
    await asyncio.sleep(min(seconds, LOOK_SECONDS))


class Visit(threading.Thread):
    """A crowd on its way."""

    def __init__(self, url: str, size: int) -> None:
        super().__init__(name="crowd")
        self.url, self.crowd = url, Crowd(size)
        self.failed: Exception | None = None
        self._called_off = threading.Event()

    def run(self) -> None:
        try:
            asyncio.run(visit(self.url, self.crowd, language="en", check=self._check, pause=look_soon))
        except Exception as error:  # noqa: BLE001  whoever waits is told
            self.failed = error

    def priced(self) -> int:
        return self.crowd.reached(Step.PRICED)

    def until_priced(self, more: int) -> None:
        """So many more have a price than now, or nearly everybody has."""
        enough = min(self.priced() + more, self.crowd.size - 1)
        wait_until(lambda: self.failed is not None or self.priced() >= enough, PROGRESS_SECONDS)

    def until_over(self) -> None:
        self.join(2 * PROGRESS_SECONDS)
        assert self.failed is None and not self.is_alive(), self.failed

    def call_off(self) -> None:
        self._called_off.set()
        self.join(30)

    def _check(self) -> None:
        if self._called_off.is_set():
            raise ProcessDied("the test is over")


@contextmanager
def crowd(there: Hospital) -> Iterator[Visit]:
    """Patients who begin now. They are gone when the block ends."""
    factories.session(seats=PLAN.patients)
    visiting = Visit(there.url, PLAN.patients)
    visiting.start()
    try:
        wait_until(lambda: visiting.failed is not None or visiting.crowd.started_at > 0, PROGRESS_SECONDS)
        yield visiting
    finally:
        visiting.call_off()


def wrong(there: Hospital, visiting: Visit) -> dict[str, Any]:
    """Everything that should be nought and is not. Nothing may be at work any more."""
    first = Trial.objects.order_by("-pk").values_list("appointment_id", "number")
    found = evidence.collect(there.insurer, dict(first), [], there.locked)
    found_wrong = {
        **settling.wrong(there.insurer, there.payments, PLAN.n),
        "ends": Counter(str(patient.end) for patient in visiting.crowd.patients if patient.end not in ENDS),
        "losses": dict(visiting.crowd.losses),
        "failed": {what: count for what, count in visiting.crowd.errors.items() if _is_failure(what)},
        "jumped": list(checks.jumped(found)),
        "inverted": [pair for pair, kind in checks.overtaken(found) if kind == "inverted"],
        "lost": [story.place for story in found.stories if checks.is_lost(story)],
        "doubled": [story.place for story in found.stories if checks.is_doubled(story)],
        "not_filed": Archive.objects.exclude(state=ArchiveState.FILED).count(),
        "filed_twice": Journal.objects.filter(kind="archive", to_state="filed").count() - PLAN.patients,
    }
    return {name: value for name, value in found_wrong.items() if value}


def told(there: Hospital, visiting: Visit, began: float) -> str:
    """The figures of a run, for whoever reads along."""
    seen = there.insurer.stats()["metered"]
    worst = {name: each["worst_window"] for name, each in seen.items()}
    errors = dict(visiting.crowd.errors)
    return f"{time.monotonic() - began:.0f} s; worst window {worst} of n = {PLAN.n}; tried again: {errors}"


def _is_failure(what: str) -> bool:
    return what.rpartition(": ")[2] not in TRIED_AGAIN
