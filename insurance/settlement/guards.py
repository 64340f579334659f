"""May what was agreed on still be settled? A bill that is stale or was made from other facts never is."""

from django.utils import timezone

from hospital.states import AppointmentState
from insurance.settlement import credentials
from insurance.settlement.models import Settlement
from insurance.states import TrialState
from insurance.trial import inputs
from insurance.trial.models import Trial


def stale(settlement: Settlement) -> str:
    """Why the bill must not be settled as it is; "" when it may."""
    if not settlement.wanted:
        return "given up by the patient"
    if settlement.appointment.state != AppointmentState.BOOKED:
        return "the appointment is over"
    if settlement.trial.state != TrialState.ACCEPTED or not is_valid(settlement.trial):
        return "the bill is no longer valid"
    return inputs.changed(settlement.trial) or credentials.stale(settlement)


def is_valid(trial: Trial) -> bool:
    """Whether the time for which the bill was made is not over."""
    return trial.valid_until is not None and trial.valid_until > timezone.now()
