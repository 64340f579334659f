"""The line: how many are ahead, how long it will take, who may join it."""

import math
from dataclasses import dataclass

from django.conf import settings

from insurance.quota import lanes, permits
from insurance.quota.lanes import Lane
from insurance.states import TrialState
from insurance.trial.models import Trial


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line. `eta_seconds` is when the turn should come."""

    ahead: int
    eta_seconds: int
    poll_after_seconds: int


def place_of(trial: Trial) -> Place:
    """Where this trial stands now."""
    if trial.state != TrialState.WAITING:
        return Place(0, 0, 1)
    return place_behind(Trial.objects.filter(state=TrialState.WAITING, pk__lt=trial.pk).count())


def place_behind(ahead: int) -> Place:
    """The place behind so many others."""
    shown = math.ceil(min(eta_seconds(ahead), 86_400.0))
    return Place(ahead, shown, min(max(shown // 10, 1), 15))


def waiting() -> int:
    """How many wait for their turn."""
    return Trial.objects.filter(state=TrialState.WAITING).count()


def held_back_seconds(ahead: int) -> float:
    """How long the permits hold back the one with `ahead` before them; 0 when one is free now."""
    quota = permits.quota_of(Lane.TRIAL)
    if quota is None or not quota.per_minute:
        return 0.0 if quota is None else math.inf
    rounds, skip = divmod(ahead, quota.per_minute)
    free_in = permits.free_in_seconds(quota, skip)
    return max(free_in or 0.0, 0.0) + rounds * permits.WINDOW_SECONDS


def eta_seconds(ahead: int) -> float:
    """When the turn of the one with `ahead` before them comes: permits first, then the brake's spacing of a burst."""
    quota = permits.quota_of(Lane.TRIAL)
    per_minute = quota.per_minute if quota else None
    spacing = permits.WINDOW_SECONDS / per_minute / lanes.BRAKE_FACTOR if per_minute else 0.0
    return max(held_back_seconds(ahead), ahead * spacing)


def is_full(ahead: int) -> int:
    """0 when the one with `ahead` before them may join, else the seconds after which to come back (method, step 5).

    TRIAL_LINE_MINUTES = 0: nobody waits; let through now or held back.
    """
    wait = held_back_seconds(ahead)
    longest = settings.TRIAL_LINE_MINUTES * 60
    return 0 if wait <= longest else max(math.ceil(min(wait - longest, 3600.0)), 1)
