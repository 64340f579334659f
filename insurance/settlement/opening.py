"""Step 6 begins: the patient accepts a trial and chooses how to settle, or pays now and claims later."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import wake, worklist
from hospital.errors import Conflict, Invalid
from hospital.models import Appointment
from hospital.states import AppointmentState
from insurance.quota import gate, insurers, lanes
from insurance.quota.lanes import Lane
from insurance.settlement import credentials
from insurance.settlement.models import CLAIM_LATER, WAYS, Mode, Settlement
from insurance.states import SettlementState, TrialState
from insurance.trial import inputs
from insurance.trial.models import Trial

COLLECT_TASK = "tasks.insurance.collect"

_NOT_OPEN_TO_CHANGE = (SettlementState.REFUSED, SettlementState.REVERSED)


def open_settlement(trial: Trial, way: str, credential: str = "") -> Settlement:
    """The amounts stand, the settlement waits for its turn or for the money. `way`: one of `WAYS`.

    By "claim_later" everything is paid now while the trial waits on at its place; only while the interface is closed.
    `credential`: an electronic one, scanned just now, where the insurer wants it (`credentials`).

    Raises `Invalid("bad_mode" | "credential_needed")`, `Conflict("no_claim_with_credential" | "already_settling" |
    "trial_expired" | "trial_superseded" | "trial_not_priced" | "newer_trial" | "trial_not_waiting" | "interface_up" |
    "appointment_over")`.
    """
    if way not in WAYS:
        raise Invalid("bad_mode", _("mode must be insurance, self_pay or claim_later."))
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update().get(pk=trial.appointment_id)
        refuse_while_settling(appointment)
        trial.refresh_from_db()
        if way == CLAIM_LATER:
            _put_aside_for_a_claim(trial)
        else:
            _require_acceptable(trial, way)
        if appointment.state != AppointmentState.BOOKED:
            raise Conflict("appointment_over", _("This appointment is over or cancelled."))
        if way != CLAIM_LATER:
            _accept(trial)
        credentials.require(appointment, way, credential)
        settlement = worklist.enter(_agreed(trial, appointment, way))
        credentials.keep(settlement, credential)
        if way == Mode.INSURANCE:
            lanes.ask_for_turn(Lane.SETTLEMENT, settlement.insurer)
        else:
            wake.task(COLLECT_TASK)
    return settlement


def refuse_while_settling(appointment: Appointment) -> None:
    """Nothing about the appointment may change while money moves. Raises `Conflict("already_settling")`."""
    Appointment.objects.select_for_update().get(pk=appointment.pk)
    if Settlement.objects.filter(appointment=appointment).exclude(state__in=_NOT_OPEN_TO_CHANGE).exists():
        raise Conflict("already_settling", _("The settlement of this appointment is under way."))


def may_claim_later(appointment_id: int) -> bool:
    """Only while the interface is closed, or nobody knows yet that it is back."""
    insurer = insurers.of(appointment_id)
    return gate.why_closed(insurer) is not None or gate.is_probed(insurer)


def _require_acceptable(trial: Trial, mode: str) -> None:
    """A valid bill; what the insurer has refused may still be paid by oneself."""
    if trial.state == TrialState.ACCEPTED:
        raise Conflict("already_settling", _("This trial is being settled already."))
    if trial.state == TrialState.REFUSED and mode == Mode.SELF_PAY:
        return
    _require_unchanged(trial)
    if trial.state == TrialState.EXPIRED or (trial.valid_until and trial.valid_until <= timezone.now()):
        raise Conflict("trial_expired", _("This trial is no longer valid. Ask for a new one."))
    if trial.state != TrialState.PRICED:
        raise Conflict("trial_not_priced", _("There is no valid bill to settle. Look at the trial's state."))


def _require_unchanged(trial: Trial) -> None:
    if trial.state == TrialState.SUPERSEDED or (trial.state == TrialState.PRICED and inputs.changed(trial)):
        raise Conflict(
            "trial_superseded",
            _("What this bill was made from has changed. Ask for the trial again: your place in the line is kept."),
        )


def _accept(trial: Trial) -> None:
    try:
        worklist.move(trial, TrialState.ACCEPTED)
    except worklist.Overtaken as error:
        raise Conflict("already_settling", _("This trial is being settled or has changed.")) from error
    except IntegrityError as error:
        if "one_live_trial" not in str(error):
            raise
        raise Conflict("newer_trial", _("There is a newer trial for this appointment. Settle that one.")) from error


def _put_aside_for_a_claim(trial: Trial) -> None:
    """It keeps its place in the line; its bill goes to the claim."""
    if not may_claim_later(trial.appointment_id):
        raise Conflict("interface_up", _("The insurance interface is open: wait for your turn in the line."))
    if not Trial.objects.filter(pk=trial.pk, state=TrialState.WAITING).update(claimed=True):
        raise Conflict("trial_not_waiting", _("Only a trial that waits in the line may be claimed later."))


def _agreed(trial: Trial, appointment: Appointment, way: str) -> Settlement:
    insurer = insurers.of(trial.appointment_id).name
    settlement = Settlement(appointment=appointment, trial=trial, mode=Mode.INSURANCE, insurer=insurer)
    if way == Mode.INSURANCE:
        settlement.total_fen, settlement.fund_fen = trial.total_fen or 0, trial.fund_fen or 0
        settlement.account_fen, settlement.cash_fen = trial.account_fen or 0, trial.cash_fen or 0
    else:
        settlement.mode, settlement.claim_later = Mode.SELF_PAY, way == CLAIM_LATER
        settlement.total_fen = settlement.cash_fen = sum(appointment.charges.values_list("amount_fen", flat=True))
    return settlement
