"""The plan on paper (`operations/capacity`) beside a real crowd through the real processes, figure by figure.

So many patients (3,000 unless told otherwise) book over HTTP in a time in which twice as many come as are served, ask
for their trial as soon as they are told, look as often as the hospital says, settle (15 % without insurance) and pay:
at n = 100 in half an hour. The plan is given the same figures, and nothing of what was measured.
"""

import os
import sys
from collections.abc import Mapping
from typing import Any

import psutil

from demo.simulators import ask_insurer
from demo.stage import HOSPITAL, SIMULATORS
from operations.capacity import day, figures
from operations.capacity.asked import Asked
from operations.capacity.facts import Facts
from operations.capacity.figures import Figures
from tests.bench import measure, plan_took, procfile, rows
from tests.bench.figures import Sheet
from tests.bench.options import Options
from tests.bench.plan_crowd import Crowd
from tests.bench.plan_found import Found, sizes

PATIENTS, PER_MINUTE = 3_000, 100

CROWDED = 2
"""So many times n book in a minute."""

TICK_SECONDS = 5


def run(options: Options) -> list[Sheet]:
    """The plan beside the run; what the run took; what it has left."""
    asked = planned(options)
    print(f"plan: {asked.patients} patients book within {asked.over_seconds / 60:g} minutes", file=sys.stderr)
    who, there = rows.patients(asked.patients), rows.sessions(4, seats=asked.patients)
    before = sizes()
    with procfile.running(*SIMULATORS, *HOSPITAL, **_variables(asked)) as processes:
        crowd = Crowd(os.environ["PUBLIC_URL"], who, [session.pk for session in there], asked, processes.check)
        used = plan_took.used(processes.running)
        psutil.cpu_percent()
        crowd.visit()
        busy = psutil.cpu_percent()
        took = {name: now - used[name] for name, now in plan_took.used(processes.running).items()}
        note = f"{_told(crowd)}; CPU {busy:.0f} % in use; {_insurer(asked.n)}"
    found, paper = Found(before), figures.of(day.play(asked, Facts()))
    return [_beside(asked, paper, found, note), _took(took, crowd, found), _left(found)]


def planned(options: Options) -> Asked:
    """What is run, as the plan is asked for it."""
    patients, n = options.patients or PATIENTS, options.per_minute or PER_MINUTE
    over, m = 60 * patients / (CROWDED * n), max(2 * n, 200)
    return Asked(patients, over_seconds=over, n=n, m=m, tick_seconds=TICK_SECONDS, settlement_per_minute=n)


def _variables(asked: Asked) -> dict[str, str]:
    return {
        "INSURANCE_TRIAL_PER_MINUTE": str(asked.n),
        "INSURANCE_SETTLEMENT_PER_MINUTE": str(asked.settlement_per_minute),
        "INSURER_PER_MINUTE": str(asked.n),
        "INSURER_LATENCY_SECONDS": str(Facts().answer_seconds),
        "FILING_BATCH_SIZE": str(asked.m),
        "FILING_EVERY_SECONDS": str(TICK_SECONDS),
    }


def _beside(asked: Asked, paper: Figures, found: Found, note: str) -> Sheet:
    line = paper.line
    pairs = {
        "until the last is priced, s": (paper.ends.last_priced, found.until_all_are("priced", "trial")),
        "until the last is completed, s": (paper.ends.last_completed, found.until_all_are("completed", "settlement")),
        "wait p50, s": (line.wait_p50, measure.percentile(found.waits, 50)),
        "wait p90, s": (line.wait_p90, measure.percentile(found.waits, 90)),
        "wait, longest, s": (line.wait_longest, found.waits[-1]),
        "longest line": (line.longest, found.longest_line),
        "filed at a tick, mean": (paper.filing.mean, sum(found.batches) / len(found.batches)),
        "filed at a tick, most": (paper.filing.most, max(found.batches)),
        "rows": (paper.database.rows, found.rows),
        "bytes": (paper.database.bytes, found.bytes),
    }
    title = f"the plan beside {asked.patients} patients, n = {asked.n} a minute, within {asked.over_seconds:g} s"
    return Sheet(title, [_row(name, *pair) for name, pair in pairs.items()], [note])


def _row(name: str, plan: float, measured: float) -> dict[str, Any]:
    return {
        "figure": name,
        "plan": round(float(plan), 1),
        "measured": round(float(measured), 1),
        "deviation %": 100 * (plan / measured - 1) if measured else None,
    }


def _took(took: Mapping[str, float], crowd: Crowd, found: Found) -> Sheet:
    patients, requests = len(crowd.who), sum(crowd.asked.values())
    table = [
        {
            "process": name,
            "seconds": seconds,
            "ms a patient": 1000 * seconds / patients,
            "ms a request": 1000 * seconds / requests,
        }
        for name, seconds in took.items()
    ]
    asked = ", ".join(f"{count} × {what}" for what, count in crowd.asked.most_common())
    times = (
        f"a turn held {found.of_permits('held_seconds'):.3f} s, a permit idle {found.of_permits('idle_seconds'):.3f} s"
    )
    after = f"filed → in line {found.asked_after():.2f} s; {found.settling()}"
    return Sheet("what it took of the processor", table, [asked, times, after])


def _left(found: Found) -> Sheet:
    table = [
        {"table": name, "rows": count, "bytes": size, "bytes a row": size / count if count else None}
        for name, (count, size) in sorted(found.grown.items(), key=lambda one: -one[1][1])
        if count or size
    ]
    return Sheet("what it has left", table)


def _told(crowd: Crowd) -> str:
    return f"{dict(crowd.ends)}; errors: {dict(crowd.errors) or 'none'}"


def _insurer(n: int) -> str:
    stats = ask_insurer(os.environ["INSURANCE_URL"])
    return f"at the insurer: {stats.arrivals} trials, worst 60 s {stats.worst_60s} of {n}, over n: {stats.over_limit}"
