"""What a bill was made from: the fee lines, the card and the insurance. It counts only while none has changed."""

import json

from hospital.models import Appointment
from hospital.privacy import blind_index
from insurance.trial import conversation
from insurance.trial.models import Trial, Visit


def of_insured(appointment: Appointment) -> str:
    """Equal for the same card and the same insurance. Keyed: without the key it says nothing of either."""
    card, visit = conversation.card_of(appointment), Visit.objects.get(appointment_id=appointment.pk)
    return blind_index(json.dumps([card.type, card.number, visit.psn_no, visit.insutype, visit.insuplc_admdvs]))


def changed(trial: Trial) -> str:
    """What is no longer as it was when this bill was made; "" when all of it is."""
    appointment = Appointment.objects.select_related("archive").get(pk=trial.appointment_id)
    if trial.charges_fingerprint != conversation.fingerprint(list(appointment.charges.order_by("pk"))):
        return "the charges have changed"
    if trial.insured_fingerprint and trial.insured_fingerprint != of_insured(appointment):
        return "the card or the insurance has changed"
    return ""
