"""Paid now, claimed later: the money is here, the trial waits in the line until the interface is back.

What was promised is the insurance, so a bill that lapses before it could be settled (the interface went away again, or
the money came late) is made again at the head of the line, however often. Only the insurer's no, or the patient's own,
makes self-pay of a claim.
"""

from enum import StrEnum

from django.db import transaction

from hospital import worklist
from hospital.models import Appointment
from insurance.payment import refunds
from insurance.settlement.guards import is_valid
from insurance.settlement.heard import Heard
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.recording import record
from insurance.settlement.saga import Event
from insurance.states import SettlementState, TrialState
from insurance.trial import admission, inputs
from insurance.trial.models import Trial

BATCH = 200

_STILL_OUT = (TrialState.WAITING, TrialState.CALLING, TrialState.FROZEN)
_NO_INSURANCE = (TrialState.REFUSED, TrialState.CANCELLED)
_DECIDED = (SettlementState.PAID, SettlementState.CONFIRMING, SettlementState.COMPLETED)
_WITHOUT_EFFECT = (SettlementState.REFUSED, SettlementState.REFUNDING, SettlementState.REVERSED)


class ClaimState(StrEnum):
    """What has become of a claim, for the patient."""

    WAITING = "waiting"
    SETTLED = "settled"
    REFUSED = "refused"


def state_of(settlement: Settlement) -> ClaimState | None:
    """How far the claim is; None where there is none, or none any more."""
    if not settlement.claim_later or settlement.state in _WITHOUT_EFFECT:
        return None
    if settlement.state not in _DECIDED:
        return ClaimState.WAITING
    return ClaimState.SETTLED if settlement.mode == Mode.INSURANCE else ClaimState.REFUSED


def refund_fen(settlement: Settlement) -> int | None:
    """How much of what was paid goes or has gone back; None while nobody knows."""
    if state_of(settlement) is not ClaimState.SETTLED:
        return None if state_of(settlement) is ClaimState.WAITING else 0
    return refunds.owed_fen(settlement.payment) if settlement.payment else 0


def follow(most: int = BATCH) -> int:
    """Carry what became of the trials over to the claims that wait for them. Returns how many moved."""
    moved = 0
    claims = Settlement.objects.filter(state=SettlementState.CLAIMING).exclude(trial__state__in=_STILL_OUT)
    for settlement in claims.order_by("pk")[:most]:
        try:
            _follow_one(settlement)
            moved += 1
        except worklist.Overtaken:
            continue  # somebody else took note of it
    return moved


def _follow_one(settlement: Settlement) -> None:
    """With a bill the claim is settled as agreed beforehand; without one, what was paid stays as self-pay."""
    with transaction.atomic():
        Appointment.objects.select_for_update().get(pk=settlement.appointment_id)
        settlement.refresh_from_db()
        trial = settlement.trial
        if settlement.state != SettlementState.CLAIMING or trial.state in _STILL_OUT:
            raise worklist.Overtaken(f"settlement {settlement.pk} no longer waits for this bill")
        if trial.state in _NO_INSURANCE:
            why = f"no insurance: the trial is {trial.state}"
            record(settlement, Heard(Event.SELF_PAY, reason=why, said=trial.refusal))
        elif trial.state == TrialState.PRICED and is_valid(trial) and not inputs.changed(trial):
            worklist.move(trial, TrialState.ACCEPTED, reason="claimed for what was paid before")
            amounts = {name: getattr(trial, name) or 0 for name in ("total_fen", "fund_fen", "account_fen", "cash_fen")}
            record(settlement, Heard(Event.PRICED, {"mode": Mode.INSURANCE, **amounts}))
        else:
            _wait_for_another(settlement, trial)


def _wait_for_another(settlement: Settlement, trial: Trial) -> None:
    """The bill came to nothing: another is made at its place in the line."""
    if trial.state in (TrialState.PRICED, TrialState.ACCEPTED):
        worklist.move(trial, TrialState.EXPIRED, reason="a claim waits for another bill")
    Settlement.objects.filter(pk=settlement.pk).update(trial=admission.again(trial, claimed=True))
