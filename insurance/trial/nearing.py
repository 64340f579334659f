"""Tell those whose turn is near, so that they need not watch."""

from django.db import transaction
from django.db.models import QuerySet

from hospital import tuning
from hospital.notices import writing
from hospital.notices.models import Kind
from insurance.quota import insurers, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.states import TrialState
from insurance.trial.models import Trial

WORTH_TELLING = 2
"""Who waits less than so many times the time before the turn at which one is told, sees it coming anyway."""


def tell_those_who_are_near() -> int:
    """The tick: a notice to everybody whose turn should come within TRIAL_CLOSE_MINUTES. Returns how many."""
    minutes = tuning.value("TRIAL_CLOSE_MINUTES")
    return sum(_tell_at(insurer, minutes) for insurer in insurers.everyone()) if minutes else 0


def _tell_at(insurer: Insurer, minutes: int) -> int:
    quota = permits.quota_of(Lane.TRIAL, insurer)
    if quota is None or not quota.in_force:
        return 0
    lines = [line for line in insurer.lines.all() if line.waiting]
    return sum(_tell(line.trials.all(), quota.in_force * minutes, minutes) for line in lines)


def _tell(trials: QuerySet[Trial], near: int, minutes: int) -> int:
    waiting = trials.filter(state=TrialState.WAITING).order_by("number")
    first = list(waiting.values_list("pk", flat=True)[:near])
    least_wait_seconds = minutes * 60 * WORTH_TELLING
    with transaction.atomic():
        to_tell = Trial.objects.filter(pk__in=first, close_told=False, predicted_seconds__gte=least_wait_seconds)
        found = list(to_tell.select_for_update(skip_locked=True).values_list("pk", "appointment_id"))
        Trial.objects.filter(pk__in=[pk for pk, _ in found]).update(close_told=True)
        writing.write_all(
            (appointment, Kind.CLOSE, {"minutes": minutes, "trial": trial}) for trial, appointment in found
        )
    return len(found)
