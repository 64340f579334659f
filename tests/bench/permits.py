"""Permits taken and freed a second, by one and by four at once. Baseline: the bare statements by pgbench.

Baseline: lock the insurer's row, take, commit, free. Ours looks at the clock, the circuit, maintenance, n and the calls
in flight as well before every taking, so that a change in the admin counts at once.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import django
from django.db import connection

from insurance.quota import insurers, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer, Permit, Quota
from tests.bench import measure, pgbench, rows
from tests.bench.figures import Figure, compared
from tests.bench.options import Options

LANE = Lane.SETTLEMENT
"""A lane whose n may be large; the statements are the same for every lane."""

AT_ONCE = 4
TURN_SECONDS = 10.0
PERMITS_A_SECOND = 3_000
"""n, for each second of a round: a permit comes back only after a minute, so n bounds what a round can take."""

_PERMITS = """
    INSERT INTO insurance_permit (quota_id, takings, retired, held)
    SELECT %s, 0, false, false FROM generate_series(1, %s)
"""

Side = Callable[[], pgbench.Run]


def run(options: Options) -> list[Figure]:
    """Three comparisons; each side is measured for `seconds`."""
    rounds, each = measure.turns(options.seconds)
    spawn = multiprocessing.get_context("spawn")
    with (
        ThreadPoolExecutor(AT_ONCE) as threads,
        ProcessPoolExecutor(AT_ONCE, mp_context=spawn, initializer=django.setup) as processes,
    ):
        _warm(threads, processes)
        one = measure.interleaved(rounds, _ours(threads, 1, each), _bare(1, each))
        four = measure.interleaved(
            rounds, _ours(threads, AT_ONCE, each), _bare(AT_ONCE, each), _ours(processes, AT_ONCE, each)
        )
    threaded, bare, processed = four
    return [
        _figure("permits: 1 process", *one),
        _figure(f"permits: {AT_ONCE} threads", threaded, bare),
        _figure(f"permits: {AT_ONCE} processes", processed, bare),
    ]


def take_and_free(seconds: float) -> pgbench.Run:
    """Take and free permits for so long, alone; the latencies are those of the taking."""
    _taken()  # connects
    latencies: list[float] = []
    began = time.perf_counter()
    while (asked := time.perf_counter()) - began < seconds:
        held = _taken()
        latencies.append(time.perf_counter() - asked)
        permits.free(held)
    return pgbench.Run(len(latencies) / (time.perf_counter() - began), latencies)


def _warm(*workers: Executor) -> None:
    """All are started and connected before anything is measured."""
    _renew(1)
    for some in workers:
        list(some.map(take_and_free, [0.3] * AT_ONCE))


def _taken() -> permits.Held:
    held = permits.take(LANE, turn_seconds=TURN_SECONDS)
    if held is None:
        raise RuntimeError("the permits of this round are used up: raise PERMITS_A_SECOND")
    return held


def _ours(workers: Executor, at_once: int, seconds: int) -> Side:
    def side() -> pgbench.Run:
        _renew(seconds)
        return _together(list(workers.map(take_and_free, [float(seconds)] * at_once)))

    return side


def _bare(clients: int, seconds: int) -> Side:
    def side() -> pgbench.Run:
        quota = _renew(seconds)
        return pgbench.run(_script(quota), clients=clients, seconds=seconds)

    return side


def _together(runs: Sequence[pgbench.Run]) -> pgbench.Run:
    return pgbench.Run(sum(run.per_second for run in runs), [one for run in runs for one in run.latencies])


def _script(quota: Quota) -> str:
    """The statements of `permits` themselves, under the insurer's lock, with pgbench's variables: the floor."""
    now = "extract(epoch FROM clock_timestamp())"
    held_seconds = permits.quiet_seconds(TURN_SECONDS)
    take = permits._TAKE % {"quota_id": quota.pk, "held_seconds": held_seconds, "now": now}
    slots = {"slot_id": 0, "slot_takings": 0}
    free = permits._FREE % {
        "permit_id": ":id",
        "takings": ":takings",
        "after_seconds": permits.cooling_seconds(),
        **slots,
    }
    gate = f"SELECT 1 FROM insurance_insurer WHERE id = {quota.insurer_id} FOR UPDATE;"
    return f"BEGIN;\n{gate}\n{take.strip()} \\gset\nCOMMIT;\n{free.strip()};\n"


def _renew(seconds: int) -> Quota:
    """All permits new and free: every round starts from the same table."""
    n = PERMITS_A_SECOND * seconds
    insurer = insurers.default()
    Insurer.objects.filter(pk=insurer.pk).update(at_once=insurers.MOST_AT_ONCE)
    quota, _ = Quota.objects.get_or_create(insurer=insurer, name=LANE.value)
    Quota.objects.filter(pk=quota.pk).update(per_minute=n, in_force=n, fitted=True)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE insurance_permit RESTART IDENTITY")
        cursor.execute(_PERMITS, [quota.pk, n])
    rows.tidy(Permit)
    return quota


def _figure(name: str, ours: Sequence[pgbench.Run], bare: Sequence[pgbench.Run]) -> Figure:
    taking = measure.spread_ms([one for run in ours for one in run.latencies])
    pair = measure.spread_ms([one for run in bare for one in run.latencies])
    notes = f"take {taking}; SQL pair {pair}"
    rate, bare_rate = ([run.per_second for run in side] for side in (ours, bare))
    return compared(name, "taken + freed/s", rate, bare_rate, notes)
