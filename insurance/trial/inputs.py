"""What a bill was made from: the fee lines, the card and the insurance. It counts only while none has changed."""

import json

from hospital.models import Appointment
from hospital.privacy import blind_index, blind_indexes
from insurance.trial import conversation
from insurance.trial.models import Trial, Visit


def of_insured(appointment: Appointment) -> str:
    """Equal for the same card and the same insurance. Keyed: without the key it says nothing of either."""
    return blind_index(_insured(appointment))


def changed(trial: Trial) -> str:
    """What is no longer as it was when this bill was made; "" when all of it is."""
    appointment = Appointment.objects.select_related("archive").get(pk=trial.appointment_id)
    if trial.charges_fingerprint != conversation.fingerprint(list(appointment.charges.order_by("pk"))):
        return "the charges have changed"
    if trial.insured_fingerprint and trial.insured_fingerprint not in blind_indexes(_insured(appointment)):
        return "the card or the insurance has changed"
    return ""


def renew(most: int = 1_000) -> int:
    """The keys have changed (hook `keys_changed`): the bills that may still be settled get the fingerprint of the
    current one. How many did."""
    live = Trial.objects.filter(state__in=Trial.LIVE).exclude(insured_fingerprint="")
    return sum(_renew(trial) for trial in live.select_related("appointment__archive").iterator(most))


def _renew(trial: Trial) -> int:
    current, *others = blind_indexes(_insured(trial.appointment))
    if trial.insured_fingerprint not in others:
        return 0
    same = Trial.objects.filter(pk=trial.pk, insured_fingerprint=trial.insured_fingerprint)
    return same.update(insured_fingerprint=current)


def _insured(appointment: Appointment) -> str:
    card, visit = conversation.card_of(appointment), Visit.objects.get(appointment_id=appointment.pk)
    return json.dumps([card.type, card.number, visit.psn_no, visit.insutype, visit.insuplc_admdvs])
