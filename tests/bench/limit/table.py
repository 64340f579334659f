"""The benchmark: everything started, measured together, counted, and put into one table."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.bench import measure
from tests.bench.figures import Sheet
from tests.bench.limit import arrivals
from tests.bench.limit.cases import OURS, Case, Counted, cases
from tests.bench.limit.forks import settle
from tests.bench.limit.scale import Scale, scale_of
from tests.bench.options import Options

READY_SECONDS = 120
TOO_BUSY_PERCENT = 80


def run(options: Options) -> list[Sheet]:
    """One table; every row is measured for the same time."""
    scale = scale_of(options)
    settle()
    rows = cases(scale, Path(os.environ["VAR"]) / "log" / "limit")
    try:
        busy = _measure(rows, scale)
        counted = [row.counted() for row in rows]
    finally:
        for row in rows:
            row.senders.kill()
            row.receiver.kill()
    return [_sheet(scale, rows, counted, busy)]


def _measure(rows: Sequence[Case], scale: Scale) -> str:
    """Let all rows loose; how busy the machine was meanwhile.

    They begin one after the other within a window: each begins with n requests at once, and again a window later.
    """
    for row in rows:
        row.get_ready()
    for row in rows:
        row.supply()
    deadline = time.monotonic() + READY_SECONDS
    for row in rows:
        row.wait_until_ready(deadline)
    _say(rows, scale)
    pause, began = scale.window / len(rows), time.monotonic()
    ends: list[float] = []
    psutil.cpu_percent()
    for place, row in enumerate(rows):
        _wait_until(began + place * pause, rows)
        row.begin()
        ends.append(time.monotonic() + scale.seconds)
    for row, moment in zip(rows, ends, strict=True):
        _wait_until(moment, rows)
        row.end()
    return _busy(psutil.cpu_percent())


def _busy(percent: float) -> str:
    """How much of the machine was in use, by whomever."""
    said = f"CPU {percent:.0f} % of {os.cpu_count()} cores in use, load {os.getloadavg()[0]:.1f}"
    return f"{said}: TOO BUSY, times and shares are the machine's" if percent > TOO_BUSY_PERCENT else said


def _say(rows: Sequence[Case], scale: Scale) -> None:
    workers, seconds = sum(row.workers for row in rows), scale.seconds + scale.window
    print(f"limit: {len(rows)} rows with {workers} worker processes are measured for {seconds:g} s", file=sys.stderr)


def _wait_until(moment: float, rows: Sequence[Case]) -> None:
    while (left := moment - time.monotonic()) > 0:
        for row in rows:
            row.check()
        time.sleep(min(left, 1.0))


def _sheet(scale: Scale, rows: Sequence[Case], counted: Sequence[Counted], busy: str) -> Sheet:
    title = f"never more than {scale.n} in any {scale.window} s, counted at the receiver for {scale.seconds:g} s"
    pairs = list(zip(rows, counted, strict=True))
    notes = [_wait(row, found) for row, found in pairs if row.limiter.name == OURS]
    threads = sorted({(row.workers, row.job.threads) for row in rows})
    senders = ", ".join(f"{workers} × {count}" for workers, count in threads)
    notes.append(f"processes × threads that send: {senders}; time limit {scale.timeout_seconds:g} s; meanwhile {busy}")
    return Sheet(title, [_row(scale, row, found) for row, found in pairs], notes)


def _row(scale: Scale, row: Case, found: Counted) -> dict[str, Any]:
    used, answer = arrivals.used(found.times, scale.n, scale.window), found.mean_answer_seconds
    of_best = used / arrivals.best(scale.window, answer) if used is not None and answer is not None else None
    return {
        "limiter": row.limiter.name,
        "workers": row.workers,
        "network": str(row.network),
        "arrivals": len(found.times),
        "over n": found.over,
        "worst window": found.worst,
        "% of n": _percent(used),
        "% of best": _percent(of_best),
        "answer ms": None if answer is None else answer * 1000,
        "in flight": found.in_flight,
        "worst 1 s": arrivals.worst_second(found.times),
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _wait(row: Case, found: Counted) -> str:
    """How soon a permit that has come free is used again."""
    until = "at the receiver" if row.network.is_calm else "written down to leave"
    said = measure.spread_ms(found.waits) if found.waits else "no permit was used twice"
    who = f"{row.workers} worker(s), {row.network}"
    return f"ours, permit free → request {until}, {who}: {said} ({len(found.waits)} times)"
