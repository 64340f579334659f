"""`filing.file_batch(200)`: milliseconds a batch. Baseline: bare SQL for the same rows, batch by batch in turn."""

import time
from collections.abc import Callable

import psutil

from hospital.archives import filing
from hospital.models import Archive, Journal
from hospital.notices.models import Notice
from hospital.states import ArchiveState
from tests.bench import figures, filing_sql, measure, rows
from tests.bench.figures import Figure
from tests.bench.options import Options

BATCH = 200
"""m: how many records one batch files."""

BATCHES = 20
"""How many batches each side files when there is time."""


def run(options: Options) -> list[Figure]:
    """Wall time and CPU time of a batch, and how many records a second that is."""
    batches = min(BATCHES, 3 * options.seconds)
    rounds = batches + 1  # the first one warms up: caches, plans, the connection
    session = rows.sessions(1, seats=1)[0]
    rows.queued(2 * rounds * BATCH, session)
    rows.tidy(Archive, Journal)
    memory = psutil.Process().memory_info().rss
    ours, bare = measure.interleaved(rounds, lambda: _timed(_by_us), lambda: _timed(filing_sql.file_batch))
    _compare_rows(rounds * BATCH)
    return _figures(ours[1:], bare[1:], memory)


def _figures(ours: list[tuple[float, float]], bare: list[tuple[float, float]], memory_before: int) -> list[Figure]:
    wall, wall_bare = [one[0] * 1000 for one in ours], [one[0] * 1000 for one in bare]
    cpu, cpu_bare = [one[1] * 1000 for one in ours], [one[1] * 1000 for one in bare]
    spread = f"p99 {measure.percentile(wall, 99):.0f} ms; SQL p99 {measure.percentile(wall_bare, 99):.0f} ms"
    rates, rates_bare = ([BATCH * 1000 / one for one in side] for side in (wall, wall_bare))
    grown = (psutil.Process().memory_info().rss - memory_before) / 2**20
    memory = f"RSS {psutil.Process().memory_info().rss // 2**20} MiB, {grown:+.0f} in {len(ours)} batches"
    return [
        figures.compared(f"filing: batch of {BATCH}", "ms", wall, wall_bare, f"{len(ours)} batches; {spread}"),
        figures.compared(
            "filing: own CPU", "ms/batch", cpu, cpu_bare, "of the filing thread; the rest is the database"
        ),
        figures.compared("filing: records", "records/s", rates, rates_bare, memory),
    ]


def _timed(file: Callable[[int], int]) -> tuple[float, float]:
    """Seconds by the clock and of this thread's CPU for one batch."""
    began, cpu_began = time.perf_counter(), time.thread_time()
    filed = file(BATCH)
    taken = time.perf_counter() - began, time.thread_time() - cpu_began
    if filed != BATCH:
        raise RuntimeError(f"{filed} records were filed, not {BATCH}")
    return taken


def _by_us(most: int) -> int:
    return filing.file_batch(most).filed


def _compare_rows(each: int) -> None:
    """Both sides must have done the same work: rows for rows."""
    filed = Archive.objects.filter(state=ArchiveState.FILED, master__isnull=False, master__cards__isnull=False).count()
    told, noted = Notice.objects.count(), Journal.objects.count()
    if (filed, told, noted) != (2 * each, 2 * each, 4 * each):
        raise RuntimeError(f"{filed} filed, {told} notices, {noted} journal rows: not what both sides should leave")
