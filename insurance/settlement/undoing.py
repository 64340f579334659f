"""Undo the insurer's leg: look, take back whatever of ours stands, look again. Nothing is believed undone unseen.

2208 takes back what has a number; 2601, by our own message id, what nobody has a number for (protocol 3.9, 3.10). Both
are safe to repeat: the second one is refused. Once one of them has left, the way leads to UNDONE only. One that comes
late names what is no more; an interface without 2601 may know a settlement by its bill alone, which the next try has
too (protocol 6.1): there nothing is settled anew while a cancellation is on its way.
"""

import logging

from insurance.interface import looking
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refusal, Refused
from insurance.interface.messages import Bill
from insurance.interface.profile import Operation
from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind
from insurance.payment import refunds
from insurance.payment.models import PaymentOrder
from insurance.quota.exchange import profile
from insurance.settlement import guards, saga
from insurance.settlement.heard import Heard
from insurance.settlement.models import Settlement
from insurance.settlement.saga import Event
from insurance.settlement.standing import SETTLED_BY, UNDONE_BY, own_msgids, standing, tries
from insurance.states import PaymentState
from insurance.trial import conversation
from insurance.trial.models import Visit

log = logging.getLogger(__name__)

NOTHING_THERE = (Refusal.NOTHING_TO_REVERSE, Refusal.ALREADY_REVERSED)
"""Refusals of 2601 that say: nothing of this message stands."""

MOST_TRIES = 3
"""So many messages may ask for one settlement, each after the one before was seen undone."""


def undo(client: InsuranceClient, settlement: Settlement) -> Heard:
    """Whatever of this settlement stands at the insurer is taken back. Raises `InterfaceError`."""
    if not own_msgids(settlement):
        return undone(settlement)
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    there = standing(client, settlement, visit)
    booked = take_back(client, visit, there.ours)
    if not there.ours and not _reversed_by_msgid(client, settlement, visit):
        return Heard(Event.UNCLEAR, reason="the insurer would not reverse it, and shows none")
    afterwards = standing(client, settlement, visit)
    if afterwards.ours:
        return Heard(Event.UNCLEAR, reason="it still stands at the insurer", booked=booked)
    if afterwards.may_settle:
        return Heard(Event.UNCLEAR, reason="undone, but the settlement may still arrive", booked=booked)
    if afterwards.may_undo and client.dialect.reverse is None:
        return Heard(Event.UNCLEAR, reason="undone, but a cancellation may still arrive", booked=booked)
    return undone(settlement, booked)


def undone(settlement: Settlement, booked: tuple[Amounts, ...] = (), *, again: bool = True) -> Heard:
    """Nothing of it stands at the insurer: what follows, and the ledger says so too. `again`: it may be tried again."""
    order = PaymentOrder.objects.filter(order_no=settlement.number, state=PaymentState.PAID).first()
    going_back = order is not None and refunds.owed_fen(order) > 0
    kept = settlement.claim_later and settlement.wanted and order is not None and not going_back
    # With part of the money on its way back, nothing more can come of it: the rest goes back too.
    again = again and not going_back and _is_to_be_tried_again(settlement, kept)
    event = saga.after_undoing(paid=order is not None, kept=kept, again=again)
    learnt = {"setl_id": "", "settled_at": None} if event is Event.AGAIN else {}
    rest = entries.still_settled(settlement.number, {one.source for one in booked if one.kind == Kind.UNDONE})
    return Heard(event, learnt, "undone at the insurer", (*booked, *rest))


def take_back(client: InsuranceClient, visit: Visit, bills: tuple[Bill, ...]) -> tuple[Amounts, ...]:
    """2208 for each; what the ledger is to hold of it. A refusal is left to the next look to judge."""
    booked: list[Amounts] = []
    for bill in bills:
        booked.append(entries.settled(bill, SETTLED_BY))
        try:
            insured = conversation.insured_of(visit)
            negative = client.cancel(insured, visit.mdtrt_id, bill.setl_id, reversal=bill.reversal)
        except Refused as error:
            log.warning("2208 was refused, looking again: %s", error)
            continue
        booked.append(entries.undone(bill, UNDONE_BY, negative.settled_at if negative else None))
    return tuple(booked)


def _reversed_by_msgid(client: InsuranceClient, settlement: Settlement, visit: Visit) -> bool:
    """2601 by the message that asked for it. False: refused for a reason that says nothing of what stands."""
    oinfno = profile(settlement.insurer).infno(Operation.SETTLE)
    about = conversation.insured_of(visit), visit.mdtrt_id, settlement.invono
    try:
        looking.undo_message(client, *about, settlement.settle_msgid, oinfno)
    except Refused as error:
        return error.code in NOTHING_THERE
    return True


def _is_to_be_tried_again(settlement: Settlement, kept: bool) -> bool:
    """The patient still wants it, it was not tried too often, and the bill still stands; a claim gets another bill."""
    return settlement.wanted and tries(settlement) < MOST_TRIES and (kept or not guards.stale(settlement))
