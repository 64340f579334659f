"""One turn of the trial lane: a permit, the next row, one exchange, its record (design 4)."""

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from hospital import tuning, worklist
from hospital.models import Appointment, Charge
from hospital.states import AppointmentState
from insurance.interface.errors import InterfaceError, NotSent, NotWritable, OutcomeUnknown, Refused, Throttled
from insurance.interface.identities import violations
from insurance.interface.messages import Bill
from insurance.quota import adapting, insurers, permits
from insurance.quota.directory import DEFAULT
from insurance.quota.exchange import exchange, lease_seconds, turn_seconds
from insurance.quota.lanes import Lane
from insurance.quota.turns import WAIT_SECONDS
from insurance.states import TrialState
from insurance.trial import conversation, inputs, line, telling
from insurance.trial.models import Trial, Visit

log = logging.getLogger(__name__)

NOT_CARRIED_OUT_SECONDS = adapting.THROTTLED_HOLD_SECONDS
"""It was not this patient's fault: the place is kept, and nobody overtakes while the gate is shut for as long."""

LONGEST_WAIT_SECONDS = 60


def take_one(name: str = DEFAULT) -> bool:
    """Make the next trial in the line of this insurer, if there is a permit and somebody waits. True when one was
    made."""
    insurer = insurers.named(name)
    held = permits.take(Lane.TRIAL, turn_seconds=turn_seconds(), wait_seconds=WAIT_SECONDS, insurer=insurer)
    if held is None:
        return False
    trial = line.claim_next(insurer, lease_seconds())
    if trial is None:
        permits.free(held)
        return False
    try:
        _make(trial, held)
    except worklist.Overtaken:
        log.warning("trial %s: the answer came after its turn was over and is not used", trial.pk)
    return True


def _make(trial: Trial, held: permits.Held) -> None:
    charges = list(trial.appointment.charges.order_by("pk"))
    try:
        about = trial.appointment.archive.name
        with exchange(held, Lane.TRIAL, conversation.purpose_of(trial.pk), about) as client:
            bill = conversation.price(client, trial, charges)
    except InterfaceError as error:
        record_failure(trial, error)
    else:
        record(trial, bill, charges)


def record(trial: Trial, bill: Bill, charges: list[Charge]) -> None:
    """The answer is here: priced, unless what it was asked for has changed or the amounts contradict each other."""
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update().get(pk=trial.appointment_id)
        fingerprint = conversation.fingerprint(charges)
        now_charges = list(appointment.charges.order_by("pk"))
        if appointment.state != AppointmentState.BOOKED:
            worklist.move(trial, TrialState.CANCELLED, reason="appointment cancelled", leased_until=None)
        elif conversation.fingerprint(now_charges) != fingerprint:
            worklist.put_back(trial, TrialState.WAITING, wait_seconds=0, error="charges changed during the call")
        elif problems := contradictions(trial, bill, charges):
            worklist.move(trial, TrialState.FROZEN, reason="; ".join(problems), last_error=problems[0][:300])
        else:
            _price(trial, bill, fingerprint)


def record_failure(trial: Trial, error: InterfaceError) -> None:
    """No bill. A trial binds nobody, so silence means: ask again, at the same place (design 2, rule 4)."""
    match error:
        case Refused():
            with transaction.atomic():
                Appointment.objects.select_for_update().get(pk=trial.appointment_id)
                worklist.move(trial, TrialState.REFUSED, reason=str(error), refusal=str(error), leased_until=None)
                telling.refused(trial)
        case NotWritable():
            _freeze(trial, _named(error))
        case NotSent() | Throttled():
            wait = getattr(error, "retry_after_seconds", None) or NOT_CARRIED_OUT_SECONDS
            _back_into_the_line(trial, wait_seconds=min(wait, LONGEST_WAIT_SECONDS), error=_named(error))
        case OutcomeUnknown():
            wait = min(2.0 ** (trial.silences + 1), LONGEST_WAIT_SECONDS)
            _back_into_the_line(trial, wait_seconds=wait, error=_named(error), silences=trial.silences + 1)
        case _:
            raise error


def contradictions(trial: Trial, bill: Bill, charges: list[Charge]) -> list[str]:
    """Whatever in the bill cannot be true (protocol 3.7). It is shown to staff and never rounded away."""
    visit = Visit.objects.get(appointment_id=trial.appointment_id)
    problems = list(violations(bill, conversation.line_splits(visit)))
    total = conversation.total_of(charges)
    if bill.total_fen != total:
        problems.append(f"asked for {total} fen, answered for {bill.total_fen} fen")
    return problems


def recover_lapsed(most: int = 500) -> int:
    """Trials whose turn has gone silent go back to their place."""
    rows = list(worklist.lapsed(Trial, TrialState.CALLING)[:most])
    for row in rows:
        _back_into_the_line(row, wait_seconds=0, error="the turn went silent")
    return len(rows)


def _freeze(trial: Trial, why: str) -> None:
    """Before staff, at its place: a fault of ours would be the same at the next turn, and is told to nobody as a
    refusal."""
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update().get(pk=trial.appointment_id)
        if appointment.state != AppointmentState.BOOKED:
            worklist.move(trial, TrialState.CANCELLED, reason="appointment cancelled", leased_until=None)
        else:
            worklist.move(trial, TrialState.FROZEN, reason=why, last_error=why[:300], leased_until=None)
    if trial.state == TrialState.FROZEN:
        log.error("trial %s needs a person: its reason stands in the journal", trial.pk)


def _named(error: InterfaceError) -> str:
    return f"{type(error).__name__}: {error}"


def _back_into_the_line(trial: Trial, *, wait_seconds: float, error: str, **fields: Any) -> None:
    """To its place, unless the appointment was cancelled meanwhile: nobody waits behind somebody who has left.

    The line is locked first, as for a claim: what is written down of a line then has one order, that in which it
    happened, and no claim that comes later passes by somebody who is back.
    """
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update().get(pk=trial.appointment_id)
        line.lock(trial)
        if appointment.state != AppointmentState.BOOKED:
            worklist.move(trial, TrialState.CANCELLED, reason="appointment cancelled", leased_until=None)
        else:
            worklist.put_back(trial, TrialState.WAITING, wait_seconds=wait_seconds, error=error, **fields)


def _price(trial: Trial, bill: Bill, fingerprint: str) -> None:
    valid = timedelta(seconds=tuning.value("TRIAL_VALID_SECONDS"))
    worklist.move(
        trial,
        TrialState.PRICED,
        charges_fingerprint=fingerprint,
        insured_fingerprint=inputs.of_insured(trial.appointment),
        total_fen=bill.total_fen,
        fund_fen=bill.fund_fen,
        account_fen=bill.account_fen,
        cash_fen=bill.cash_fen,
        hospital_fen=bill.hospital_fen,
        split=asdict(bill.split) if bill.split else {},
        priced_at=Now(),
        valid_until=Now() + valid,
        leased_until=None,
        last_error="",
    )
    telling.priced(trial, timezone.now() + valid)
