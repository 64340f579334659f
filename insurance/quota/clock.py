"""The database's clock, watched: permits are counted on it, so nobody may set it unnoticed (`docs/limit.md`).

Every host has a clock that runs evenly and that no one sets (the time since it was started). Two readings of the
database's clock must lie as far apart as on that one; if they do not, the clock was set in between. Forward is the
dangerous direction: every permit is put off by as much. Back costs a pause of as much and is only written down.

A host that knows nothing yet waits until whatever was taken before it came must be over.
"""

import subprocess  # nosec B404  one fixed command, below
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Sum

from insurance.quota.models import ClockStep, ClockWitness, Permit

LEAST_STEP_SECONDS = 0.02
"""A difference that is not taken for a step; the permits' margin covers it."""

DRIFT = 0.0002
"""Two good clocks may run apart by so many seconds a second."""

WIDEST_SECONDS = 0.05
"""A reading that took longer says too little; it is repeated. With the least step and a narrow base, what cannot be
seen stays within the permits' margin."""

NARROW_SECONDS = 0.005
"""So fast must a reading have been that others are compared with, while there are such."""

REBASE_SECONDS, LATEST_REBASE_SECONDS = 30.0, 120.0
"""So old may the reading be that others are compared with; after the second it is renewed by what there is."""

CLOCK_LOCK = 4_203
"""The advisory lock under which steps are written down: one host's word is enough."""

_READ = """
    SELECT extract(epoch FROM clock_timestamp())::float8, (SELECT coalesce(max(id), 0) FROM insurance_clockstep),
           left(pg_walfile_name(pg_current_wal_lsn()), 8)
"""
_WITNESSED = ("database_at", "early", "late", "step_id")
_PUT_OFF = """
    UPDATE insurance_permit SET free_at = free_at + make_interval(secs => %(seconds)s);
    UPDATE insurance_slot SET free_at = free_at + make_interval(secs => %(seconds)s);
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's clock, in seconds since 1970, read between `early` and `late` on this host's own clock."""

    database_at: float
    early: float
    late: float
    step_id: int = 0
    """The last step that was written down before it."""

    timeline: str = ""
    """Of the server that answered: another one after a failover."""


def step_between(base: Reading, now: Reading) -> float:
    """By how much the database's clock was set between two readings of one host; 0 when it surely was not."""
    ran = now.database_at - base.database_at
    shortest, longest = now.early - base.late, now.late - base.early
    allowed = LEAST_STEP_SECONDS + DRIFT * max(longest, 0.0)
    if ran > longest + allowed or ran < shortest - allowed:
        return ran - shortest
    return 0.0


class Watch:
    """What this process knows: the reading to compare with, and since when it has been looking."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a new process does."""
        self.base: Reading | None = None
        self.first: Reading | None = None

    def verified(self, quiet_seconds: float) -> Reading | None:
        """A reading when it can be relied on; else None. Call within a transaction.

        `quiet_seconds`: how long a call may matter that was made before this host came.
        """
        now = _read()
        if now is None:
            return None
        base = self._base(now)
        if base is None and not self._has_waited(now, quiet_seconds):
            return None
        step = step_between(base, now) if base else 0.0
        if base and step:
            _note(step, base, now)
            now = replace(now, step_id=_last_step_id())
        if base is None or step or _is_due(base, now):
            self.base = now
            _bear_witness(now)
        return now

    def _base(self, now: Reading) -> Reading | None:
        """Our own reading; an old one only if no other process of this host has a younger."""
        if self.base and now.early - self.base.late <= REBASE_SECONDS:
            return self.base
        witness = _witness()
        if witness and (self.base is None or witness.late > self.base.late):
            return witness
        return self.base

    def _has_waited(self, now: Reading, quiet_seconds: float) -> bool:
        """Nobody of this host can vouch for the clock: wait, unless nothing was ever sent."""
        if not Permit.objects.filter(takings__gt=0).exists():
            return True
        if self.first is None or step_between(self.first, now):
            self.first = now
        return now.early - self.first.late >= quiet_seconds


watch = Watch()


def look(quiet_seconds: float) -> None:
    """Look at the clock, so that this host's witness stays young also while nothing is sent."""
    with transaction.atomic():
        watch.verified(quiet_seconds)


def set_forward_seconds(since: datetime) -> float:
    """By how much the database's clock was set forward since that time, as far as anybody saw."""
    steps = ClockStep.objects.filter(at__gte=since, seconds__gt=0)
    return float(steps.aggregate(forward=Sum("seconds"))["forward"] or 0.0)


def database_now() -> datetime:
    """What the database's clock says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now


def own_clock() -> float:
    """Seconds on this host's own clock; it goes on while the host sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@cache
def boot_id() -> str:
    """What this host has been called since it was started; empty where the system does not tell."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    if sys.platform == "darwin":
        fixed = ["sysctl", "-n", "kern.bootsessionuuid"]
        told = subprocess.run(fixed, capture_output=True, text=True)  # nosec B603 B607  nothing of anybody's in it
        return told.stdout.strip()
    return ""


def _read() -> Reading | None:
    """A reading that was fast enough, or none after three attempts."""
    for _ in range(3):
        with connection.cursor() as cursor:
            early = own_clock()
            cursor.execute(_READ)
            database_at, step_id, timeline = cursor.fetchone()
            late = own_clock()
        if late - early <= WIDEST_SECONDS:
            return Reading(database_at, early, late, step_id, timeline)
    return None


def _is_due(base: Reading, now: Reading) -> bool:
    """Whether the next ones are compared with this reading."""
    age = now.early - base.late
    narrow = now.late - now.early <= NARROW_SECONDS
    return age > (REBASE_SECONDS if narrow else LATEST_REBASE_SECONDS)


def _note(step: float, base: Reading, now: Reading) -> None:
    """Write the step down and put the permits off, unless another host has done so already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLOCK_LOCK])
        noted = ClockStep.objects.filter(pk__gt=base.step_id).aggregate(Sum("seconds"))["seconds__sum"] or 0.0
        unexplained = step - noted
        allowed = LEAST_STEP_SECONDS + DRIFT * (now.late - base.early)
        if abs(unexplained) <= allowed or unexplained * step < 0:
            return
        ClockStep.objects.create(seconds=unexplained, seen_by=boot_id())
        if unexplained > 0:
            cursor.execute(_PUT_OFF, {"seconds": unexplained})


def _last_step_id() -> int:
    newest = ClockStep.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def _witness() -> Reading | None:
    if not boot_id():
        return None
    row = ClockWitness.objects.filter(pk=boot_id()).values_list(*_WITNESSED).first()
    return Reading(*row) if row else None


def _bear_witness(reading: Reading) -> None:
    if boot_id():
        seen = {name: getattr(reading, name) for name in _WITNESSED}
        ClockWitness.objects.update_or_create(pk=boot_id(), defaults=seen)
