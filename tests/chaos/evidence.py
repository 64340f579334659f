"""Reads what a run has left behind: the insurer's own count, and a story for each patient."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from django.db import connection
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from hospital.worklist import Journal
from insurance.models import InterfaceCall
from insurance.reconciliation import books
from insurance.settlement.models import Settlement
from insurance.states import SettlementState
from insurance.trial.models import Trial
from tests.chaos.story import TRIAL, WAITING, Evidence, Move, Span, Story
from tests.simulators import Simulator

A_FAILED_CALL = re.compile(r"NotSent|Throttled|OutcomeUnknown")
LONGEST_WAIT_SECONDS = 60.0
"""A failed call waits 2, 4, 8 … seconds at its place before it may be claimed again (`turns.record_failure`)."""

_NOTED = "chaos_transaction"

Arrivals = dict[int | None, list[float]]
"""When trials arrived at the insurer, by trial; under None what we had not written down."""


@contextmanager
def transactions_noted() -> Iterator[None]:
    """Every row of the journal says which transaction wrote it: the order in which trials were locked, where times are
    only those at which the journal was written."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE hospital_journal ADD COLUMN {_NOTED} bigint DEFAULT pg_current_xact_id()::text::bigint"
        )
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE hospital_journal DROP COLUMN {_NOTED}")


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
    moves = defaultdict(list)
    noted = RawSQL(_NOTED, (), output_field=BigIntegerField())
    for entry in Journal.objects.filter(kind="trial").annotate(transaction=noted).order_by("pk"):
        moves[entry.item_id].append(_move(entry, entry.transaction))
    return moves


def _move(entry: Journal, transaction: int) -> Move:
    at, wait = entry.at.timestamp(), 0.0
    if entry.to_state == WAITING and A_FAILED_CALL.match(entry.reason):
        wait = min(2.0**entry.attempt, LONGEST_WAIT_SECONDS)
    return Move(entry.to_state, at, at + wait, transaction)


def _unexplained(insurer: Simulator) -> int:
    more: int = insurer.ledger()["totals"]["settlements"] - books.totals()["settlements"]
    unknown = Settlement.objects.filter(state__in=[SettlementState.UNKNOWN, SettlementState.CALLING]).count()
    return max(-more, more - unknown, 0)
