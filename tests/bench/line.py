"""Reading a place in the line (`line.place_of`) with 1,000 and with 1,000,000 waiting; every patient's page asks.

Baseline: the one count that a place is by its definition, by psycopg2; ours reads n and the next free permit as well.
"""

import time
from collections.abc import Callable, Iterator

from django.db import connection

from insurance.states import TrialState
from insurance.trial import line
from insurance.trial.models import Trial
from tests.bench import figures, line_rows, measure
from tests.bench.figures import Figure
from tests.bench.options import Options

LENGTHS = (1_000, 1_000_000)
"""How many wait."""

PLACES = {"first": 0.0, "middle": 0.5, "last": 1.0}
"""Who asks, as a share of the length."""

CHUNK = 10
"""Readings of each side before the other has its turn."""

_COUNT = "SELECT count(*) FROM insurance_trial WHERE state = 'waiting' AND line_id = %s AND number < %s"


def run(options: Options) -> list[Figure]:
    """A figure for each place at each length, each side measured for about `seconds` at all places of a length
    together; then what the length costs."""
    found: dict[tuple[int, str], Figure] = {}
    for length in LENGTHS:
        line_rows.fill(length)
        for place, share in PLACES.items():
            ahead = round(share * (length - 1))
            found[length, place] = _measured(length, place, ahead, 2 * options.seconds / len(PLACES))
    return [*found.values(), *_grown(found)]


def _measured(length: int, place: str, ahead: int, seconds: float) -> Figure:
    trial = Trial.objects.filter(state=TrialState.WAITING).order_by("number")[ahead]
    ours: list[float] = []
    bare: list[float] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for side, found in ((_place, ours), (_count, bare)):
            found += [_timed(side, trial, ahead) for _ in range(CHUNK)]
    notes = f"{measure.spread_ms(ours)}; count {measure.spread_ms(bare)}"
    return figures.compared(f"line: {place} of {length:,}", "ms", _chunks(ours), _chunks(bare), notes)


def _grown(found: dict[tuple[int, str], Figure]) -> Iterator[Figure]:
    """The longest line beside the shortest, for each place."""
    short, long = LENGTHS
    for place in PLACES:
        few, many = found[short, place].ours, found[long, place].ours
        notes = f"ours with {long:,} waiting; baseline: ours with {short:,}"
        yield Figure(f"line: {place}, {long // short:,} × as many", "ms", many, few, many / few, notes)


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
        cursor.execute(_COUNT, [trial.line_id, trial.number])
        return int(cursor.fetchone()[0])
