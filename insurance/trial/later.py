"""Why a turn comes later than the patient was told: what has happened since, at the gate, to n, among the lines."""

from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from hospital.prepared import Prepared
from insurance.quota import gate
from insurance.trial.models import Trial
from insurance.trial.outlook import Outlook


class Later(StrEnum):
    """Why a turn comes later than was told."""

    PAUSED = "paused"
    MAINTENANCE = "maintenance"
    DOWN = "interface_down"
    LOWERED = "limit_lowered"
    PRIORITY = "priority_case"
    SHARE = "fair_share"
    LATE = "running_late"


_since = Prepared(
    "later_since",
    ["bigint", "bigint", "bigint", "timestamptz", "timestamptz"],
    """SELECT EXISTS (SELECT FROM insurance_maintenancewindow
                       WHERE insurer_id = $1 AND ends_at > $4 AND starts_at < $5),
              EXISTS (SELECT FROM insurance_limitchange WHERE quota_id = $2 AND lowered AND at > $4),
              (SELECT bool_or(urgent) FROM insurance_line
                WHERE insurer_id = $1 AND id IS DISTINCT FROM $3 AND joined_at > $4)""",
)
"""Of an insurer ($1), its quota ($2), for somebody in a line ($3), since $4, who was told $5: was there maintenance,
was n lowered, and has somebody joined another line (and an urgent one at that; NULL: nobody)."""


def why(trial: Trial, there: Outlook) -> Later:
    """What happened since the patient was told: the gate, n, or somebody who goes first."""
    insurer, since = there.insurer, trial.eta_told_at or trial.created_at
    if insurer.paused_at or _after(insurer.resumed_at, since):
        return Later.PAUSED
    quota_id = there.quota.pk if there.quota else None
    row = _since.row(insurer.pk, quota_id, trial.line_id, since, trial.eta_at or since)
    assert row is not None
    maintained, lowered, urgent_came = row
    if maintained:
        return Later.MAINTENANCE
    if gate.is_probed(insurer) or _after(insurer.circuit_opened_at, since):
        return Later.DOWN
    if lowered or (there.quota and there.quota.next_at > timezone.now()):
        return Later.LOWERED
    return {True: Later.PRIORITY, False: Later.SHARE, None: Later.LATE}[urgent_came]


def _after(moment: datetime | None, since: datetime) -> bool:
    return moment is not None and moment > since
