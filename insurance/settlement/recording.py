"""Record what happened: the saga says where the settlement goes, the ledger keeps what moved, others are told."""

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from hospital import wake, worklist
from hospital.appointments import booking
from hospital.models import Appointment
from hospital.notices import writing
from hospital.notices.models import Kind
from hospital.states import AppointmentState
from insurance.ledger import entries
from insurance.payment import refunds
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.settlement import credentials, saga
from insurance.settlement.heard import Heard
from insurance.settlement.models import NOT_LIVE, Mode, Settlement
from insurance.settlement.saga import Event
from insurance.states import PaymentState, SettlementState, TrialState
from insurance.trial import admission
from insurance.trial.models import Trial

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 60
COLLECT_TASK = "tasks.insurance.collect"
ENDED_WITHOUT_EFFECT = (SettlementState.REFUSED, SettlementState.REVERSED)

_ANNOUNCED = {
    SettlementState.REFUSED: Kind.SETTLEMENT_REFUSED,
    SettlementState.REVERSED: Kind.SETTLEMENT_REVERSED,
    SettlementState.MANUAL: Kind.SETTLEMENT_MANUAL,
}

BY_PLAN = (SettlementState.UNKNOWN, SettlementState.REVERSING, SettlementState.CONFIRMING)
"""Asked again by the plan of attempts, and then shown to a person."""


def record(settlement: Settlement, heard: Heard) -> None:
    """What happened is recorded and the settlement goes to the state that follows. Raises `Overtaken`, `Impossible`.

    Under the appointment's lock, as opening and giving up: who gave up before this is recorded is not settled with.
    """
    with transaction.atomic():
        Appointment.objects.select_for_update().get(pk=settlement.appointment_id)
        event = _meant(settlement, heard.event)
        to = saga.next_state(settlement.state, event)
        entries.book(settlement.number, heard.booked)
        if to == settlement.state:
            _try_again(settlement, event, heard)
        else:
            _go_on(settlement, to, event, heard)


def _meant(settlement: Settlement, event: Event) -> Event:
    """The event, as it stands with the plan of attempts and with what the patient wants by now."""
    settlement.wanted = Settlement.objects.values_list("wanted", flat=True).get(pk=settlement.pk)
    if settlement.state in BY_PLAN and event in (Event.SILENCE, Event.UNCLEAR) and _asked_enough(settlement):
        return Event.EXHAUSTED
    if settlement.wanted:
        return event
    return saga.when_given_up(settlement.state, event, insured=settlement.mode == Mode.INSURANCE)


def mark_lapsed(most: int = 500) -> int:
    """A settlement whose turn has gone silent may have been carried out: UNKNOWN, never WAITING (design 6)."""
    marked = 0
    for row in worklist.lapsed(Settlement, SettlementState.CALLING)[:most]:
        try:
            record(row, Heard(Event.SILENCE, reason="the turn went silent"))
            marked += 1
        except worklist.Overtaken:
            continue  # its answer was recorded meanwhile
    return marked


def first_wait_seconds() -> float:
    """How long after a settlement has become unknown it is asked about."""
    return float(settings.SETTLEMENT_ATTEMPTS_SECONDS[0])


def _asked_enough(settlement: Settlement) -> bool:
    return settlement.asked + 1 >= len(settings.SETTLEMENT_ATTEMPTS_SECONDS)


def _try_again(settlement: Settlement, event: Event, heard: Heard) -> None:
    """Where it stands. What was surely not carried out uses up nothing; the rest waits as the plan says."""
    asked = settlement.asked + (event != Event.NOT_CARRIED_OUT)
    if settlement.state in BY_PLAN and event != Event.NOT_CARRIED_OUT:
        wait = float(settings.SETTLEMENT_ATTEMPTS_SECONDS[asked])
    else:
        wait = min(2.0**settlement.attempt, LONGEST_WAIT_SECONDS)
    worklist.put_back(
        settlement, settlement.state, wait_seconds=wait, error=heard.reason or event, asked=asked, **heard.learnt
    )


