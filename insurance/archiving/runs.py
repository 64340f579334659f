"""Months go into files one after the other: at the command line, or by a tick where ARCHIVE_FOLDER is set (ADR 33).

One at a time: who began it holds a lease, and renews it while rows are read and deleted. Two at once would write the
same file, the second one from what the first one has left.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import keys, ticks
from hospital.errors import Conflict, Refusal
from insurance.archiving import months
from insurance.archiving.models import Archiving
from insurance.archiving.months import Month

log = logging.getLogger(__name__)

TICK = "months into files"
EVERY_SECONDS = 3_600
MOST_SECONDS = 60.0
"""After that the tick deletes no further: the next one finds the file and goes on. A file is written in one."""

LEASE_SECONDS = 900
FAULTS = (Refusal, OSError, keys.UnknownKey)
"""What keeps a month in its table: what is in hand, a file that differs, a folder that is full or not there."""

Renew = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Archived:
    """A month, its file, and how many rows were deleted now; `whole`: none of it is left in the table."""

    month: Month
    path: Path
    rows: int
    whole: bool


def run_due() -> int:
    """The tick: nothing without ARCHIVE_FOLDER, and not before it is due. How many rows went. Raises one of `FAULTS`
    but for a month that is in hand, which is no fault."""
    if not settings.ARCHIVE_FOLDER or not ticks.take(TICK, every_seconds=EVERY_SECONDS):
        return 0
    rows = 0
    try:
        for archived in run(Path(settings.ARCHIVE_FOLDER), most_seconds=MOST_SECONDS):
            log.info("%s: %s rows deleted", archived.path.name, archived.rows)
            rows += archived.rows
    except Conflict as conflict:
        if conflict.code not in ("in_hand", "being_archived"):
            raise
        log.info("no month into a file: %s", conflict.detail)
    return rows


def run(folder: Path, *, pause: float = 0.0, most_seconds: float | None = None) -> Iterator[Archived]:
    """Whatever is old enough, month by month, until nothing is or the time is over; how it ended is kept.

    Raises `Conflict("being_archived")` where somebody else is at it, and one of `FAULTS`.
    """
    give_up_at = None if most_seconds is None else time.monotonic() + most_seconds
    with _held() as renew:
        for table in months.TABLES:
            while (month := months.oldest(table)) and not _is_over(give_up_at):
                yield _one(month, folder, renew, pause, give_up_at)


def state() -> Archiving:
    """How it stands; a row is made by the first run."""
    return Archiving.objects.first() or Archiving()


def _one(month: Month, folder: Path, renew: Renew, pause: float, give_up_at: float | None) -> Archived:
    months.require_nothing_open(month)
    path, rows = months.keep(month, folder, renew), 0
    for count in months.delete(month, renew):
        rows += count
        if _is_over(give_up_at):
            return Archived(month, path, rows, whole=False)
        time.sleep(pause)
    return Archived(month, path, rows, whole=True)


def _is_over(give_up_at: float | None) -> bool:
    return give_up_at is not None and time.monotonic() >= give_up_at


@contextmanager
def _held() -> Iterator[Renew]:
    """The lease, and in the end what became of it. A fault is kept without a person's data: kind, and what it says."""
    attempt = _take()
    mine = Archiving.objects.filter(attempt=attempt)
    try:
        yield lambda: _renew(attempt)
    except FAULTS as fault:
        said = str(getattr(fault, "detail", fault))[:300]
        if isinstance(fault, Conflict) and fault.code == "in_hand":
            mine.update(leased_until=None, ended_at=Now(), waits_for=said)
        else:
            mine.update(leased_until=None, failed_at=Now(), error=f"{type(fault).__name__}: {said}"[:300])
        raise
    except BaseException as error:  # its time is over, or nobody foresaw it: known all the same, and free for the next
        mine.update(leased_until=None, failed_at=Now(), error=type(error).__name__)
        raise
    else:
        mine.update(leased_until=None, ended_at=Now(), waits_for="")


def _take() -> int:
    """The row, for whoever asks first. Raises `Conflict("being_archived")`."""
    row, _made = Archiving.objects.get_or_create(pk=1)
    free = Archiving.objects.filter(Q(leased_until=None) | Q(leased_until__lt=Now()), pk=1, attempt=row.attempt)
    until = Now() + timedelta(seconds=LEASE_SECONDS)
    if not free.update(attempt=F("attempt") + 1, leased_until=until):
        raise Conflict("being_archived", _("Somebody else is putting months into files."))
    return row.attempt + 1


def _renew(attempt: int) -> None:
    """Raises `Conflict("overtaken")` where this one stood still for so long that another has taken over."""
    until = Now() + timedelta(seconds=LEASE_SECONDS)
    if not Archiving.objects.filter(pk=1, attempt=attempt).update(leased_until=until):
        raise Conflict("overtaken", _("It stood still too long: somebody else goes on with it."))
