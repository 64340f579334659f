"""Workers killed with SIGKILL every few seconds, at real speed: window 60 s, n = 100 (`tests/chaos` holds the run and
its checks; in short it is part of the tests).

Among them beat and general, a worker frozen for longer than its permit's time, everything at once. The insurer answers
after 0.05 to 0.4 s; more wait than can be served; one in fifty is settled, too.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.bench import brokers
from tests.bench.figures import Figure, alone
from tests.bench.options import BROKERS, Options
from tests.chaos.checks import Findings
from tests.chaos.plan import Fault, Plan, schedule
from tests.chaos.run import run as run_plan

CALM_MINUTES = 2
"""The longest it takes until everybody is done who was interrupted: a lease, a sweep, the brake."""

PATIENTS_A_SETTLEMENT = 50


MINUTES, PER_MINUTE, WORKERS = 10.0, 100, 3


def run(options: Options) -> list[Figure]:
    """All figures of one run; how long it takes is said by `--minutes`."""
    plan = _plan(options)
    with brokers.answering(options.broker or BROKERS[0]) as url:
        found = run_plan(plan, Path(os.environ["VAR"]), url, say=_say)
    return [*_nought(found), *_told(found, plan)]


def _plan(options: Options) -> Plan:
    """More patients than n lets through until the end, the first n at the beginning included."""
    minutes, n = options.minutes or MINUTES, options.per_minute or PER_MINUTE
    patients = round(n * (minutes + CALM_MINUTES + 2))
    return Plan(
        seed=options.seed,
        seconds=minutes * 60,
        every_seconds=options.every,
        patients=patients,
        n=n,
        workers=options.workers[0] if options.workers else WORKERS,
        settlements=patients // PATIENTS_A_SETTLEMENT,
        calm_seconds=CALM_MINUTES * 60,
    )


def _nought(found: Findings) -> Iterator[Figure]:
    """What must be 0, and if it is not, the first places it befell."""
    for name, value in asdict(found.broken).items():
        befell = value if isinstance(value, list) else []
        yield alone(_named(name), "must be 0", [len(befell) or float(value or 0)], f"{befell[:5]}" if befell else "")


def _told(found: Findings, plan: Plan) -> Iterator[Figure]:
    kills = sum(event.fault == Fault.KILL for event in schedule(plan))
    how = f"of {plan.workers} workers every {plan.every_seconds:g} s, beat and general among them; seed {plan.seed}"
    yield alone(_named("kills"), "", [kills], how)
    for name, value in asdict(found.figures).items():
        yield alone(_named(name), "s" if name.endswith("_seconds") else "", [value])


def _named(name: str) -> str:
    return f"chaos: {name.removesuffix('_seconds').replace('_', ' ')}"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
