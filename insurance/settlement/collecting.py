"""The self-pay leg: open the payment order, follow what becomes of it. It needs no permit of the insurer's."""

import logging
from itertools import chain

from django.db.models import Exists, OuterRef, Q, QuerySet

from hospital import worklist
from insurance.payment import orders, refunds
from insurance.payment.gateway import AmountsDiffer, GatewayRefused, GatewayUnclear
from insurance.payment.models import PaymentOrder, Refund
from insurance.settlement.heard import Heard
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.recording import record
from insurance.settlement.saga import Event
from insurance.states import PaymentState, RefundState, SettlementState

log = logging.getLogger(__name__)

LEASE_SECONDS = 40
BATCH = 200

_STAYS: dict[str, str] = {state: state for state in (SettlementState.INSURED, SettlementState.WAITING)}
"""An order that is being opened leaves the settlement where it is: asking for it twice is safe."""


def collect_due(most: int = BATCH) -> int:
    """Open, close and give back what is due, and take note of what has changed. Returns how many moved.

    When the institution does not answer one, it is away, and the others are left for later.
    """
    ordered = 0
    while ordered < most and _order_next():
        ordered += 1
    withdraw_given_up(most)
    orders.ask_due()
    refunds.give_back_due()
    return ordered + follow(most)


def to_order() -> QuerySet[Settlement]:
    """Settlements whose self-pay part is to be collected now: the insurer has settled, or is not asked first."""
    ready = Q(state=SettlementState.INSURED) | Q(state=SettlementState.WAITING, mode=Mode.SELF_PAY)
    return Settlement.due(SettlementState.INSURED, SettlementState.WAITING).filter(ready).order_by("pk")


def changed() -> tuple[QuerySet[Settlement], ...]:
    """Settlements whose money has moved: an order no longer open, one paid after the end, a refund carried out.

    Each by an index of its own: what has ended long ago is not looked at, however much there is of it.
    """
    settlements = Settlement.objects.select_related("payment").order_by("pk")
    paying = settlements.filter(state=SettlementState.PAYING)
    in_hand = PaymentOrder.objects.filter(in_hand=True, state=PaymentState.PAID)
    refused = Refund.objects.filter(order=OuterRef("payment"), state=RefundState.REFUSED)
    ended = Q(payment__state=PaymentState.REFUNDED) | Q(payment=None) | Exists(refused)
    return (
        paying.filter(~Q(payment__state=PaymentState.OPEN) | ~Q(payment__last_error="")),
        settlements.filter(state=SettlementState.REVERSED, payment__in=in_hand).order_by(),
        settlements.filter(ended, state=SettlementState.REFUNDING),
    )


def follow(most: int = BATCH) -> int:
    """Carry what became of orders and refunds over to their settlements."""
    moved = 0
    for settlement in chain.from_iterable(rows[:most] for rows in changed()):
        heard = _heard(settlement)
        try:
            if heard is not None:
                record(settlement, heard)
                moved += 1
        except worklist.Overtaken:
            continue  # somebody else took note of the same money
    _put_away()
    return moved


def _put_away() -> None:
    """Money that a settlement needs no more attention for: it is complete, or the money is on its way back."""
    in_hand = PaymentOrder.objects.filter(in_hand=True)
    done = Q(state=PaymentState.REFUNDED) | Q(settlement__state=SettlementState.COMPLETED)
    in_hand.filter(pk__in=in_hand.filter(done).values("pk")[:BATCH]).update(in_hand=False)


def withdraw_given_up(most: int = BATCH) -> None:
    """Close the open orders of settlements that the patient has given up."""
    open_orders = Settlement.objects.filter(
        state=SettlementState.PAYING, wanted=False, payment__state=PaymentState.OPEN
    )
    for settlement in open_orders.select_related("payment")[:most]:
        if settlement.payment is not None and _closed(settlement.payment) is None:
            return


