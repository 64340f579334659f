"""When a turn comes. What a patient was told only ever falls; where it has to rise, it is said why.

Expected: the permit that will be theirs, by when it comes free, and whole rounds of permits before it; then whatever
keeps the gate shut. Told: the moment that was told first, until things turn out clearly better (it is told anew) or
clearly worse (it is told anew, with the reason).
"""

import math
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models.functions import Now
from django.utils import timezone

from insurance.quota import gate, lanes, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer, Permit, Quota
from insurance.states import TrialState
from insurance.trial import accuracy
from insurance.trial.models import Trial
from insurance.trial.outlook import Outlook

TOLERANCE_SECONDS, TOLERANCE_SHARE = 5.0, 0.05
"""What differs by no more than the larger of the two is not told anew."""


class Later(StrEnum):
    """Why a turn comes later than was told."""

    PAUSED = "paused"
    MAINTENANCE = "maintenance"
    DOWN = "interface_down"
    LOWERED = "limit_lowered"
    PRIORITY = "priority_case"
    SHARE = "fair_share"
    LATE = "running_late"


def told(trial: Trial, ahead: int, there: Outlook) -> tuple[float, str]:
    """Seconds until the turn as the patient is told now, and why that is later than before (mostly: "")."""
    now = timezone.now()
    expected_at = _moment(now, expected_seconds(ahead, there))
    if trial.eta_at is None or expected_at < trial.eta_at - _tolerance(trial.eta_at, now):
        _tell(trial, expected_at, now, "")
    elif expected_at > trial.eta_at + _tolerance(expected_at, now):
        expected_at = _moment(now, expected_seconds(max(ahead - _turns_that_begin(there), 0), there))
        if expected_at > trial.eta_at + _tolerance(expected_at, now):
            _tell(trial, expected_at, now, _why_later(trial, there))
    assert trial.eta_at is not None
    return max((trial.eta_at - now).total_seconds(), 0.0), trial.eta_reason


def between(seconds: int) -> tuple[int, int]:
    """The range in which nine of ten turns came, by the errors of the last day that is known."""
    error = accuracy.spread()
    return math.floor(seconds * (1 - error)), math.ceil(seconds * (1 + error))


def expected_seconds(ahead: int, there: Outlook) -> float:
    """When the turn of the one with `ahead` before them comes: permits first, then the brake's spacing of a burst."""
    spaced = ahead * _spacing_seconds(there.quota) if there.quota else 0.0
    return max(wait_seconds(ahead, there), spaced)


def wait_seconds(ahead: int, there: Outlook) -> float:
    """How long the interface holds back the one with `ahead` before them; 0 when there is a permit now."""
    wait = _permits_seconds(there, there.quota, ahead) if there.quota else 0.0
    if math.isinf(wait):
        return wait
    now = timezone.now()
    wait = max(wait, gate.down_seconds(there.insurer, now))
    return wait + gate.seconds_in(there.windows, now, wait)


def _permits_seconds(there: Outlook, quota: Quota, ahead: int) -> float:
    """The permit that will be theirs: by when it comes free, and if others have it before, by when those do."""
    if not quota.in_force:
        return math.inf
    rounds, skip = divmod(_with_those_who_go_first(there.insurer, quota, ahead), quota.in_force)
    free_in, away_seconds = there.expected_free(skip)
    if rounds == 0:
        return free_in
    used_in = max(free_in, skip * _spacing_seconds(quota))
    return used_in + rounds * (permits.cooling_seconds() + away_seconds)


def _spacing_seconds(quota: Quota) -> float:
    """How far apart turns are let through at the least, by the brake or evenly."""
    if not quota.in_force:
        return 0.0
    gap = permits.WINDOW_SECONDS / quota.in_force
    return gap if quota.evenly else gap / lanes.BRAKE_FACTOR


def _turns_that_begin(there: Outlook) -> int:
    """Permits taken for somebody who still stands in the line: for the blink of an eye he is counted twice."""
    held = Permit.objects.filter(quota=there.quota, held=True, free_at__gt=Now()).count()
    calling = Trial.objects.filter(state=TrialState.CALLING, line__insurer=there.insurer)
    return max(held - calling.count(), 0)


def _with_those_who_go_first(insurer: Insurer, quota: Quota, ahead: int) -> int:
    """On a shared quota, the other lanes' calls before this turn: those that wait, and two for each trial ahead."""
    first = lanes.before(Lane.TRIAL, insurer.name)
    if not first:
        return ahead
    waiting = sum(lanes.count_due(lane, quota.in_force or 0, insurer.name) for lane in first)
    return ahead + waiting + len(first) * ahead


def _tell(trial: Trial, at: datetime, now: datetime, reason: str) -> None:
    """Remember what was told; only who still waits is told."""
    said = {"eta_at": at, "eta_told_at": now, "eta_reason": reason}
    if trial.predicted_seconds is None:
        said["predicted_seconds"] = trial.predicted_seconds = (at - now).total_seconds()
    Trial.objects.filter(pk=trial.pk).update(**said)
    trial.eta_at, trial.eta_told_at, trial.eta_reason = at, now, reason


def _why_later(trial: Trial, there: Outlook) -> Later:
    """What happened since the patient was told: the gate, n, or somebody who goes first."""
    insurer, since = there.insurer, trial.eta_told_at or trial.created_at
    if insurer.paused_at or _after(insurer.resumed_at, since):
        return Later.PAUSED
    if insurer.windows.filter(ends_at__gt=since, starts_at__lt=trial.eta_at or since).exists():
        return Later.MAINTENANCE
    if gate.is_probed(insurer) or _after(insurer.circuit_opened_at, since):
        return Later.DOWN
    if there.quota and _lowered(there.quota, since):
        return Later.LOWERED
    return _who_goes_first(trial, insurer, since)


def _lowered(quota: Quota, since: datetime) -> bool:
    return quota.next_at > timezone.now() or quota.limits.filter(lowered=True, at__gt=since).exists()


def _who_goes_first(trial: Trial, insurer: Insurer, since: datetime) -> Later:
    newcomers = insurer.lines.filter(joined_at__gt=since).exclude(trials=trial)
    if newcomers.filter(urgent=True).exists():
        return Later.PRIORITY
    return Later.SHARE if newcomers.exists() else Later.LATE


def _after(moment: datetime | None, since: datetime) -> bool:
    return moment is not None and moment > since


def _tolerance(at: datetime, now: datetime) -> timedelta:
    return timedelta(seconds=max(TOLERANCE_SECONDS, TOLERANCE_SHARE * (at - now).total_seconds()))


def _moment(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=min(seconds, 86_400.0))
