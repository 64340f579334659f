"""What was heard at a step: the event, and everything learnt with it."""

from dataclasses import dataclass, field
from typing import Any

from insurance.interface.messages import Bill
from insurance.ledger.entries import Amounts
from insurance.settlement.models import Settlement
from insurance.settlement.saga import Event


@dataclass(frozen=True, slots=True)
class Heard:
    """`learnt` are fields of the settlement, `booked` what the ledger is to hold of it, `said` the insurer's own words
    where it refused."""

    event: Event
    learnt: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    booked: tuple[Amounts, ...] = ()
    said: str = ""


def of_bill(bill: Bill) -> dict[str, Any]:
    """The fields that the insurer's bill brings."""
    return {
        "setl_id": bill.setl_id,
        "settled_at": bill.settled_at,
        "clr_type": bill.clr_type,
        "clr_optins": bill.clr_optins,
    }


def settled(settlement: Settlement) -> Event:
    """The insurer has settled as agreed: is there money to collect, or to give back?"""
    nothing_left = settlement.cash_fen == 0 and settlement.payment_id is None
    return Event.SETTLED_IN_FULL if nothing_left else Event.SETTLED
