"""What a remedy has come to, and how it is kept with its difference."""

import logging
from dataclasses import dataclass
from datetime import date
from typing import Any

from hospital import worklist
from insurance.reconciliation import keeping
from insurance.reconciliation.models import Difference
from insurance.reconciliation.rules import Remedy
from insurance.states import DifferenceState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Where the difference stands now and why. `remedy`: what is to be done from now on, if not the same."""

    state: DifferenceState
    evidence: str
    remedy: Remedy | None = None
    theirs_day: date | None = None


def helped(evidence: str) -> Conclusion:
    """Carried out: the next comparison must find it gone."""
    return Conclusion(DifferenceState.REMEDIED, evidence)


def ended(evidence: str, theirs_day: date | None = None) -> Conclusion:
    """It is explained: nothing is to be done any more."""
    return Conclusion(DifferenceState.RESOLVED, evidence, theirs_day=theirs_day)


def noted(evidence: str, theirs_day: date) -> Conclusion:
    """It stands in theirs on another day, which will show it."""
    return Conclusion(DifferenceState.OPEN, evidence, Remedy.NOTE, theirs_day)


def staff(evidence: str) -> Conclusion:
    """A person must decide."""
    return Conclusion(DifferenceState.OPEN, evidence, Remedy.STAFF)


def as_it_was(evidence: str) -> Conclusion:
    """Nothing was done: things have changed since it was found."""
    return Conclusion(DifferenceState.OPEN, evidence)


def keep(row: Difference, concluded: Conclusion) -> None:
    """With the evidence. What somebody has decided meanwhile stands."""
    told = f"{row.evidence}\n{concluded.evidence}".strip()
    fields: dict[str, Any] = {"evidence": told}
    if concluded.remedy:
        fields["remedy"] = concluded.remedy
    if concluded.theirs_day:
        fields["theirs_day"] = concluded.theirs_day
    if concluded.state == DifferenceState.OPEN:
        Difference.objects.filter(pk=row.pk, state=DifferenceState.OPEN).update(**fields)
        return
    if concluded.state == DifferenceState.RESOLVED:
        fields["resolved_by"] = keeping.REMEDY
    try:
        worklist.move(row, concluded.state, reason=concluded.evidence, **fields)
    except worklist.Overtaken:
        log.warning("%s was decided by somebody else meanwhile", row)
