"""The command line of `bin/bench`, and what of it each benchmark is told."""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

EVERY_DAY = ("permits", "booking", "filing", "line", "limit")
"""What runs when no name is given."""

NAMES = (*EVERY_DAY, "reads", "flood", "eta", "chaos", "polling", "plan", "backlog")

ALL = (*EVERY_DAY, "reads", "backlog")
"""`all`: what is laid beside a limit or a plain project. The others run for minutes, each for a question of its own."""

BROKERS = ("valkey", "rabbitmq")
"""Embedded, and the one that answers."""

EPILOG = """\
limit   our limit beside Celery's rate_limit and `limits`. Without --minutes a scaled form of half a minute: 20 arrivals
        in any 6 s. With --minutes 10 the real one: 100 in any 60 s. --window and --per-minute change either. With one,
        four and eight workers these are some 135 processes and 4 GB of memory.
eta     what a patient is told about the wait beside the wait itself, at real speed: 30 minutes at n = 100 unless told
        otherwise.
chaos   workers killed every few seconds at real speed: ten minutes at n = 100 with three workers unless told otherwise.

booking beside pgbench and a plain ModelViewSet; then p99 at 70 % of the peak, a surge, a hot session. Needs wrk.
reads   looks at the line, a trial and an appointment, for each core, beside a plain ModelViewSet. Needs wrk.
flood   patients who book and look, without and beside wrong sign-ins, requests of nobody and a token beyond its limit.
        Needs wrk.

polling 2,000 patients who wait in line and look as often as they are told: the share of one core that web and database
        take for it. 75 seconds unless told otherwise.

plan    what `manage.py plan` says on paper beside 3,000 real patients (--patients) at n = 100: half an hour.

backlog every statement of a patient's way, with little in the tables and with much: its time at both, and the ratio.
        --rows N: N records queued, N / 5 trials waiting; --finished F: so many settlements (5 N unless told otherwise);
        500,000 of these take 7 GB of disk. They are of 400 days; with --months M journal and calls are there of the
        last M months only, as `archive_months` leaves them: then 4 GB (M = 3).

reads, flood, eta, chaos, polling, plan and backlog are never part of a run without names.
"""


class Unusable(Exception):
    """What is asked for cannot be measured; the message says what to change."""


@dataclass(frozen=True)
class Options:
    """What the benchmarks are told. None: the benchmark's own default."""

    seconds: int
    minutes: float | None
    workers: tuple[int, ...] | None
    jitter: float
    lose: float
    window: int | None
    per_minute: int | None
    every: float
    seed: int
    broker: str | None
    patients: int | None
    rows: int
    finished: int | None
    months: int | None
    batch: int | None

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Options":
        """From whatever holds them by name, JSON included."""
        known = {field.name: given[field.name] for field in fields(cls)}
        return cls(**known | {"workers": tuple(known["workers"]) if known["workers"] else None})


def parse(arguments: Sequence[str]) -> tuple[Sequence[str], Path | None, Options]:
    """The names asked for, where the JSON goes, and the options. A wrong command line ends the program."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    names = ALL if asked.names == ["all"] else asked.names
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}, and all by itself")
    if asked.json and not asked.json.absolute().parent.is_dir():
        parser.error(f"{asked.json} cannot be written: no such directory")
    return names or EVERY_DAY, asked.json, Options.of(vars(asked))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measure the hot paths against bare SQL, the limit against others, the ETA against the wait.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"which ones: {', '.join(NAMES)}; all: {', '.join(ALL)} ({', '.join(EVERY_DAY)})",
    )
    add("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    add("--seconds", type=_count, default=8, metavar="S", help="how long each side is measured beside SQL (8)")
    add("--minutes", type=_more_than_zero, metavar="M", help="limit, eta, chaos, polling: how long is measured")
    add("--workers", type=_counts, metavar="W,…", help="limit: worker processes of each (1,4,8); chaos: (3)")
    add("--jitter", type=_not_negative, default=0.5, metavar="J", help="limit: delay of each request, 0 to J s (0.5)")
    add("--lose", type=_share, default=0.02, metavar="P", help="limit: share of answers lost, 0 to 1 (0.02)")
    add("--window", type=_count, metavar="S", help="limit: whole seconds of the window in which n count")
    add("--per-minute", type=_count, metavar="n", help="limit, eta, chaos, plan: n, in each window")
    add("--every", type=_more_than_zero, default=5.0, metavar="S", help="chaos: seconds from kill to kill (5)")
    add("--seed", type=int, default=random.randrange(10**6), metavar="X", help="chaos: of the schedule (drawn)")
    add(
        "--broker",
        choices=BROKERS,
        help="filing (each that is there), chaos (valkey): embedded, or the one that answers",
    )
    add("--patients", type=_count, metavar="N", help="plan: how many patients come (3000)")
    add("--rows", type=_count, default=100_000, metavar="N", help="backlog: how much there is (100000)")
    add("--finished", type=_count, metavar="F", help="backlog: how many settlements have ended (5 N)")
    add("--months", type=_count, metavar="M", help="backlog: months of journal and calls in the tables (all)")
    add("--batch", type=_count, metavar="m", help="filing: how many records one batch files (200, then 2000)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _counts(text: str) -> tuple[int, ...]:
    return tuple(_count(one) for one in text.split(","))


def _not_negative(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return number


def _more_than_zero(text: str) -> float:
    number = _not_negative(text)
    if not number:
        raise argparse.ArgumentTypeError("0 minutes measure nothing")
    return number


def _share(text: str) -> float:
    share = _not_negative(text)
    if share > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return share
