"""Paid now, claimed later: the money is here, the trial waits in the line until the interface is back."""

from django.db import transaction

from hospital import worklist
from insurance.settlement.heard import Heard
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.recording import record
from insurance.settlement.saga import Event
from insurance.states import SettlementState, TrialState

BATCH = 200

_STILL_OUT = (TrialState.WAITING, TrialState.CALLING, TrialState.FROZEN)


def follow(most: int = BATCH) -> int:
    """Carry what became of the trials over to the claims that wait for them. Returns how many moved."""
    moved = 0
    claims = Settlement.objects.filter(state=SettlementState.CLAIMING).exclude(trial__state__in=_STILL_OUT)
    for settlement in claims.select_related("trial").order_by("pk")[:most]:
        try:
            _follow_one(settlement)
            moved += 1
        except worklist.Overtaken:
            continue  # somebody else took note of it
    return moved


def _follow_one(settlement: Settlement) -> None:
    """With a bill the claim is settled as agreed beforehand; without one, what was paid stays as self-pay."""
    trial = settlement.trial
    if trial.state != TrialState.PRICED:
        record(settlement, Heard(Event.SELF_PAY, reason=f"no insurance: the trial is {trial.state}"))
        return
    with transaction.atomic():
        worklist.move(trial, TrialState.ACCEPTED, reason="claimed for what was paid before")
        amounts = {name: getattr(trial, name) or 0 for name in ("total_fen", "fund_fen", "account_fen", "cash_fen")}
        record(settlement, Heard(Event.PRICED, {"mode": Mode.INSURANCE, **amounts}))
