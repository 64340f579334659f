"""Reading a place in the line (`line.place_of`) with few and with many waiting; every patient's page asks for it.

Baseline: the one count that a place needs, by psycopg2; ours reads n and the next free permit as well.
"""

import time
from collections.abc import Callable

from django.db import connection

from insurance.states import TrialState
from insurance.trial import line
from insurance.trial.models import Trial
from tests.bench import figures, measure, rows
from tests.bench.figures import Figure

LENGTHS = (100, 10_000)
"""How many wait. The one who asks is the last."""

CROWD = 100
"""How many patients wait, each with as many appointments as it takes."""

CHUNK = 20
"""Readings of each side before the other has its turn."""

_COUNT = "SELECT count(*) FROM insurance_trial WHERE state = 'waiting' AND id < %s"


def run(seconds: int) -> list[Figure]:
    """One figure a length; each side is measured for about half of `seconds`."""
    who, sessions = rows.patients(CROWD), rows.sessions(max(LENGTHS) // CROWD, seats=1)
    booked = rows.appointments(who, sessions)
    found: list[Figure] = []
    for length in LENGTHS:
        Trial.objects.bulk_create(Trial(appointment=one) for one in booked[Trial.objects.count() : length])
        rows.tidy(Trial)
        found.append(_measured(length, seconds / 2))
    return found


def _measured(length: int, seconds: float) -> Figure:
    last = Trial.objects.filter(state=TrialState.WAITING).latest("pk")
    ours: list[float] = []
    bare: list[float] = []
    ends = time.monotonic() + 2 * seconds
    while time.monotonic() < ends:
        for side, found in ((_place, ours), (_count, bare)):
            found += [_timed(side, last, length - 1) for _ in range(CHUNK)]
    notes = f"{measure.spread_ms(ours)}; SQL {measure.spread_ms(bare)}"
    return figures.compared(f"line: {length:,} waiting", "ms", _chunks(ours), _chunks(bare), notes)


def _chunks(seconds: list[float]) -> list[float]:
    """The median of each turn, in milliseconds."""
    return [measure.median(seconds[i : i + CHUNK]) * 1000 for i in range(0, len(seconds), CHUNK)]


def _timed(side: Callable[[Trial], int], trial: Trial, expected: int) -> float:
    began = time.perf_counter()
    ahead = side(trial)
    taken = time.perf_counter() - began
    if ahead != expected:
        raise RuntimeError(f"{ahead} ahead, not {expected}")
    return taken


def _place(trial: Trial) -> int:
    return line.place_of(trial).ahead


def _count(trial: Trial) -> int:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute(_COUNT, [trial.pk])
        return int(cursor.fetchone()[0])
