"""The steps of a settlement that speak to the insurer: settle, tell the network, undo.

Each is: a permit, take the row (commit) → speak, with no transaction open → record what happened (commit). What
happens next stands in `saga.py`; the self-pay leg in `collecting.py`.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from hospital import wake, worklist
from hospital.appointments import booking
from hospital.notices import writing
from hospital.notices.models import Kind
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import InterfaceError, NotSent, Refused, Throttled
from insurance.interface.messages import Bill, PolicySplit, SelfPayReport
from insurance.quota import lanes, permits
from insurance.quota.exchange import exchange, lease_seconds, new_msgid, turn_seconds
from insurance.quota.lanes import TASKS, Lane
from insurance.quota.turns import WAIT_SECONDS
from insurance.settlement import agreement, saga
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.saga import Event
from insurance.states import SettlementState, TrialState
from insurance.trial import conversation
from insurance.trial.models import Visit

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60
COLLECT_TASK = "tasks.insurance.collect"
ENDED_WITHOUT_EFFECT = (SettlementState.REFUSED, SettlementState.REVERSED)

RECOVERING: dict[str, str] = {
    SettlementState.PAID: SettlementState.CONFIRMING,
    SettlementState.CONFIRMING: SettlementState.CONFIRMING,
    SettlementState.REVERSING: SettlementState.REVERSING,
}

Heard = tuple[Event, dict[str, Any], str]
"""What happened, the fields learnt with it, the reason in a few words."""


def settle_one() -> bool:
    """One turn of the settlement lane: 2207A for the next that waits. True when one was sent."""
    held = permits.take(Lane.SETTLEMENT, turn_seconds=turn_seconds(), wait_seconds=WAIT_SECONDS)
    if held is None:
        return False
    settlement = worklist.claim(
        lanes.due(Lane.SETTLEMENT), SettlementState.CALLING, lease_seconds=lease_seconds(), settle_msgid=new_msgid()
    )
    return _turn(settlement, held, Lane.SETTLEMENT, settle)


def recover_one() -> bool:
    """One turn of the recovery lane: tell the network, or undo, whichever waits longest. True when one was sent."""
    held = permits.take(Lane.RECOVERY, turn_seconds=turn_seconds(), wait_seconds=WAIT_SECONDS)
    if held is None:
        return False
    settlement = worklist.claim(lanes.due(Lane.RECOVERY), RECOVERING, lease_seconds=lease_seconds())
    undo = settlement is not None and settlement.state == SettlementState.REVERSING
    return _turn(settlement, held, Lane.RECOVERY, reverse if undo else confirm)


def settle(client: InsuranceClient, settlement: Settlement) -> Heard:
    """2207A with the trial's own split (protocol 3.8). A lost answer is SILENCE: never sent again without knowing."""
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    bill = client.settle(
        conversation.insured_of(visit),
        conversation.card_of(settlement.appointment),
        visit.mdtrt_id,
        visit.chrg_bchno,
        settlement.total_fen,
        conversation.ORDINARY_OUTPATIENT,
        invono=str(settlement.pk),
        split=PolicySplit(**settlement.trial.split),
        msgid=settlement.settle_msgid,
    )
    learnt = {"setl_id": bill.setl_id, "settled_at": bill.settled_at}
    if problems := agreement.differences(settlement, bill):
        return Event.SETTLED_OTHERWISE, learnt, "; ".join(problems)
    return (Event.SETTLED if settlement.cash_fen else Event.SETTLED_IN_FULL), learnt, ""


def confirm(client: InsuranceClient, settlement: Settlement) -> Heard:
    """Tell the network: 5203 compared field by field, or the report of a pure self-pay (4261)."""
    visit = conversation.visit_of(settlement.appointment)
    if settlement.mode == Mode.SELF_PAY:
        client.report_self_pay(_report(settlement, visit))
        return Event.TOLD, {}, ""
    bill: Bill = client.query(conversation.insured_of(visit), visit.mdtrt_id, settlement.setl_id)
    problems = agreement.contradictions(settlement, visit, bill)
    return (Event.CONTRADICTED if problems else Event.TOLD), {}, "; ".join(problems)


