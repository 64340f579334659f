"""When a turn comes. What a patient was told only ever falls; where it has to rise, it is said why.

Expected: the permit that will be theirs, by when it comes free, and whole rounds of permits before it; then whatever
keeps the gate shut. Told: the moment that was told first, until things turn out clearly better (it is told anew) or
clearly worse (it is told anew, with the reason).
"""

import math
from datetime import datetime, timedelta

from django.utils import timezone

from hospital.prepared import Prepared
from insurance.quota import gate, lanes, permits
from insurance.quota.models import Quota
from insurance.trial import accuracy, later
from insurance.trial.models import Trial
from insurance.trial.outlook import Outlook

TOLERANCE_SECONDS, TOLERANCE_SHARE = 5.0, 0.05
"""What differs by no more than the larger of the two is not told anew."""


_begun = Prepared(
    "eta_begun",
    ["bigint", "bigint"],
    """SELECT (SELECT count(*) FROM insurance_permit WHERE quota_id = $1 AND held AND free_at > statement_timestamp())
            - (SELECT count(*) FROM insurance_trial trial JOIN insurance_line line ON line.id = trial.line_id
                WHERE line.insurer_id = $2 AND trial.state = 'calling')""",
)
_tell = Prepared(
    "eta_tell",
    ["bigint", "timestamptz", "timestamptz", "text", "double precision"],
    """UPDATE insurance_trial SET eta_at = $2, eta_told_at = $3, eta_reason = $4,
              predicted_seconds = coalesce(predicted_seconds, $5)
        WHERE id = (SELECT id FROM insurance_trial WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED)
        RETURNING predicted_seconds""",
)
"""Whoever looks waits for nobody who has the row, and so nobody waits for whoever looks with them."""


def told(trial: Trial, ahead: int, there: Outlook) -> tuple[float, str]:
    """Seconds until the turn as the patient is told now, and why that is later than before (mostly: "")."""
    now = timezone.now()
    expected_at = _moment(now, expected_seconds(ahead, there))
    if trial.eta_at is None or expected_at < trial.eta_at - _tolerance(trial.eta_at, now):
        _remember(trial, expected_at, now, "")
    elif expected_at > trial.eta_at + _tolerance(expected_at, now):
        expected_at = _moment(now, expected_seconds(max(ahead - _turns_that_begin(there), 0), there))
        if expected_at > trial.eta_at + _tolerance(expected_at, now):
            _remember(trial, expected_at, now, later.why(trial, there))
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
    rounds, skip = divmod(_with_those_who_go_first(there, ahead), quota.in_force)
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
    row = _begun.row(there.quota.pk if there.quota else None, there.insurer.pk)
    return max(int(row[0]), 0) if row else 0


def _with_those_who_go_first(there: Outlook, ahead: int) -> int:
    """On a shared quota the other lanes' calls before this turn: those that wait, and one of each a trial ahead."""
    lanes_first, waiting = there.go_first
    return ahead + waiting + lanes_first * ahead


def _remember(trial: Trial, at: datetime, now: datetime, reason: str) -> None:
    """What was told; only who still waits is told. While somebody else has the row, as before: the next look tells."""
    row = _tell.row(trial.pk, at, now, reason, (at - now).total_seconds())
    if row is not None:
        trial.predicted_seconds = row[0]
    elif trial.eta_at is not None:
        return
    trial.eta_at, trial.eta_told_at, trial.eta_reason = at, now, reason


def _tolerance(at: datetime, now: datetime) -> timedelta:
    return timedelta(seconds=max(TOLERANCE_SECONDS, TOLERANCE_SHARE * (at - now).total_seconds()))


def _moment(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=min(seconds, 86_400.0))
