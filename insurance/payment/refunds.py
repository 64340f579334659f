"""Money back to the patient: owed in a transaction, given by the institution. By our number, asking twice is safe."""

import logging

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now

from hospital import wake, worklist
from insurance.ledger import entries
from insurance.payment import gateway
from insurance.payment.gateway import AmountsDiffer, GatewayRefused, GatewayUnclear
from insurance.payment.models import PaymentOrder, Refund
from insurance.payment.orders import FOLLOW_TASK
from insurance.states import PaymentState, RefundState

log = logging.getLogger(__name__)

LEASE_SECONDS = 40
LONGEST_WAIT_SECONDS = 600
DIFFERENCE, REST = "D", "R"


def owe_difference(order: PaymentOrder, due_fen: int) -> None:
    """Of what was paid only `due_fen` was due: the rest goes back."""
    _owe(order, DIFFERENCE, order.amount_fen - due_fen)


def owe_rest(order: PaymentOrder) -> None:
    """Whatever is still with us of this order goes back. What was refused before is tried again."""
    for refused in order.refunds.filter(state=RefundState.REFUSED):
        worklist.move(refused, RefundState.DUE, reason="to be given back all the same", due_at=Now())
    _owe(order, REST, order.amount_fen - owed_fen(order))


def owed_fen(order: PaymentOrder) -> int:
    """How much of an order is to go back or has gone back."""
    return order.refunds.aggregate(owed=Sum("amount_fen"))["owed"] or 0


def is_refused(order: PaymentOrder) -> bool:
    """Whether the institution would not give it back."""
    return order.refunds.filter(state=RefundState.REFUSED).exists()


def try_again(refund: Refund, why: str) -> None:
    """What the institution refused is asked of it once more."""
    worklist.move(refund, RefundState.DUE, reason=why, due_at=Now())
    wake.task(FOLLOW_TASK)


def hasten(order: PaymentOrder, why: str) -> None:
    """What is to go back is asked of the institution now, and not when it would be. One under way is left alone."""
    under_way = Q(leased_until__gt=Now())
    for refund in order.refunds.filter(state=RefundState.DUE).exclude(under_way):
        worklist.move(refund, RefundState.DUE, reason=why, due_at=Now())
    wake.task(FOLLOW_TASK)


def given_otherwise(order: PaymentOrder, why: str) -> None:
    """The patient has in another way what the institution refused to give back: it is never asked of it again."""
    for refund in order.refunds.filter(state=RefundState.REFUSED):
        _record(refund, by=entries.BY_STAFF, why=why)


def all_given_otherwise(order: PaymentOrder, why: str) -> None:
    """The patient has in another way whatever was still with us of this order. None of it may be under way."""
    _owe(order, REST, order.amount_fen - owed_fen(order))
    for refund in order.refunds.exclude(state=RefundState.DONE):
        _record(refund, by=entries.BY_STAFF, why=why)


def give_back_due(most: int = 50) -> int:
    """Have the institution carry out what is due: how many. When it does not answer one, the others wait too."""
    done = 0
    while done < most and _give_back_next():
        done += 1
    return done


def _owe(order: PaymentOrder, purpose: str, amount_fen: int) -> None:
    number = f"{purpose}{order.order_no}"
    if amount_fen > 0 and not Refund.objects.filter(refund_no=number).exists():
        worklist.enter(Refund(order=order, refund_no=number, amount_fen=amount_fen))
        wake.task(FOLLOW_TASK)


def _give_back_next() -> bool:
    refund = worklist.claim(
        Refund.due(RefundState.DUE).order_by("due_at", "pk"), RefundState.DUE, lease_seconds=LEASE_SECONDS
    )
    if refund is None:
        return False
    try:
        gateway.refund(refund.order.order_no, refund.refund_no, refund.amount_fen)
    except GatewayUnclear as error:
        wait = min(2.0**refund.attempt, LONGEST_WAIT_SECONDS)
        worklist.put_back(refund, RefundState.DUE, wait_seconds=wait, error=f"payment institution: {error}")
        return False
    except (GatewayRefused, AmountsDiffer) as error:
        log.error("refund %s was refused by the payment institution: %s", refund.refund_no, error)
        worklist.move(refund, RefundState.REFUSED, reason=str(error), last_error=str(error)[:300], leased_until=None)
    else:
        _record(refund)
    return True


def _record(refund: Refund, by: str = "refund", why: str = "") -> None:
    with transaction.atomic():
        order = PaymentOrder.objects.select_for_update().get(pk=refund.order_id)
        worklist.move(refund, RefundState.DONE, reason=why, done_at=Now(), leased_until=None, last_error="")
        entries.book(order.order_no, [entries.refunded(refund.refund_no, refund.amount_fen, by)])
        if order.state == PaymentState.PAID and _all_given_back(order):
            worklist.move(order, PaymentState.REFUNDED)
        wake.task(FOLLOW_TASK)


def _all_given_back(order: PaymentOrder) -> bool:
    given = order.refunds.filter(state=RefundState.DONE).aggregate(given=Sum("amount_fen"))["given"] or 0
    return bool(given >= order.amount_fen)
