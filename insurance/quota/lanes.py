"""The lanes: which rows wait in each, which quota each draws on, who goes first where a quota is shared."""

from enum import StrEnum
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Q, QuerySet

from hospital.states import AppointmentState
from hospital.worklist import WorkItem
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


def due(lane: Lane) -> QuerySet[Any]:
    """The rows that wait for a turn of this lane, first come first served."""
    model, states, condition = _WORK[lane]
    kind: type[WorkItem] = apps.get_model("insurance", model)
    return kind.due(*states).filter(condition).order_by("pk")


def count_due(lane: Lane, most: int) -> int:
    """How many rows wait for a turn, but no more than `most` are counted: a long line must not cost more."""
    return due(lane).order_by(*_COUNTED_BY.get(lane, ()))[:most].count()


def quota_name(lane: Lane) -> str | None:
    """The quota this lane draws on; None where the insurer does not count its calls."""
    if settings.INSURANCE_SHARED_PER_MINUTE:
        return SHARED
    return None if lane is Lane.RECOVERY else lane.value


def first_limit(name: str) -> int | None:
    """The first n of a quota, from the environment."""
    limits: dict[str, int | None] = {
        SHARED: settings.INSURANCE_SHARED_PER_MINUTE,
        Lane.TRIAL.value: settings.INSURANCE_TRIAL_PER_MINUTE,
        Lane.SETTLEMENT.value: settings.INSURANCE_SETTLEMENT_PER_MINUTE,
    }
    return limits[name]


def before(lane: Lane) -> tuple[Lane, ...]:
    """The lanes that go first where the quota is shared."""
    return PRECEDENCE[: PRECEDENCE.index(lane)] if settings.INSURANCE_SHARED_PER_MINUTE else ()
