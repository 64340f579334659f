"""Step 6 begins: the patient accepts a trial and chooses how to settle."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import wake, worklist
from hospital.errors import Conflict, Invalid
from hospital.models import Appointment
from hospital.states import AppointmentState
from insurance.quota.lanes import TASKS, Lane
from insurance.settlement.models import Mode, Settlement
from insurance.states import SettlementState, TrialState
from insurance.trial.models import Trial

COLLECT_TASK = "tasks.insurance.collect"

_NOT_OPEN_TO_CHANGE = (SettlementState.REFUSED, SettlementState.REVERSED)


def open_settlement(trial: Trial, mode: str) -> Settlement:
    """Accept the trial: the amounts stand, the settlement waits for its turn.

    Raises `Invalid("bad_mode")`, `Conflict("already_settling" | "trial_expired" | "trial_not_priced" |
    "appointment_over")`.
    """
    if mode not in Mode.values:
        raise Invalid("bad_mode", _("mode must be insurance or self_pay."))
    _require_acceptable(trial, mode)
    with transaction.atomic():
        appointment = Appointment.objects.select_for_update().get(pk=trial.appointment_id)
        if appointment.state != AppointmentState.BOOKED:
            raise Conflict("appointment_over", _("This appointment is over or cancelled."))
        refuse_while_settling(appointment)
        try:
            worklist.move(trial, TrialState.ACCEPTED)
        except worklist.Overtaken as error:
            raise Conflict("already_settling", _("This trial is being settled or has changed.")) from error
        except IntegrityError as error:
            if "one_live_trial" not in str(error):
                raise
            raise Conflict("newer_trial", _("There is a newer trial for this appointment. Settle that one.")) from error
        settlement = worklist.enter(_agreed(trial, appointment, mode))
        wake.task(TASKS[Lane.SETTLEMENT] if mode == Mode.INSURANCE else COLLECT_TASK)
    return settlement


def refuse_while_settling(appointment: Appointment) -> None:
    """Nothing about the appointment may change while money moves. Raises `Conflict("already_settling")`."""
    Appointment.objects.select_for_update().get(pk=appointment.pk)
    if Settlement.objects.filter(appointment=appointment).exclude(state__in=_NOT_OPEN_TO_CHANGE).exists():
        raise Conflict("already_settling", _("The settlement of this appointment is under way."))


def _require_acceptable(trial: Trial, mode: str) -> None:
    """A valid bill; what the insurer has refused may still be paid by oneself."""
    if trial.state == TrialState.ACCEPTED:
        raise Conflict("already_settling", _("This trial is being settled already."))
    if trial.state == TrialState.EXPIRED or (trial.valid_until and trial.valid_until <= timezone.now()):
        raise Conflict("trial_expired", _("This trial is no longer valid. Ask for a new one."))
    if trial.state == TrialState.REFUSED and mode == Mode.SELF_PAY:
        return
    if trial.state != TrialState.PRICED:
        raise Conflict("trial_not_priced", _("There is no valid bill to settle. Look at the trial's state."))


def _agreed(trial: Trial, appointment: Appointment, mode: str) -> Settlement:
    total = sum(appointment.charges.values_list("amount_fen", flat=True))
    if mode == Mode.SELF_PAY:
        return Settlement(appointment=appointment, trial=trial, mode=mode, total_fen=total, cash_fen=total)
    return Settlement(
        appointment=appointment,
        trial=trial,
        mode=mode,
        total_fen=trial.total_fen or 0,
        fund_fen=trial.fund_fen or 0,
        account_fen=trial.account_fen or 0,
        cash_fen=trial.cash_fen or 0,
    )
