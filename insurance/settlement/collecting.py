"""The self-pay leg: open the payment order, follow what becomes of it. It needs no permit of the insurer's."""

from django.db.models import Q, QuerySet

from hospital import worklist
from insurance.payment import orders
from insurance.payment.gateway import AmountsDiffer, GatewayRefused, GatewayUnclear
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.saga import Event
from insurance.settlement.steps import Heard, record
from insurance.states import PaymentState, SettlementState

LEASE_SECONDS = 40
BATCH = 200

_STAYS: dict[str, str] = {state: state for state in (SettlementState.INSURED, SettlementState.WAITING)}
"""An order that is being opened leaves the settlement where it is: asking for it twice is safe."""


def collect_due(most: int = BATCH) -> int:
    """Open the orders that are to be opened and take note of those that have changed. Returns how many moved.

    When the institution does not answer one, it is away, and the others are left for later.
    """
    ordered = 0
    while ordered < most and _order_next():
        ordered += 1
    return ordered + follow(most)


def to_order() -> QuerySet[Settlement]:
    """Settlements whose self-pay part is to be collected now: the insurer has settled, or was never asked."""
    ready = Q(state=SettlementState.INSURED) | Q(state=SettlementState.WAITING, mode=Mode.SELF_PAY)
    return Settlement.due(SettlementState.INSURED, SettlementState.WAITING).filter(ready).order_by("pk")


def changed() -> QuerySet[Settlement]:
    """Settlements whose order is no longer open, also those that were given up before the money came."""
    paying = Q(state=SettlementState.PAYING) & ~Q(payment__state=PaymentState.OPEN)
    late = Q(state__in=[SettlementState.REVERSING, SettlementState.REVERSED], payment__state=PaymentState.PAID)
    return Settlement.objects.filter(paying | late).select_related("payment").order_by("pk")


def follow(most: int = BATCH) -> int:
    """Carry what became of the payment orders over to their settlements."""
    moved = 0
    for settlement in changed()[:most]:
        try:
            record(settlement, _event(settlement), {}, "")
            moved += 1
        except worklist.Overtaken:
            continue  # somebody else took note of the same payment
    return moved


def _order_next() -> bool:
    """Open the next order; False when there is none or the institution does not answer."""
    settlement = worklist.claim(to_order(), _STAYS, lease_seconds=LEASE_SECONDS)
    if settlement is None:
        return False
    heard = _order(settlement)
    record(settlement, *heard)
    return heard[0] is not Event.SILENCE


def _order(settlement: Settlement) -> Heard:
    """Our number first, then theirs: the order is known by `order_no` however often it is asked for."""
    if settlement.cash_fen == 0:
        return Event.NOTHING_TO_PAY, {}, ""
    order = orders.prepare(settlement.number, settlement.cash_fen)
    try:
        orders.open_at_institution(order, subject=f"{settlement.appointment_id}")
    except GatewayUnclear as error:
        return Event.SILENCE, {}, f"payment institution: {error}"
    except (GatewayRefused, AmountsDiffer) as error:
        return Event.REFUSED, {}, f"payment institution: {type(error).__name__}: {error}"
    return Event.ORDERED, {"payment": order}, ""


def _event(settlement: Settlement) -> Event:
    if settlement.payment is not None and settlement.payment.state == PaymentState.PAID:
        return Event.PAID
    return Event.NOT_PAID if settlement.mode == Mode.INSURANCE else Event.ABANDONED
