"""An order's life: opened, and then what the institution says of it - by its callback, or because we asked."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from hospital import tuning, wake, worklist
from insurance.ledger import entries
from insurance.payment import gateway
from insurance.payment.gateway import AmountsDiffer, GatewayRefused, GatewayUnclear, OrderStatus
from insurance.payment.models import PaymentOrder
from insurance.states import PaymentState

log = logging.getLogger(__name__)

FOLLOW_TASK = "tasks.insurance.collect"
"""Who goes on when an order has changed."""


def prepare(order_no: str, amount_fen: int) -> PaymentOrder:
    """Our side of an order, committed before the institution hears of it. The same one when it is there already."""
    order = PaymentOrder.objects.filter(order_no=order_no).first()
    return order or worklist.enter(
        PaymentOrder(
            order_no=order_no,
            amount_fen=amount_fen,
            expires_at=timezone.now() + timedelta(seconds=tuning.value("PAYMENT_EXPIRES_SECONDS")),
            due_at=timezone.now() + timedelta(seconds=settings.PAYMENT_ASK_AFTER_SECONDS),
        )
    )


def open_at_institution(order: PaymentOrder, subject: str) -> None:
    """Open it there and keep the address of its page. Raises `GatewayUnclear`, `GatewayRefused`, `AmountsDiffer`."""
    status = gateway.open_order(order.order_no, order.amount_fen, order.expires_at, subject)
    _compare(order, status)
    PaymentOrder.objects.filter(pk=order.pk).update(pay_url=status.pay_url, last_error="")


def hear(order_no: str, status: OrderStatus) -> bool:
    """A callback said this. That money has come is believed; that none will come, only when the institution says so on
    being asked, which is then due at once. False: no such order. Raises `AmountsDiffer`."""
    if status.state == PaymentState.PAID:
        return learn(order_no, status)
    order = PaymentOrder.objects.filter(order_no=order_no).first()
    if order is not None:
        _compare(order, status)
        ask_now(order)
    return order is not None


def learn(order_no: str, status: OrderStatus) -> bool:
    """The institution said this of the order. Repeats and late or unordered news change nothing; that money went back
    is known from our own refunds. False: no such order. Raises `AmountsDiffer`.
    """
    with transaction.atomic():
        order = PaymentOrder.objects.select_for_update().filter(order_no=order_no).first()
        if order is None:
            return False
        _compare(order, status)
        if status.state != PaymentState.REFUNDED and status.state in order.MOVES[order.state]:
            paid: dict[str, Any] = {"paid_at": Now(), "in_hand": True} if status.state == PaymentState.PAID else {}
            worklist.move(order, status.state, transaction_no=status.transaction_no, **paid)
            if status.state == PaymentState.PAID:
                entries.book(order.order_no, [entries.paid(order.order_no, order.amount_fen)])
            wake.task(FOLLOW_TASK)
    return True


def cancel(order: PaymentOrder) -> None:
    """The patient will not pay: close the order there. One that is no longer open stays what it has become.

    Raises `GatewayUnclear`, `GatewayRefused`, `AmountsDiffer`.
    """
    try:
        status = gateway.cancel(order.order_no)
    except GatewayRefused:
        status = _closed_or_what_it_is(order)
    learn(order.order_no, status)


def _closed_or_what_it_is(order: PaymentOrder) -> OrderStatus:
    """It cannot be closed: it is no longer open, or the institution has never heard of it. An opening that is still on
    its way must find it closed, so it is opened first."""
    try:
        return gateway.query(order.order_no)
    except GatewayRefused:
        gateway.open_order(order.order_no, order.amount_fen, order.expires_at, subject="")
        return gateway.cancel(order.order_no)


def ask_now(order: PaymentOrder) -> None:
    """The institution is asked what became of it now, and not when it would be."""
    PaymentOrder.objects.filter(pk=order.pk, state=PaymentState.OPEN).update(due_at=Now())
    wake.task(FOLLOW_TASK)


def ask_due(most: int = 50) -> int:
    """Ask about the orders whose callback has not come: how many. If the institution is away, the rest later."""
    asked = 0
    for order in PaymentOrder.due(PaymentState.OPEN).order_by("due_at")[:most]:
        asked += 1
        _postpone(order)
        try:
            learn(order.order_no, gateway.query(order.order_no))
        except GatewayUnclear as error:
            log.warning("payment institution away: %s", error)
            break
        except (GatewayRefused, AmountsDiffer) as error:
            _in_dispute(order, f"{type(error).__name__}: {error}")
    return asked


def _in_dispute(order: PaymentOrder, why: str) -> None:
    """The institution says something that cannot be right: a person must look (`collecting.changed`)."""
    log.error("payment order %s: %s", order.order_no, why)
    PaymentOrder.objects.filter(pk=order.pk, state=PaymentState.OPEN).update(last_error=f"payment institution: {why}")


def _postpone(order: PaymentOrder) -> None:
    again = Now() + timedelta(seconds=settings.PAYMENT_ASK_AFTER_SECONDS)
    PaymentOrder.objects.filter(pk=order.pk).update(due_at=again)


def _compare(order: PaymentOrder, status: OrderStatus) -> None:
    if status.amount_fen != order.amount_fen:
        raise AmountsDiffer(f"we say {order.amount_fen} fen, they say {status.amount_fen} fen")
