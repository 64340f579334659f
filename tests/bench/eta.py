"""What a patient is told about the wait (`eta_seconds`), beside the wait itself. The whole system at real speed.

The processes are those of the Procfile. In the first third of the time twice as many patients join as are served, so
that the line grows to a third of the time; then fewer join than are served, and it empties: the waits range from none
to many minutes. Patients, appointments and archives are rows that were filed and told beforehand; they join over HTTP.
One patient in five looks again as often as the hospital says. A wait ends when the trial leaves the line: the journal's
first step out of `waiting`.

    wait        how long it really was
    bias s      median of told - waited: above zero, patients are told too long
    error s, %  median of |told - waited|, and of that as a share of the wait; 90 % of patients saw no larger share
    in range %  of those who were told a range, how many waits lay in it
"""

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psutil
from django.db.models import Min, Q
from rest_framework_simplejwt.tokens import AccessToken

from demo.simulators import ask_insurer
from demo.stage import HOSPITAL, SIMULATORS
from hospital.models import Appointment, Journal
from insurance.states import TrialState
from insurance.trial.models import Trial
from tests.bench import measure, procfile, rows
from tests.bench.eta_crowd import Crowd, Told, Visitor
from tests.bench.figures import Sheet
from tests.bench.options import Options

MINUTES, PER_MINUTE = 30.0, 100
ANSWER_SECONDS = 0.1
"""What the insurer takes for each answer; a trial is five of them."""

GROWS, CROWDED, QUIET = 1 / 3, 2.0, 0.4
"""For this share of the time so many times n patients join a minute, then so many times n."""

LOOKS = 5
"""One patient in so many looks again and again."""

SHORTEST_SECONDS = 10.0
"""An error is told as a share of waits from here on."""

CLASSES = {
    "under 10 s": (0.0, SHORTEST_SECONDS),
    "10 s to 1 min": (SHORTEST_SECONDS, 60.0),
    "1 to 5 min": (60.0, 300.0),
    "5 min and more": (300.0, float("inf")),
    "10 s and more": (SHORTEST_SECONDS, float("inf")),
}


@dataclass(frozen=True)
class Wait:
    """What a patient was told on joining, and how long it was."""

    told: Told
    seconds: float

    @property
    def error(self) -> float:
        """Seconds by which it was told too long."""
        return self.told.eta_seconds - self.seconds


def run(options: Options) -> list[Sheet]:
    """One table, a row for each class of waits."""
    seconds, n = 60 * (options.minutes or MINUTES), options.per_minute or PER_MINUTE
    times = list(joining(n, seconds, random.Random(1)))
    visitors = [_visitor(number, *one) for number, one in enumerate(zip(rows.told(len(times)), times, strict=True))]
    print(f"eta: {len(visitors)} patients join within {seconds / 60:g} minutes", file=sys.stderr)
    with procfile.running(*SIMULATORS, *HOSPITAL, **_variables(n)) as processes:
        crowd = Crowd(os.environ["PUBLIC_URL"], visitors, processes.check)
        psutil.cpu_percent()
        crowd.visit()
        busy = psutil.cpu_percent()
        _until_nobody_waits(seconds)
        return [_sheet(n, crowd, busy)]


def joining(n: int, seconds: float, chance: random.Random) -> Iterator[float]:
    """When patients join: at random, first more than are served and then fewer."""
    at = 0.0
    while True:
        rate = n / 60 * (CROWDED if at < GROWS * seconds else QUIET)
        at += chance.expovariate(rate)
        if at >= seconds:
            return
        yield at


def rises(told: Sequence[Told]) -> list[tuple[int, str]]:
    """By how many seconds the wait grew from one look to the next, wherever it did, and the reason that was given."""
    return [
        (after.eta_seconds - before.eta_seconds, after.reason)
        for before, after in pairwise(told)
        if after.eta_seconds > before.eta_seconds
    ]


