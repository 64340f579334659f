"""What our own rows say of what stands in another's book: by the message, the order, or the refund that made it."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from insurance.calls.models import InterfaceCall
from insurance.payment.models import PaymentOrder, Refund
from insurance.reconciliation.compare import Row
from insurance.reconciliation.rules import Movement, Says
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.standing import settlement_id
from insurance.states import PaymentState, RefundState, SettlementState

WITHOUT_EFFECT = (SettlementState.REFUSED, SettlementState.REVERSED, SettlementState.REFUNDING)
AS_SELF_PAY = (SettlementState.PAID, SettlementState.CONFIRMING, SettlementState.COMPLETED)

_OF_AN_ORDER = {
    PaymentState.OPEN: Says.NOT_PAID,
    PaymentState.EXPIRED: Says.NOT_PAID,
    PaymentState.CANCELLED: Says.NOT_PAID,
    PaymentState.PAID: Says.COUNTS,
    PaymentState.REFUNDED: Says.COUNTS,
}
_OF_A_REFUND = {
    RefundState.DUE: Says.UNDER_WAY,
    RefundState.DONE: Says.COUNTS,
    RefundState.REFUSED: Says.PERSON,
}


def of_settlement(settlement: Settlement, msgid: str) -> Says:
    """What a settlement says of a message of its own. While it is under way its own recovery looks at them all."""
    if settlement.state == SettlementState.MANUAL:
        return Says.PERSON
    self_pay = settlement.mode == Mode.SELF_PAY and settlement.state in AS_SELF_PAY
    if self_pay or settlement.state in WITHOUT_EFFECT:
        return Says.WITHOUT_EFFECT
    if settlement.state == SettlementState.COMPLETED:
        return Says.COUNTS if msgid == settlement.settle_msgid else Says.ANOTHER
    return Says.UNDER_WAY


def by_message(rows: Iterable[Row]) -> list[Row]:
    """The insurer's rows, each with what we say of the message that made it."""
    rows = list(rows)
    settlements = _settlements({row.msgid for row in rows})
    return [_said_by(settlements.get(row.msgid), row) for row in rows]


def by_number(rows: Iterable[Row]) -> list[Row]:
    """The payment institution's rows, each with what we say of the order or refund."""
    rows = list(rows)
    orders = PaymentOrder.objects.in_bulk(_keys(rows, Movement.PAID), field_name="order_no")
    refunds = Refund.objects.in_bulk(_keys(rows, Movement.REFUNDED), field_name="refund_no")
    return [replace(row, says=_of_payment(row, orders.get(row.key), refunds.get(row.key))) for row in rows]


def _settlements(msgids: Collection[str]) -> dict[str, Settlement]:
    """By every message that was written down for one."""
    calls = InterfaceCall.objects.filter(msgid__in=msgids).values_list("msgid", "purpose")
    owners = {msgid: settlement_id(purpose) for msgid, purpose in calls}
    rows = Settlement.objects.in_bulk({pk for pk in owners.values() if pk})
    return {msgid: rows[pk] for msgid, pk in owners.items() if pk in rows}


def _said_by(settlement: Settlement | None, row: Row) -> Row:
    if settlement is None:
        return row
    return replace(row, number=settlement.number, says=of_settlement(settlement, row.msgid))


def _keys(rows: Iterable[Row], movement: Movement) -> list[str]:
    return [row.key for row in rows if row.movement is movement]


def _of_payment(row: Row, order: PaymentOrder | None, refund: Refund | None) -> Says:
    if row.movement is Movement.PAID:
        return _OF_AN_ORDER[PaymentState(order.state)] if order else Says.NOTHING
    return _OF_A_REFUND[RefundState(refund.state)] if refund else Says.NOTHING
