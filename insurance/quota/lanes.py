"""The lanes: which rows wait in each, which quota each draws on, who goes first where a quota is shared."""

from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet

from hospital import wake
from hospital.stateful import WorkItem
from hospital.states import AppointmentState
from insurance.quota.directory import DEFAULT, terms
from insurance.states import SettlementState, TrialState


class Lane(StrEnum):
    """In the order in which they go first: those who have begun get through (design 3)."""

    RECOVERY = "recovery"
    SETTLEMENT = "settlement"
    TRIAL = "trial"


PRECEDENCE = tuple(Lane)

TASKS = {
    Lane.RECOVERY: "tasks.insurance.recover",
    Lane.SETTLEMENT: "tasks.insurance.settle",
    Lane.TRIAL: "tasks.insurance.trial",
}

SHARED = "shared"

BRAKE_FACTOR = 2
"""Celery's brake lets through so many times n (`tasks/queues.py`; a test keeps them equal): it spreads a burst."""

_WORK: dict[Lane, tuple[str, tuple[str, ...], Q]] = {
    Lane.RECOVERY: (
        "Settlement",
        (
            SettlementState.UNKNOWN,
            SettlementState.PAID,
            SettlementState.CONFIRMING,
            SettlementState.REVERSING,
        ),
        Q(),
    ),
    Lane.SETTLEMENT: ("Settlement", (SettlementState.WAITING,), Q(mode="insurance")),
    Lane.TRIAL: ("Trial", (TrialState.WAITING,), Q(appointment__state=AppointmentState.BOOKED)),
}

_COUNTED_BY = {Lane.TRIAL: ("line_id", "number")}
"""The order of the index of those who wait: so that it is counted along it, and not along all who ever waited."""


def due(lane: Lane, insurer: str = DEFAULT) -> QuerySet[Any]:
    """The rows that wait for a turn of this lane of an insurer, first come first served."""
    model, states, condition = _WORK[lane]
    kind: type[WorkItem] = apps.get_model("insurance", model)
    whose = Q(line__in=_lines(insurer)) if model == "Trial" else Q(insurer=insurer)
    return kind.due(*states).filter(condition, whose).order_by("pk")


def _lines(insurer: str) -> list[int]:
    """The few lines of an insurer, read beforehand: a join would cost the plan that stops at what is wanted."""
    lines = apps.get_model("insurance", "Line")._default_manager
    return list(lines.filter(insurer__name=insurer).values_list("pk", flat=True))


def count_due(lane: Lane, most: int, insurer: str = DEFAULT) -> int:
    """How many rows wait for a turn, but no more than `most` are counted: a long line must not cost more."""
    return due(lane, insurer).order_by(*_COUNTED_BY.get(lane, ()))[:most].count()


def ask_for_turn(lane: Lane, insurer: str) -> None:
    """After the commit, a hint: there is work in this lane of the insurer."""
    wake.task(TASKS[lane], insurer)


def quota_name(lane: Lane, insurer: str = DEFAULT) -> str | None:
    """The quota this lane draws on; None where the insurer does not count its calls."""
    if terms(insurer).shared_per_minute:
        return SHARED
    return None if lane is Lane.RECOVERY else lane.value


def first_limit(name: str, insurer: str = DEFAULT) -> int | None:
    """The first n of a quota, from the environment."""
    agreed = terms(insurer)
    limits: dict[str, int | None] = {
        SHARED: agreed.shared_per_minute,
        Lane.TRIAL.value: agreed.trial_per_minute,
        Lane.SETTLEMENT.value: agreed.settlement_per_minute,
    }
    return limits[name]


def before(lane: Lane, insurer: str = DEFAULT) -> tuple[Lane, ...]:
    """The lanes that go first where the quota is shared."""
    return PRECEDENCE[: PRECEDENCE.index(lane)] if terms(insurer).shared_per_minute else ()