def reverse(client: InsuranceClient, settlement: Settlement) -> Heard:
    """2208: the insurer's leg is undone because the self-pay part was not paid (protocol 3.9)."""
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    client.cancel(conversation.insured_of(visit), visit.mdtrt_id, settlement.setl_id)
    return Event.REVERSED, {}, ""


def record(settlement: Settlement, event: Event, learnt: dict[str, Any], reason: str) -> None:
    """What happened is recorded and the settlement goes to the state that follows."""
    to = saga.next_state(settlement.state, event)
    with transaction.atomic():
        if event in (Event.NOT_CARRIED_OUT, Event.SILENCE) and to != SettlementState.UNKNOWN:
            wait = min(2.0**settlement.attempt, LONGEST_WAIT_SECONDS)
            worklist.put_back(settlement, to, wait_seconds=wait, error=reason, **learnt)
            return
        fields = {**learnt, "due_at": Now(), "leased_until": None, "last_error": reason[:300]}
        if to == SettlementState.COMPLETED:
            fields["completed_at"] = Now()
        worklist.move(settlement, to, reason=reason or event, **fields)
        _follow(settlement, to)


def mark_lapsed(most: int = 500) -> int:
    """A settlement whose turn has gone silent may have been carried out: UNKNOWN, never WAITING (design 6)."""
    rows = list(worklist.lapsed(Settlement, SettlementState.CALLING)[:most])
    for row in rows:
        record(row, Event.SILENCE, {}, "the turn went silent")
    return len(rows)


def _turn(
    settlement: Settlement | None,
    held: permits.Held,
    lane: Lane,
    speak: Callable[[InsuranceClient, Settlement], Heard],
) -> bool:
    if settlement is None:
        permits.free(held)
        return False
    try:
        with exchange(held, lane, f"settlement {settlement.pk}") as client:
            heard = speak(client, settlement)
    except InterfaceError as error:
        heard = (_meaning(error), {}, f"{type(error).__name__}: {error}")
    try:
        record(settlement, *heard)
    except worklist.Overtaken:
        log.warning("settlement %s: the answer came after its turn was over; it is kept with the call", settlement.pk)
    return True


def _meaning(error: InterfaceError) -> Event:
    match error:
        case Refused():
            return Event.REFUSED
        case NotSent() | Throttled():
            return Event.NOT_CARRIED_OUT
        case _:
            return Event.SILENCE


def _follow(settlement: Settlement, to: str) -> None:
    """What a new state brings with it, in the same transaction."""
    if to in ENDED_WITHOUT_EFFECT:
        worklist.move(settlement.trial, TrialState.EXPIRED, reason=f"settlement {to}")
    elif to == SettlementState.COMPLETED:
        booking.complete(settlement.appointment)
        writing.write(settlement.appointment_id, Kind.COMPLETED)
    elif to == SettlementState.INSURED:
        wake.task(COLLECT_TASK)
    elif to in (SettlementState.PAID, SettlementState.REVERSING):
        wake.task(TASKS[Lane.RECOVERY])


def _report(settlement: Settlement, visit: Visit) -> SelfPayReport:
    payment = settlement.payment
    if settlement.cash_fen and (payment is None or payment.paid_at is None):
        raise RuntimeError("a self-pay settlement is reported only once it is paid")
    return SelfPayReport(
        ipt_otp_no=visit.ipt_otp_no,
        payment_no=(payment.transaction_no or payment.order_no) if payment else settlement.number,
        total_fen=settlement.total_fen,
        cash_fen=settlement.cash_fen,
        paid_at=(payment.paid_at if payment else None) or settlement.created_at,
    )
