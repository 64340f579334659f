"""May what was agreed on still be settled? A bill that is stale or was made from other facts never is."""

from django.utils import timezone

from hospital.states import AppointmentState
from insurance.settlement.models import Settlement
from insurance.states import TrialState
from insurance.trial import conversation


def stale(settlement: Settlement) -> str:
    """Why the bill must not be settled as it is; "" when it may."""
    trial = settlement.trial
    if settlement.appointment.state != AppointmentState.BOOKED:
        return "the appointment is over"
    if trial.state != TrialState.ACCEPTED or trial.valid_until is None or trial.valid_until <= timezone.now():
        return "the bill is no longer valid"
    if trial.charges_fingerprint != conversation.fingerprint(list(settlement.appointment.charges.order_by("pk"))):
        return "the charges have changed"
    return ""
