"""Carry out the remedies that are safe (`rules.py`). Whether one has helped, the next comparison shows.

None of them touches what a patient relies on: what a settlement says is looked at once more right before a reversal
leaves, and nothing here sends money.
"""

import logging
from collections.abc import Callable, Mapping

from django.db.models import Q
from django.db.models.functions import Now

from hospital import wake
from insurance.interface.errors import InterfaceError
from insurance.payment import gateway, orders
from insurance.payment.gateway import AmountsDiffer, GatewayRefused, GatewayUnclear
from insurance.payment.models import PaymentOrder, Refund
from insurance.payment.orders import FOLLOW_TASK
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.reconciliation import conclusion
from insurance.reconciliation.asking import ask
from insurance.reconciliation.conclusion import Conclusion, helped, staff
from insurance.reconciliation.models import DayBook, Difference
from insurance.reconciliation.reversing import reverse, take_back
from insurance.reconciliation.rules import BY_ITSELF, Movement, Remedy
from insurance.settlement.models import Settlement
from insurance.settlement.steps import RECOVERING
from insurance.states import DifferenceState, PaymentState, RefundState

log = logging.getLogger(__name__)

MOST_AT_ONCE = 100
"""So many a comparison; the others follow with the next."""

_NOBODY_HAS_IT = Q(leased_until=None) | Q(leased_until__lt=Now())


def carry_out(book: DayBook) -> bool:
    """Every safe remedy that is due on the day. True when the day is worth looking at again soon."""
    waiting = book.differences.filter(state=DifferenceState.OPEN, remedy__in=BY_ITSELF).order_by("pk")
    soon = waiting.count() > MOST_AT_ONCE
    for difference in waiting.select_related("book", "settlement")[:MOST_AT_ONCE]:
        try:
            concluded = _CARRY_OUT[Remedy(difference.remedy)](difference)
        except (InterfaceError, GatewayUnclear) as error:
            log.warning("%s: %s not carried out: %s", difference, difference.remedy, error)
            soon = True
            continue
        conclusion.keep(difference, concluded)
        soon = soon or concluded.state == DifferenceState.REMEDIED
    return soon


def go_on(difference: Difference) -> Conclusion:
    """Its own recovery takes its turn now, unless somebody is at it."""
    if difference.movement == Movement.REFUNDED:
        refund = Refund.objects.filter(_NOBODY_HAS_IT, refund_no=difference.key, state=RefundState.DUE)
        refund.update(due_at=Now())
        wake.task(FOLLOW_TASK)
        return helped("the refund is asked for again by its own number")
    owner = Settlement.objects.filter(_NOBODY_HAS_IT, differences=difference, state__in=RECOVERING)
    owner.update(due_at=Now())
    if difference.settlement is not None:
        lanes.ask_for_turn(Lane.RECOVERY, difference.settlement.insurer)
    return helped("its own recovery goes on now")


def learn(difference: Difference) -> Conclusion:
    """The order is asked about, and what it has become is recorded as by a callback. Raises `GatewayUnclear`."""
    try:
        orders.learn(difference.key, gateway.query(difference.key))
    except (GatewayRefused, AmountsDiffer) as error:
        return staff(f"the payment institution was asked: {error}")
    order = PaymentOrder.objects.get(order_no=difference.key)
    if order.state in (PaymentState.PAID, PaymentState.REFUNDED):
        return helped("learnt by asking: it is paid")
    return staff(f"the day file shows the payment; asked, the institution says that the order is {order.state}")


_CARRY_OUT: Mapping[Remedy, Callable[[Difference], Conclusion]] = {
    Remedy.REVERSE: reverse,
    Remedy.TAKE_BACK: take_back,
    Remedy.GO_ON: go_on,
    Remedy.LEARN: learn,
    Remedy.ASK: ask,
}
