"""Filing m records (`--batch`): in the database alone, and the whole drain. Baseline: bare SQL for the same rows.

The drain takes its m messages from the broker (`--broker`), files, and acknowledges; the bare SQL knows no broker.
"""

import time
from collections.abc import Callable
from functools import partial

import psutil
from django.conf import settings
from pytest import MonkeyPatch

from hospital.archives import filing, queue
from hospital.models import Archive, Journal
from hospital.notices.models import Notice
from hospital.states import ArchiveState
from tests.bench import brokers, figures, filing_sql, measure, rows
from tests.bench.figures import Figure
from tests.bench.options import BROKERS, Options
from tests.races.brokers import own_queue_beside_others

SIZES = (200, 2_000)
"""Records in a batch, unless told otherwise."""

BATCHES, RECORDS = 20, 12_000
"""How many batches each side files when there is time; of large ones fewer, so that it is not many more records."""


def run(options: Options) -> list[Figure]:
    """Wall time and CPU time of a batch, and how many records a second that is: with each broker that there is, by
    batches of each size."""
    if options.broker:
        with brokers.answering(options.broker) as url:
            return _with(options.broker, url, options)
    figures_found = list[Figure]()
    for kind in BROKERS:
        with brokers.found(kind) as url:
            figures_found += _with(kind, url, options) if url else []
    return figures_found


def _with(kind: str, url: str, options: Options) -> list[Figure]:
    with MonkeyPatch.context() as patch, own_queue_beside_others(settings, patch, url):
        sizes = (options.batch,) if options.batch else SIZES
        return [figure for most in sizes for figure in _measured(kind, most, options.seconds)]


def _measured(kind: str, most: int, seconds: int) -> list[Figure]:
    rows.empty()
    rounds = 1 + max(3, min(BATCHES, 3 * seconds, RECORDS // most))  # the first one warms up
    rows.queued(3 * rounds * most, rows.sessions(1, seats=1)[0])
    queue.put(filing.waiting_ids(rounds * most))
    rows.tidy(Archive, Journal)
    memory = psutil.Process().memory_info().rss
    sides = (_by_us, _by_the_drain, filing_sql.file_batch)
    ours, drained, bare = measure.interleaved(rounds, *(partial(_timed, side, most) for side in sides))
    _compare_rows(rounds * most)
    return _figures(f"{kind}, m = {most}", most, ours[1:], drained[1:], bare[1:], memory)


Times = list[tuple[float, float]]


def _figures(which: str, most: int, ours: Times, drained: Times, bare: Times, memory_before: int) -> list[Figure]:
    wall, wall_bare = [one[0] * 1000 for one in ours], [one[0] * 1000 for one in bare]
    cpu, cpu_bare = [one[1] * 1000 for one in ours], [one[1] * 1000 for one in bare]
    spread = (
        f"{len(ours)} batches; p99 {measure.percentile(wall, 99):.0f} ms; SQL {measure.percentile(wall_bare, 99):.0f}"
    )
    rates, drain_rates, rates_bare = ([most / one[0] for one in side] for side in (ours, drained, bare))
    grown = (psutil.Process().memory_info().rss - memory_before) / 2**20
    memory = f"RSS {psutil.Process().memory_info().rss // 2**20} MiB, {grown:+.0f} in {2 * len(ours)} batches"
    return [
        figures.compared(f"filing, {which}: own CPU", "ms/batch", cpu, cpu_bare, "of the filing thread"),
        figures.compared(f"filing, {which}: database", "records/s", rates, rates_bare, spread),
        figures.compared(f"filing, {which}: whole", "records/s", drain_rates, rates_bare, memory),
    ]


def _timed(file: Callable[[int], int], most: int) -> tuple[float, float]:
    """Seconds by the clock and of this thread's CPU for one batch."""
    began, cpu_began = time.perf_counter(), time.thread_time()
    filed = file(most)
    taken = time.perf_counter() - began, time.thread_time() - cpu_began
    if filed != most:
        raise RuntimeError(f"{filed} records were filed, not {most}")
    return taken


def _by_us(most: int) -> int:
    return filing.file_batch(most).filed


def _by_the_drain(most: int) -> int:
    return filing.drain(most).filed


def _compare_rows(each: int) -> None:
    """All sides must have done the same work: rows for rows."""
    filed = Archive.objects.filter(state=ArchiveState.FILED, master__isnull=False, master__cards__isnull=False).count()
    told, noted = Notice.objects.count(), Journal.objects.count()
    if (filed, told, noted) != (3 * each, 3 * each, 6 * each):
        raise RuntimeError(f"{filed} filed, {told} notices, {noted} journal rows: not what all sides should leave")
