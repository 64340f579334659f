"""What a patient is told of a trial: the bill, or that the insurer would not make it.

Where he pays everything ahead, both go to the claim, and he is told what becomes of that; should the claim come to
nothing before he has paid, he is told what he was spared.
"""

from datetime import datetime

from django.utils import timezone

from hospital.notices import writing
from hospital.notices.models import Kind
from insurance.states import TrialState
from insurance.trial.models import Trial


def priced(trial: Trial, valid_until: datetime) -> None:
    """The bill is there. Under the appointment's lock, as everything that makes it a claim's or the patient's."""
    if not _is_claimed(trial):
        until = f"{timezone.localtime(valid_until):%Y-%m-%d %H:%M}"
        writing.write(trial.appointment_id, Kind.PRICED, valid_until=until, trial=trial.pk)


def refused(trial: Trial) -> None:
    """The insurer has refused it. Under the appointment's lock."""
    if not _is_claimed(trial):
        writing.write(trial.appointment_id, Kind.TRIAL_REFUSED, reason=trial.refusal, trial=trial.pk)


def catch_up(trial: Trial) -> None:
    """It goes to no claim any more."""
    if trial.state == TrialState.REFUSED:
        refused(trial)
    elif trial.state == TrialState.PRICED and trial.valid_until and trial.valid_until > timezone.now():
        priced(trial, trial.valid_until)


def _is_claimed(trial: Trial) -> bool:
    return Trial.objects.filter(pk=trial.pk, claimed=True).exists()
