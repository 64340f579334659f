"""The remedy that only reads: what the other side shows of it now. What that does not explain is left to a person."""

from datetime import date, timedelta

from django.utils import timezone

from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refused
from insurance.interface.messages import Bill
from insurance.ledger.models import Kind, LedgerEntry
from insurance.payment import gateway
from insurance.payment.gateway import GatewayRefused
from insurance.reconciliation import days, theirs
from insurance.reconciliation.conclusion import Conclusion, ended, noted, staff
from insurance.reconciliation.models import Difference
from insurance.reconciliation.rules import SIDE, Class, Movement, Side
from insurance.reconciliation.speaking import turn
from insurance.settlement.models import Settlement
from insurance.settlement.standing import purpose, standing
from insurance.states import SettlementState
from insurance.trial import conversation
from insurance.trial.models import Visit

BESIDE = (timedelta(days=-1), timedelta(days=1))
"""Money at midnight stands on the day before or after: what is booked is when we learnt of it."""


def ask(difference: Difference) -> Conclusion:
    """Raises `InterfaceError`, `GatewayUnclear`."""
    if SIDE[Movement(difference.movement)] is Side.PAYMENTS:
        return _ask_payments(difference)
    settlement = Settlement.objects.get(differences=difference)
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)

    def say(client: InsuranceClient) -> Conclusion:
        if difference.classed == Class.ONLY_THEIRS:
            return _what_stands(client, settlement, visit)
        try:
            bill = client.query(conversation.insured_of(visit), visit.mdtrt_id, difference.key)
        except Refused as refused:
            return staff(f"the insurer does not show it: {refused}")
        return _shown(difference, settlement, bill)

    return turn(settlement.insurer, purpose(settlement), say, about=settlement.appointment.archive.name)


def _shown(difference: Difference, settlement: Settlement, bill: Bill) -> Conclusion:
    """5203 shows it (protocol 3.13)."""
    entries = LedgerEntry.objects.filter(number=settlement.number, source=difference.key)
    undone = entries.filter(kind=Kind.UNDONE).exists()
    if bill.refunded:
        if undone:
            return ended("the insurer shows it as taken back, and so do we")
        return staff("the insurer shows it as taken back; with us it stands")
    if undone:
        return staff("the insurer shows that it stands; with us it is taken back")
    day = days.local_day(bill.settled_at) if bill.settled_at else difference.book.day
    if day != difference.book.day:
        return noted(f"the insurer shows it on {day}", day)
    return staff("the insurer shows it on this day, and its statement does not")


def _what_stands(client: InsuranceClient, settlement: Settlement, visit: Visit) -> Conclusion:
    """Something was taken back there that is not to stand: does only what is to?"""
    stands = {bill.setl_id for bill in standing(client, settlement, visit).ours}
    to_stand = {settlement.setl_id} if settlement.state == SettlementState.COMPLETED else set()
    if stands != to_stand:
        return staff("the insurer has taken back one of ours, and what stands there is not what stands with us")
    return ended("at the insurer there stands what stands with us")


def _ask_payments(difference: Difference) -> Conclusion:
    """First the day files before and after, then the order or refund itself."""
    day = difference.book.day
    for beside in BESIDE:
        if days.is_begun(day + beside, timezone.now()) and _stands_in_the_file(difference, day + beside):
            return ended(f"the payment institution has it on {day + beside}", day + beside)
    try:
        return staff(f"the payment institution says: {_payment_told(difference)}; its day file does not show it")
    except GatewayRefused as refused:
        return staff(f"the payment institution does not know it: {refused}")


def _stands_in_the_file(difference: Difference, day: date) -> bool:
    rows = theirs.payment_rows(gateway.statement(day), day)
    same = (difference.movement, difference.key, difference.ours_fen)
    return any((row.movement, row.key, row.amounts[0]) == same for row in rows)


def _payment_told(difference: Difference) -> str:
    if difference.movement == Movement.PAID:
        order = gateway.query(difference.key)
        return f"order {order.state}, {order.amount_fen} fen"
    number = difference.settlement.number if difference.settlement else ""
    refund = gateway.query_refund(number, difference.key)
    return f"refund {refund.state}, {refund.amount_fen} fen"