def _visitor(number: int, appointment: Appointment, joins_at: float) -> Visitor:
    user = appointment.patient.user
    return Visitor(appointment.pk, lambda: str(AccessToken.for_user(user)), joins_at, looks=number % LOOKS == 0)


def _variables(n: int) -> dict[str, str]:
    """The environment of the processes: n everywhere, an m above it, and an insurer that takes its time."""
    return {
        "INSURANCE_TRIAL_PER_MINUTE": str(n),
        "INSURANCE_SETTLEMENT_PER_MINUTE": str(n),
        "INSURER_PER_MINUTE": str(n),
        "INSURER_LATENCY_SECONDS": str(ANSWER_SECONDS),
        "FILING_BATCH_SIZE": str(2 * n),
    }


def _until_nobody_waits(seconds: float) -> None:
    """Those who do not look are waited for, too; not for ever."""
    deadline = time.monotonic() + seconds
    while Trial.objects.filter(state=TrialState.WAITING).exists() and time.monotonic() < deadline:
        time.sleep(1)


def waits(visitors: Sequence[Visitor]) -> list[Wait]:
    """What was told on joining and how long it was, of all whose turn has come."""
    journal = Journal.objects.filter(kind="trial").values("item_id").order_by("item_id")
    found = journal.annotate(joined=Min("at", filter=Q(from_state="")), left=Min("at", filter=Q(from_state="waiting")))
    waited = {one["item_id"]: (one["left"] - one["joined"]).total_seconds() for one in found if one["left"]}
    return [Wait(one.told[0], waited[one.trial]) for one in visitors if one.trial in waited]


def _sheet(n: int, crowd: Crowd, busy: float) -> Sheet:
    found = waits(crowd.visitors)
    table = [
        _row(name, [wait for wait in found if least <= wait.seconds < below])
        for name, (least, below) in CLASSES.items()
    ]
    never = sum(one.trial is not None for one in crowd.visitors) - len(found)
    errors = ", ".join(f"{count} × {what}" for what, count in crowd.errors.items()) or "none"
    notes = [_rises(crowd), f"turn never came: {never}; errors: {errors}; CPU {busy:.0f} % in use", _insurer(n)]
    return Sheet(f"the wait that is told on joining, n = {n} a minute", table, notes)


def _row(name: str, found: Sequence[Wait]) -> dict[str, Any]:
    errors = [wait.error for wait in found]
    shares = [100 * abs(wait.error) / wait.seconds for wait in found if wait.seconds >= SHORTEST_SECONDS]
    ranged = [wait for wait in found if wait.told.low_seconds is not None and wait.told.high_seconds is not None]
    inside = [(one.told.low_seconds or 0) <= one.seconds <= (one.told.high_seconds or 0) for one in ranged]
    return {
        "wait": name,
        "patients": len(found),
        "wait p50 s": _median([wait.seconds for wait in found]),
        "bias s": _median(errors),
        "error p50 s": _median([abs(one) for one in errors]),
        "error p50 %": _median(shares),
        "error p90 %": measure.percentile(shares, 90) if shares else None,
        "in range %": 100 * sum(inside) / len(inside) if inside else None,
    }


def _median(values: Sequence[float]) -> float | None:
    return measure.median(values) if values else None


def _rises(crowd: Crowd) -> str:
    """Between two looks of one patient the wait should only shrink."""
    looks = sum(max(len(one.told) - 1, 0) for one in crowd.visitors)
    found = [rise for one in crowd.visitors for rise in rises(one.told)]
    unexplained = sum(not reason for _, reason in found)
    worst = max((seconds for seconds, _ in found), default=0)
    grew = f"the wait grew {len(found)} times, {unexplained} of them without a reason, at worst by {worst} s"
    return f"looked again {looks:,} times; {grew}"


def _insurer(n: int) -> str:
    stats = ask_insurer(os.environ["INSURANCE_URL"])
    return f"at the insurer: {stats.arrivals} trials, worst 60 s {stats.worst_60s} of {n}, over n: {stats.over_limit}"
