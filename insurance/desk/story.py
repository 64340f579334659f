"""The whole story of a case: what moved, what was said on the wire, what staff did. Never a body, never a person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from hospital.changes import Change
from hospital.models import Appointment
from hospital.stateful import Journal
from insurance.calls.models import InterfaceCall
from insurance.desk import wire
from insurance.desk.facts import Facts
from insurance.desk.models import Decision
from insurance.ledger.models import LedgerEntry
from insurance.payment.models import Refund
from insurance.settlement.models import Settlement
from insurance.settlement.standing import purpose
from insurance.trial import conversation
from insurance.trial.models import Trial

MOST_LINES = 300
MOST_MESSAGES = 60

_ON_THE_WIRE = ("infno", "msgid", "lane", "outcome", "sent_at", "answered_at")
"""What the desk shows of a message: its bodies hold the patient, and are not even read."""

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    """Newest first: who opens a case wants to know how it stands."""

    moves: list[Journal]
    calls: list[Line]
    changes: list[Change]
    entries: list[LedgerEntry]
    decisions: list[Decision]


def of_settlement(known: Facts) -> Story:
    """Its own moves and those of its trial, order, refunds and decisions."""
    settlement = known.settlement
    decisions = list(
        Decision.objects.filter(settlement=settlement).select_related("asked_by", "decided_by").order_by("-pk")
    )
    told = {
        "settlement": [settlement.pk],
        "trial": [settlement.trial_id],
        "paymentorder": [known.order.pk] if known.order else [],
        "refund": [refund.pk for refund in known.refunds],
        "decision": [decision.pk for decision in decisions],
    }
    subjects = [f"settlement {settlement.pk}", *(f"refund {refund.refund_no}" for refund in known.refunds)]
    return Story(
        moves=_moves(told),
        calls=_calls(purpose(settlement)),
        changes=_changes(subjects),
        entries=list(LedgerEntry.objects.filter(number=settlement.number).order_by("pk")),
        decisions=decisions,
    )


def of_appointment(appointment: Appointment, settlements: Sequence[Settlement]) -> Story:
    """From the booking to the end: what moved, and every message with personal data masked."""
    trials = list(appointment.trials.values_list("pk", flat=True))
    orders = [settlement.payment for settlement in settlements if settlement.payment]
    refunds = Refund.objects.filter(order__in=orders)
    told = {
        "appointment": [appointment.pk],
        "archive": [appointment.archive.pk],
        "notice": appointment.notices.values_list("pk", flat=True),
        "trial": trials,
        "settlement": [settlement.pk for settlement in settlements],
        "paymentorder": [order.pk for order in orders],
        "refund": refunds.values_list("pk", flat=True),
    }
    purposes = [*(purpose(each) for each in settlements), *(conversation.purpose_of(pk) for pk in trials)]
    subjects = [*purposes, f"archive {appointment.archive.pk}", *(f"refund {each.refund_no}" for each in refunds)]
    calls = InterfaceCall.objects.filter(purpose__in=purposes).order_by("-pk")[:MOST_MESSAGES]
    return Story(
        moves=_moves(told),
        calls=[_with_bodies(call, appointment.archive.name) for call in calls],
        changes=_changes(subjects),
        entries=list(LedgerEntry.objects.filter(number__in=[each.number for each in settlements]).order_by("pk")),
        decisions=[],
    )


def of_trial(trial: Trial) -> Story:
    """A trial's own moves and messages."""
    return Story(
        moves=_moves({"trial": [trial.pk]}),
        calls=_calls(f"trial {trial.pk}"),
        changes=_changes([f"trial {trial.pk}"]),
        entries=[],
        decisions=[],
    )


def _moves(told: Mapping[str, Iterable[int]]) -> list[Journal]:
    asked = Q()
    for kind, pks in told.items():
        asked |= Q(kind=kind, item_id__in=list(pks))
    return list(Journal.objects.filter(asked).order_by("-pk")[:MOST_LINES])


def _calls(under: str) -> list[Line]:
    return list(InterfaceCall.objects.filter(purpose=under).order_by("-pk").values(*_ON_THE_WIRE)[:MOST_LINES])


def _with_bodies(call: InterfaceCall, name: str) -> Line:
    """`name`: the patient's, which the centre may have put into its own words."""
    told = {field: getattr(call, field) for field in _ON_THE_WIRE}
    request, reply = (wire.shown(call.insurer, call.infno, text, name) for text in (call.request, call.reply))
    return {**told, "request": request, "reply": reply}


def _changes(subjects: Iterable[str]) -> list[Change]:
    return list(Change.objects.filter(subject__in=list(subjects)).order_by("-pk")[:MOST_LINES])
