"""Workers are killed all the time, and the line does not notice: n holds, every place is kept, first come first served.

The same run at real speed, for ten minutes: `bin/bench chaos`.
"""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from hospital.stateful import Journal
from insurance.states import TrialState
from tests.chaos.checks import SEEN_AFTER_SECONDS
from tests.chaos.plan import Fault, Pace, Plan
from tests.chaos.run import Enough, run
from tests.chaos.wrong import WRONG
from tests.races import brokers
from tests.simulators import Simulator

SCALED = Pace(window_seconds=3, timeout_seconds=1, late_seconds=0.5, lease_seconds=5, timer_seconds=1.5)

PLAN = Plan(
    seed=int(os.environ.get("CHAOS_SEED") or random.randrange(10**6)),
    seconds=13,
    every_seconds=1.5,
    patients=200,
    n=15,
    pace=SCALED,
    settlements=6,
    kinds=frozenset({Fault.FREEZE, Fault.RESIZE}),
    calm_seconds=30,
)
BRIEF = replace(PLAN, seconds=5, kinds=frozenset(), settlements=0)

UNTIL_FOUND = replace(BRIEF, seconds=25, pace=replace(SCALED, lease_seconds=3), calm_seconds=0)
"""Ends as soon as what is done wrong has shown itself."""

LONG_WINDOW = replace(UNTIL_FOUND, pace=replace(SCALED, window_seconds=10))
"""A window longer than a worker takes to start."""


def test_killed_frozen_and_resized_nobody_is_over_lost_or_out_of_order(tmp_path: Path) -> None:
    found = run(PLAN, tmp_path, brokers.address("valkey"))
    print(found.figures)
    assert found.wrong() == {}
    assert found.figures.interrupted > 0
    assert found.figures.line > 0


@pytest.mark.broker
def test_on_rabbitmq_too(tmp_path: Path) -> None:
    found = run(BRIEF, tmp_path, brokers.address("rabbitmq"))
    print(found.figures)
    assert found.wrong() == {}
    assert found.figures.line > 0


def somebody_was_over(insurer: Simulator) -> bool:
    return bool(insurer.stats()["metered"]["2206A"]["over_limit"])


def somebody_was_passed(insurer: Simulator) -> bool:
    """Claims go on, long after the first one was sent to the end of the line."""
    moves = Journal.objects.filter(kind="trial").order_by("pk")
    sent = moves.filter(to_state=TrialState.CANCELLED).first()
    claim = moves.filter(to_state=TrialState.CALLING).last()
    return bool(sent and claim and (claim.at - sent.at).total_seconds() > 2 * SEEN_AFTER_SECONDS)


@pytest.mark.parametrize(
    ("way", "plan", "shown", "names"),
    [
        ("freed_at_once", LONG_WINDOW, somebody_was_over, {"over_limit"}),
        ("freed_by_death", LONG_WINDOW, somebody_was_over, {"over_limit"}),
        ("to_the_end", UNTIL_FOUND, somebody_was_passed, {"doubled", "jumped"}),
    ],
)
def test_the_same_checks_find_what_is_done_wrong(
    way: str, plan: Plan, shown: Enough, names: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative controls."""
    monkeypatch.setenv(WRONG, way)
    found = run(plan, tmp_path, brokers.address("valkey"), runner="tests.chaos.wrong", enough=shown)
    print(found.figures, found.wrong())
    assert found.wrong().keys() >= names
