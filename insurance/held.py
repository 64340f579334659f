"""What the insurance side holds about a patient: told (hook `held`), and let go of (hook `erasing`)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import held
from hospital.errors import Conflict
from hospital.models import Appointment
from insurance.calls import keeping
from insurance.calls.models import InterfaceCall
from insurance.desk.models import Decision
from insurance.ledger.models import LedgerEntry
from insurance.payment.models import PaymentOrder, Refund
from insurance.reconciliation import speaking
from insurance.reconciliation.models import Difference
from insurance.settlement import standing
from insurance.settlement.models import Settlement
from insurance.states import DecisionState, DifferenceState, PaymentState, RefundState, SettlementState
from insurance.trial import conversation
from insurance.trial.models import InsurerOrder, Trial, Visit

BOOKS_SETTLE_DAYS = 31
"""So long the last settlement must be over: the day's and the month's comparisons ask for the person."""

ENDED = (SettlementState.COMPLETED, SettlementState.REFUSED, SettlementState.REVERSED)


def of(appointment: Appointment) -> dict[str, Any]:
    """The visit at the insurer, the bills, the money, and every message as far as it is kept."""
    trials, settlements = _trials(appointment), _settlements([appointment.pk])
    numbers = [settlement.number for settlement in settlements]
    orders = list(PaymentOrder.objects.filter(order_no__in=numbers).order_by("pk"))
    refunds = list(Refund.objects.filter(order__in=orders).order_by("pk"))
    calls = InterfaceCall.objects.filter(purpose__in=_purposes(trials, settlements)).order_by("pk")
    return {
        "visits": held.all_fields(Visit.objects.filter(appointment=appointment)),
        "orders": list(InsurerOrder.objects.filter(visit__appointment=appointment).values("number", "msgid")),
        "trials": held.all_fields(trials),
        "settlements": held.all_fields(settlements),
        "payments": held.all_fields(orders),
        "refunds": held.all_fields(refunds),
        "ledger": held.all_fields(LedgerEntry.objects.filter(number__in=numbers).order_by("pk")),
        "messages": held.all_fields(calls),
        "insurance_journal": [
            *held.journal("trial", [trial.pk for trial in trials]),
            *held.journal("settlement", [settlement.pk for settlement in settlements]),
            *held.journal("paymentorder", [order.pk for order in orders]),
            *held.journal("refund", [refund.pk for refund in refunds]),
        ],
    }


def erase(appointments: Sequence[Appointment]) -> None:
    """What leads to the person goes; the books stay. Raises `Conflict("in_hand")` while any of it is in hand."""
    settlements = _settlements([appointment.pk for appointment in appointments])
    _require_over(settlements)
    trials = [trial for appointment in appointments for trial in _trials(appointment)]
    keeping.empty(_purposes(trials, settlements))
    _forget_in_reconciliations(appointments, settlements)
    InsurerOrder.objects.filter(visit__appointment__in=appointments).update(token="")
    Visit.objects.filter(appointment__in=appointments).update(psn_no="")


def _forget_in_reconciliations(appointments: Sequence[Appointment], settlements: Sequence[Settlement]) -> None:
    """A day's messages are of many people: those that name this one are emptied."""
    people = set(Visit.objects.filter(appointment__in=appointments).values_list("psn_no", flat=True)) - {""}
    numbers = [settlement.number for settlement in settlements]
    days = {
        timezone.localdate(at) for at in LedgerEntry.objects.filter(number__in=numbers).values_list("at", flat=True)
    }
    calls = InterfaceCall.objects.filter(purpose__in=[speaking.purpose_of(day) for day in days])
    keeping.empty_these(
        call.pk for call in calls.iterator() if any(one in call.request or one in call.reply for one in people)
    )


def _require_over(settlements: Sequence[Settlement]) -> None:
    lately = timezone.now() - timedelta(days=BOOKS_SETTLE_DAYS)
    if any(one.state not in ENDED for one in settlements) or _is_in_hand(settlements):
        raise Conflict("in_hand", _("A settlement, a payment or a decision on it is not over yet."))
    if any(one.since > lately for one in settlements):
        days = {"days": BOOKS_SETTLE_DAYS}
        raise Conflict("in_hand", _("The last settlement must be over for %(days)s days: the books ask for it.") % days)


def _is_in_hand(settlements: Sequence[Settlement]) -> bool:
    """Money that is due to somebody, somebody's decision, or a difference between the books."""
    orders = PaymentOrder.objects.filter(order_no__in=[one.number for one in settlements])
    refunds = Refund.objects.filter(order__in=orders).exclude(state=RefundState.DONE)
    decisions = Decision.objects.filter(settlement__in=settlements, state=DecisionState.PROPOSED)
    differences = Difference.objects.filter(settlement__in=settlements).exclude(state=DifferenceState.RESOLVED)
    open_orders = orders.filter(Q(state=PaymentState.OPEN) | Q(in_hand=True))
    return any(rows.exists() for rows in (open_orders, refunds, decisions, differences))


def _trials(appointment: Appointment) -> list[Trial]:
    return list(appointment.trials.order_by("pk"))


def _settlements(appointments: Sequence[int]) -> list[Settlement]:
    return list(Settlement.objects.filter(appointment__in=appointments).order_by("pk"))


def _purposes(trials: Sequence[Trial], settlements: Sequence[Settlement]) -> list[str]:
    return [*(conversation.purpose_of(trial.pk) for trial in trials), *map(standing.purpose, settlements)]