def _go_on(settlement: Settlement, to: str, event: Event, heard: Heard) -> None:
    fields = {
        **heard.learnt,
        "leased_until": None,
        "last_error": heard.reason[:300],
        "since": Now(),
        "asked": 0,
        "due_at": _due_at(settlement, to, event),
    }
    if to == SettlementState.COMPLETED:
        fields["completed_at"] = Now()
    if event in (Event.SELF_PAY, Event.CLAIM_ANEW):
        fields |= _as_self_pay(settlement)
    if event is Event.UNDO:
        fields["wanted"] = False  # else it would be settled once more
    worklist.move(settlement, to, reason=heard.reason or event, **fields)
    if to not in (SettlementState.WAITING, SettlementState.CALLING):
        credentials.forget(settlement)
    if event is Event.UNDO:
        writing.write(settlement.appointment_id, Kind.TAKEN_BACK, settlement=settlement.pk)
    _follow(settlement, to)
    if settlement.claim_later and settlement.wanted:
        _tell_of_the_claim(settlement, event, heard.said)


def _as_self_pay(settlement: Settlement) -> dict[str, Any]:
    """All of it was paid by the patient, and stays so."""
    total = settlement.payment.amount_fen if settlement.payment else settlement.total_fen
    return {"mode": Mode.SELF_PAY, "total_fen": total, "cash_fen": total, "fund_fen": 0, "account_fen": 0}


def _due_at(settlement: Settlement, to: str, event: Event) -> Combinable:
    """At once; what is unknown, after the plan's first wait; what was not carried out, a little later."""
    if to == SettlementState.UNKNOWN and event != Event.ASK:
        return Now() + timedelta(seconds=first_wait_seconds())
    if event == Event.NOT_CARRIED_OUT:
        return Now() + timedelta(seconds=min(2.0**settlement.attempt, LONGEST_WAIT_SECONDS))
    return Now()


def _follow(settlement: Settlement, to: str) -> None:
    """What a new state brings with it, in the same transaction."""
    if kind := _ANNOUNCED.get(SettlementState(to)):
        writing.announce(settlement.appointment_id, kind, settlement=settlement.pk)
    if to in ENDED_WITHOUT_EFFECT:
        _end_the_trial(settlement)
    elif to == SettlementState.COMPLETED:
        _complete(settlement)
    elif to == SettlementState.REFUNDING and settlement.payment is not None:
        refunds.owe_rest(settlement.payment)
    elif to in (SettlementState.INSURED, SettlementState.CLAIMING):
        wake.task(COLLECT_TASK)
    elif to in (SettlementState.PAID, SettlementState.REVERSING):
        lanes.ask_for_turn(Lane.RECOVERY, settlement.insurer)
    elif to == SettlementState.MANUAL:
        log.error("settlement %s needs a person: %s", settlement.pk, settlement.last_error)


def _end_the_trial(settlement: Settlement) -> None:
    """A bill that was accepted is used up; one that waits for a claim is the patient's again, at its place in the line.

    Money that came late ends a settlement a second time: the trial may be another one's by then.
    """
    if Settlement.objects.filter(appointment=settlement.appointment_id).exclude(state__in=NOT_LIVE).exists():
        return
    trial = Trial.objects.get(pk=settlement.trial_id)
    if trial.state == TrialState.ACCEPTED:
        kept = settlement.state == SettlementState.REVERSED and (settlement.wanted or _ran_out(settlement))
        worklist.move(trial, TrialState.EXPIRED, reason=f"settlement {settlement.state}", keeps_place=kept)
        if kept:
            writing.write(settlement.appointment_id, Kind.SETTLE_AGAIN, settlement=settlement.pk)
    elif settlement.claim_later:
        admission.release(trial)


def _ran_out(settlement: Settlement) -> bool:
    """Nobody has given it up: it was only not paid in time."""
    return settlement.payment is not None and settlement.payment.state == PaymentState.EXPIRED


def _complete(settlement: Settlement) -> None:
    admission.withdraw(settlement.appointment, "settled without it")
    if settlement.appointment.state == AppointmentState.BOOKED:
        booking.complete(settlement.appointment)
        writing.write(settlement.appointment_id, Kind.COMPLETED, settlement=settlement.pk)


def _tell_of_the_claim(settlement: Settlement, event: Event, said: str) -> None:
    """What has become of what was paid for before."""
    if event is Event.SELF_PAY:
        writing.write(settlement.appointment_id, Kind.CLAIM_REFUSED, reason=said, settlement=settlement.pk)
    elif event is Event.PAID_BEFORE and settlement.payment is not None:
        refund = Decimal(refunds.owed_fen(settlement.payment)) / 100
        writing.write(settlement.appointment_id, Kind.CLAIM_SETTLED, refund=f"{refund:.2f}", settlement=settlement.pk)
