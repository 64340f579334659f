"""The turns of a settlement at the insurer: settle, ask, undo, tell the network.

Each is: a permit, take the row (commit) → speak, with no transaction open → record what happened (commit). What
happens next stands in `saga.py`; the self-pay leg in `collecting.py`.
"""

import logging
from collections.abc import Callable, Mapping

from hospital import worklist
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import InterfaceError, NotSent, NotWritable, Refusal, Refused, Throttled
from insurance.interface.messages import Bill, PolicySplit
from insurance.ledger import entries
from insurance.quota import insurers, lanes, permits
from insurance.quota.directory import DEFAULT
from insurance.quota.exchange import exchange, lease_seconds, new_msgid, turn_seconds
from insurance.quota.lanes import Lane
from insurance.quota.turns import WAIT_SECONDS
from insurance.settlement import agreement, credentials, guards, saga, withdrawing
from insurance.settlement.asking import ask
from insurance.settlement.confirming import confirm
from insurance.settlement.heard import Heard, of_bill, settled
from insurance.settlement.models import Settlement
from insurance.settlement.recording import record
from insurance.settlement.saga import Event
from insurance.settlement.standing import SETTLED_BY, purpose, standing
from insurance.settlement.undoing import undo
from insurance.states import SettlementState
from insurance.trial import conversation, orders
from insurance.trial.models import Visit

log = logging.getLogger(__name__)

Speak = Callable[[InsuranceClient, Settlement], Heard]

RECOVERING: dict[str, str] = {state: turn for state, turn in saga.TURNS.items() if state != SettlementState.WAITING}


def settle_one(insurer: str = DEFAULT) -> bool:
    """One turn of an insurer's settlement lane: 2207A for the next that waits. True when there was one."""
    held = _permit(Lane.SETTLEMENT, insurer)
    if held is None:
        return False
    waiting, msgid = lanes.due(Lane.SETTLEMENT, insurer), new_msgid(insurer)
    settlement = worklist.claim(waiting, SettlementState.CALLING, lease_seconds=lease_seconds(), settle_msgid=msgid)
    return _turn(settlement, held, Lane.SETTLEMENT)


def recover_one(insurer: str = DEFAULT) -> bool:
    """One turn of an insurer's recovery lane: ask, undo or tell the network, the oldest first; where there is none, an
    order that is left is given up. True when there was one."""
    held = _permit(Lane.RECOVERY, insurer)
    if held is None:
        return False
    settlement = worklist.claim(lanes.due(Lane.RECOVERY, insurer), RECOVERING, lease_seconds=lease_seconds())
    if settlement is None:
        return withdrawing.withdraw_one(held, insurer)
    return _turn(settlement, held, Lane.RECOVERY)


def _permit(lane: Lane, insurer: str) -> permits.Held | None:
    row = insurers.named(insurer)
    return permits.take(lane, turn_seconds=turn_seconds(), wait_seconds=WAIT_SECONDS, insurer=row)


def settle(client: InsuranceClient, settlement: Settlement) -> Heard:
    """2207A with the trial's own split (protocol 3.8). A lost answer is SILENCE: never sent again without knowing; one
    that contradicts what was agreed on is not believed before it was asked about."""
    if problem := guards.stale(settlement):
        return Heard(_not_sent(settlement), reason=problem)
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    if _is_spent(client, settlement, visit):
        return Heard(_not_sent(settlement), reason="its order was paid and taken back")
    try:
        bill = _send(client, settlement, visit)
    except Refused as refusal:
        if _stands_all_the_same(client, settlement, visit):
            return Heard(Event.SILENCE, reason=f"refused, and perhaps settled all the same: {refusal}")
        raise
    if problems := agreement.differences(settlement, bill):
        return Heard(Event.SETTLED_OTHERWISE, of_bill(bill), "; ".join(problems))
    return Heard(settled(settlement), of_bill(bill), booked=(entries.settled(bill, SETTLED_BY),))


def _send(client: InsuranceClient, settlement: Settlement, visit: Visit) -> Bill:
    return client.settle(
        conversation.insured_of(visit),
        credentials.card_of(settlement),
        visit.mdtrt_id,
        visit.chrg_bchno,
        settlement.total_fen,
        conversation.ORDINARY_OUTPATIENT,
        invono=settlement.invono,
        split=PolicySplit(**settlement.trial.split) if settlement.trial.split else None,
        msgid=settlement.settle_msgid,
    )


def _is_spent(client: InsuranceClient, settlement: Settlement, visit: Visit) -> bool:
    """Where a trial opens an order: what was once paid and taken back cannot be paid again. The refusal would say
    nothing of the insurance."""
    if not client.dialect.opens_orders:
        return False
    return any(entries.is_undone(settlement.number, order.number) for order in orders.of(visit)[-1:])


def _stands_all_the_same(client: InsuranceClient, settlement: Settlement, visit: Visit) -> bool:
    """The network may have doubled our message: one was carried out, and the refusal of the other one is what we heard.
    Where that cannot be seen at once, it is not known."""
    try:
        return bool(standing(client, settlement, visit).ours)
    except InterfaceError as error:
        log.warning("settlement %s was refused, and cannot be looked at: %s", settlement.pk, error)
        return True


_SPEAK: Mapping[str, Speak] = {
    SettlementState.CALLING: settle,
    SettlementState.UNKNOWN: ask,
    SettlementState.REVERSING: undo,
    SettlementState.CONFIRMING: confirm,
}


def _turn(settlement: Settlement | None, held: permits.Held, lane: Lane) -> bool:
    if settlement is None:
        permits.free(held)
        return False
    try:
        with exchange(held, lane, purpose(settlement), settlement.appointment.archive.name) as client:
            heard = _SPEAK[settlement.state](client, settlement)
    except InterfaceError as error:
        said = str(error) if isinstance(error, Refused) else ""
        heard = Heard(_meaning(settlement, error), reason=f"{type(error).__name__}: {error}", said=said)
    try:
        record(settlement, heard)
    except worklist.Overtaken:
        log.warning("settlement %s: the answer came after its turn was over; it is kept with the call", settlement.pk)
    return True


def _meaning(settlement: Settlement, error: InterfaceError) -> Event:
    match error:
        case Refused(code=Refusal.ALREADY_SETTLED):
            return Event.SILENCE  # the network has doubled our message: the other one settled
        case Refused() if settlement.state == SettlementState.CALLING:
            return _refused(settlement)
        case Refused() if settlement.state == SettlementState.CONFIRMING:
            return Event.REFUSED
        case NotWritable() if settlement.state in (SettlementState.CALLING, SettlementState.CONFIRMING):
            return Event.NOT_WRITABLE
        case Refused() | NotWritable():
            return Event.UNCLEAR  # a question that is refused, or could not be put, says nothing
        case NotSent() | Throttled():
            return Event.NOT_CARRIED_OUT
        case _:
            return Event.SILENCE


def _refused(settlement: Settlement) -> Event:
    """The insurer will not settle: what was paid ahead of the claim stays as self-pay, other money goes back."""
    if settlement.claim_later and settlement.wanted:
        return Event.SELF_PAY
    return Event.STALE if settlement.payment_id else Event.REFUSED


def _not_sent(settlement: Settlement) -> Event:
    """The bill may not be settled: a claim waits for another; else it is over, and what was paid goes back."""
    return Event.CLAIM_ANEW if settlement.claim_later and settlement.wanted else Event.STALE
