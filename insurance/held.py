"""What the insurance side holds about a patient: told (hook `held`), and let go of (hook `erasing`)."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from hospital import held
from hospital.models import Appointment
from insurance.calls import keeping
from insurance.calls.models import InterfaceCall
from insurance.ledger.models import LedgerEntry
from insurance.payment.models import PaymentOrder, Refund
from insurance.reconciliation import speaking
from insurance.settlement import standing
from insurance.settlement.models import Settlement
from insurance.trial import conversation
from insurance.trial.models import InsurerOrder, Trial, Visit, Withdrawal


def of(appointment: Appointment) -> dict[str, Any]:
    """The visit at the insurer, the bills, the money, and every message as far as it is kept."""
    trials, settlements = _trials(appointment), _settlements([appointment.pk])
    numbers = [settlement.number for settlement in settlements]
    orders = list(PaymentOrder.objects.filter(order_no__in=numbers).order_by("pk"))
    refunds = list(Refund.objects.filter(order__in=orders).order_by("pk"))
    withdrawals = Withdrawal.objects.filter(order__visit__appointment=appointment).order_by("pk")
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
            *held.journal("withdrawal", [withdrawal.pk for withdrawal in withdrawals]),
        ],
    }


def erase(appointments: Sequence[Appointment]) -> None:
    """What leads to the person goes; the books stay."""
    settlements = _settlements([appointment.pk for appointment in appointments])
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


def _trials(appointment: Appointment) -> list[Trial]:
    return list(appointment.trials.order_by("pk"))


def _settlements(appointments: Sequence[int]) -> list[Settlement]:
    return list(Settlement.objects.filter(appointment__in=appointments).order_by("pk"))


def _purposes(trials: Sequence[Trial], settlements: Sequence[Settlement]) -> list[str]:
    return [*(conversation.purpose_of(trial.pk) for trial in trials), *map(standing.purpose, settlements)]