def _order_next() -> bool:
    """Open the next order; False when there is none or the institution does not answer."""
    settlement = worklist.claim(to_order(), _STAYS, lease_seconds=LEASE_SECONDS)
    if settlement is None:
        return False
    heard = _order(settlement)
    try:
        record(settlement, heard)
    except worklist.Overtaken:
        log.warning("settlement %s: the order was opened after the turn was over; it is opened again", settlement.pk)
    return heard.event is not Event.SILENCE


def _order(settlement: Settlement) -> Heard:
    """Our number first, then theirs: the order is known by `order_no` however often it is asked for."""
    before = PaymentOrder.objects.filter(order_no=settlement.number).first()
    if not settlement.wanted:
        return _given_up(settlement, before)
    if before is not None and before.state == PaymentState.PAID:
        insured = settlement.state == SettlementState.INSURED
        return _paid_before(settlement, before) if insured else Heard(Event.ORDERED, {"payment": before})
    if settlement.cash_fen == 0:
        return Heard(Event.NOTHING_TO_PAY)
    order = orders.prepare(settlement.number, settlement.cash_fen)
    try:
        orders.open_at_institution(order, subject=f"{settlement.appointment_id}")
    except GatewayUnclear as error:
        return Heard(Event.SILENCE, reason=f"payment institution: {error}")
    except (GatewayRefused, AmountsDiffer) as error:
        return Heard(Event.REFUSED, {"payment": order}, f"payment institution: {type(error).__name__}: {error}")
    return Heard(Event.ORDERED, {"payment": order})


def _paid_before(settlement: Settlement, order: PaymentOrder) -> Heard:
    """The money is here already; what is more than the bill leaves to pay goes back."""
    if order.amount_fen < settlement.cash_fen:
        too_little = f"{order.amount_fen} fen were paid, {settlement.cash_fen} fen are due"
        return Heard(Event.REFUSED, {"payment": order}, too_little)
    refunds.owe_difference(order, settlement.cash_fen)
    return Heard(Event.PAID_BEFORE, {"payment": order})


def _given_up(settlement: Settlement, order: PaymentOrder | None) -> Heard:
    """Nobody may pay any more; then the insurer's leg is undone. What was paid all the same goes back after that."""
    if order is not None and order.state == PaymentState.OPEN and not _closed(order):
        return Heard(Event.SILENCE, reason="payment institution: the order could not be closed")
    return Heard(Event.GIVEN_UP, {"payment": order}, "given up by the patient")


def _closed(order: PaymentOrder) -> bool | None:
    """Close an order at the institution. False: it is still open; None: the institution is away."""
    try:
        orders.cancel(order)
    except GatewayUnclear:
        return None
    except (GatewayRefused, AmountsDiffer):
        return False
    order.refresh_from_db()
    return order.state != PaymentState.OPEN


def _heard(settlement: Settlement) -> Heard | None:
    """What the money's move means for the settlement; None when it means nothing yet."""
    if settlement.state == SettlementState.REFUNDING:
        return _refund_heard(settlement)
    if settlement.payment is not None and settlement.payment.state == PaymentState.OPEN:
        return Heard(Event.REFUSED, reason=settlement.payment.last_error)
    if settlement.payment is not None and settlement.payment.state == PaymentState.PAID:
        ahead = settlement.claim_later and settlement.state == SettlementState.PAYING
        return Heard(Event.PAID_AHEAD if ahead else Event.PAID)
    if settlement.mode == Mode.INSURANCE:
        return Heard(Event.NOT_PAID, {"wanted": False})
    return Heard(Event.ABANDONED, {"wanted": False})


def _refund_heard(settlement: Settlement) -> Heard | None:
    order = settlement.payment
    if order is None or order.state == PaymentState.REFUNDED:
        return Heard(Event.REFUNDED)
    if refunds.is_refused(order):
        return Heard(Event.REFUSED, reason="the payment institution would not give the money back")
    return None
