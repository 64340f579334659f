"""What is not over yet of somebody's: it stands against erasing them (hook `against_erasing`)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.models import Appointment
from insurance.desk.models import Decision
from insurance.payment.models import PaymentOrder, Refund
from insurance.reconciliation.models import Difference
from insurance.settlement.models import Settlement
from insurance.states import (
    DecisionState,
    DifferenceState,
    PaymentState,
    RefundState,
    SettlementState,
    TrialState,
    WithdrawalState,
)
from insurance.trial.models import Trial, Withdrawal
from insurance.words import PAYMENT, REFUND, SETTLEMENT

BOOKS_SETTLE_DAYS = 31
"""So long the last settlement must be over: the day's and the month's comparisons ask for the person."""

ENDED = (SettlementState.COMPLETED, SettlementState.REFUSED, SettlementState.REVERSED)


def against_erasing(appointments: Sequence[Appointment]) -> list[object]:
    """Calls and settlements that go on, money that is due to somebody, somebody's decision, a difference between the
    books."""
    settlements = list(Settlement.objects.filter(appointment__in=appointments).order_by("pk"))
    return [
        *_calling(appointments),
        *_going_on(settlements),
        *_money(settlements),
        *_undecided(settlements),
        *_asked_for(settlements),
    ]


def _calling(appointments: Sequence[Appointment]) -> Iterator[object]:
    """A turn that has begun goes on when the appointment is cancelled, and writes down what it hears."""
    for trial in Trial.objects.filter(appointment__in=appointments, state=TrialState.CALLING).order_by("pk"):
        yield _("Trial %(number)s is with the insurer at this moment.") % {"number": trial.pk}
    taken = Withdrawal.objects.filter(state=WithdrawalState.DUE, leased_until__gt=Now()).order_by("pk")
    whose = taken.filter(order__visit__appointment__in=appointments)
    for number in whose.values_list("order__visit__appointment", flat=True):
        yield _("An order of appointment %(number)s is with the insurer at this moment.") % {"number": number}


def _going_on(settlements: Sequence[Settlement]) -> Iterator[object]:
    for one in settlements:
        if one.state not in ENDED:
            told = {"number": one.number, "state": SETTLEMENT[one.state]}
            yield _("Settlement %(number)s is not over yet: %(state)s.") % told


def _money(settlements: Sequence[Settlement]) -> Iterator[object]:
    orders = PaymentOrder.objects.filter(order_no__in=[one.number for one in settlements]).order_by("pk")
    for order in orders.filter(Q(state=PaymentState.OPEN) | Q(in_hand=True)):
        told = {"number": order.order_no, "state": PAYMENT[order.state]}
        yield _("Payment order %(number)s is not over yet: %(state)s.") % told
    for refund in Refund.objects.filter(order__in=orders).exclude(state=RefundState.DONE).order_by("pk"):
        told = {"number": refund.refund_no, "state": REFUND[refund.state]}
        yield _("Refund %(number)s is not over yet: %(state)s.") % told


def _undecided(settlements: Sequence[Settlement]) -> Iterator[object]:
    decisions = Decision.objects.filter(settlement__in=settlements, state=DecisionState.PROPOSED)
    for decision in decisions.select_related("settlement").order_by("pk"):
        yield _("A decision on settlement %(number)s waits for a second person.") % {
            "number": decision.settlement.number
        }
    differences = Difference.objects.filter(settlement__in=settlements).exclude(state=DifferenceState.RESOLVED)
    for difference in differences.select_related("settlement").order_by("pk"):
        number = difference.settlement.number if difference.settlement else ""
        yield _("A difference between the books on settlement %(number)s is not resolved.") % {"number": number}


def _asked_for(settlements: Sequence[Settlement]) -> Iterator[object]:
    lately = timezone.now() - timedelta(days=BOOKS_SETTLE_DAYS)
    last = max((one.since for one in settlements if one.state in ENDED), default=lately)
    if last > lately:
        until = timezone.localtime(last + timedelta(days=BOOKS_SETTLE_DAYS))
        told = {"days": BOOKS_SETTLE_DAYS, "until": f"{until:%Y-%m-%d %H:%M}"}
        yield _("The last settlement must be over for %(days)s days, until %(until)s: the books ask for it.") % told
