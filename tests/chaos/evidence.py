"""Reads what a run has left behind: the insurer's own count, and a story for each patient."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import httpx
from django.db.models import Sum

from hospital.stateful import Journal
from insurance.ledger.models import Kind, LedgerEntry, Leg
from insurance.models import InterfaceCall
from insurance.trial.models import Trial
from tests.books import LEGS
from tests.chaos.story import TRIAL, WAITING, Evidence, Move, Span, Story
from tests.simulators import Simulator

A_FAILED_CALL = re.compile(r"NotSent|Throttled|OutcomeUnknown")
LONGEST_WAIT_SECONDS = 60.0
NOT_CARRIED_OUT_SECONDS = 3.0

Arrivals = dict[int | None, list[float]]
"""When trials arrived at the insurer, by trial; under None what we had not written down."""


def collect(
    insurer: Simulator, places: Mapping[int, int], resized: list[tuple[float, int]], deaths: list[Span]
) -> Evidence:
    """Read everything. Nothing may be at work any more. `places`: by appointment, as given at the entrance."""
    seen = httpx.get(f"{insurer.url}/_stats?arrivals=1", trust_env=False).json()
    arrivals = _by_trial(seen["arrivals"][TRIAL])
    return Evidence(
        stories=_stories(places, arrivals),
        metered=seen["metered"],
        arrivals=[row["at"] for row in seen["arrivals"][TRIAL]],
        unrecorded=len(arrivals.get(None, [])),
        settled_twice=len(insurer.ledger()["double"]),
        unexplained=_unexplained(insurer),
        resized=resized,
        deaths=deaths,
    )


def _by_trial(arrived: list[dict[str, Any]]) -> Arrivals:
    purposes = dict(InterfaceCall.objects.filter(infno=TRIAL).values_list("msgid", "purpose"))
    found: Arrivals = defaultdict(list)
    for row in arrived:
        purpose = purposes.get(row["msgid"])
        found[int(purpose.removeprefix("trial ")) if purpose else None].append(row["at"])
    return found


def _stories(places: Mapping[int, int], arrivals: Arrivals) -> list[Story]:
    moves, trials = _moves(), defaultdict(list)
    for trial in Trial.objects.order_by("pk"):
        trials[trial.appointment_id].append(trial)
    found = []
    for appointment, place in places.items():
        own = trials[appointment]
        story = Story(
            place=place,
            state=own[-1].state if own else "",
            moves=tuple(move for trial in own for move in moves[trial.pk]),
            arrivals=tuple(sorted(at for trial in own for at in arrivals.get(trial.pk, ()))),
            trials=len(own),
        )
        found.append(story)
    return sorted(found, key=lambda story: story.place)


def _moves() -> dict[int, list[Move]]:
    moves: dict[int, list[Move]] = defaultdict(list)
    silences: Counter[int] = Counter()
    for entry in Journal.objects.filter(kind="trial").order_by("pk"):
        silences[entry.item_id] += entry.reason.startswith("OutcomeUnknown")
        moves[entry.item_id].append(_move(entry, silences[entry.item_id]))
    return moves


def _move(entry: Journal, silences: int) -> Move:
    at = entry.at.timestamp()
    return Move(entry.to_state, at, at + _waits(entry, silences), entry.pk)


def _waits(entry: Journal, silences: int) -> float:
    """How long a failed call waits at its place before it may be claimed again (`turns.record_failure`)."""
    failed = A_FAILED_CALL.match(entry.reason) if entry.to_state == WAITING else None
    if failed is None:
        return 0.0
    return min(2.0**silences, LONGEST_WAIT_SECONDS) if failed[0] == "OutcomeUnknown" else NOT_CARRIED_OUT_SECONDS


def _unexplained(insurer: Simulator) -> int:
    """By how many fen, and settlements, our ledger differs from the insurer's books."""
    theirs = insurer.ledger()["totals"]
    ours = dict(LedgerEntry.objects.values_list("leg").annotate(Sum("amount_fen")))
    held = LedgerEntry.objects.filter(leg=Leg.FUND)
    live = held.filter(kind=Kind.SETTLED).count() - held.filter(kind=Kind.UNDONE).count()
    fen = sum(abs(ours.get(leg, 0) - theirs[name]) for leg, name in LEGS.items())
    return int(abs(live - theirs["settlements"]) + fen)
