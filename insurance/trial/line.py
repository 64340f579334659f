"""The lines together: which one a patient joins, how many are ahead, who may join, whose turn it is."""

import math
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from hospital import tuning, worklist
from hospital.models import Appointment
from hospital.states import AppointmentState
from insurance.quota import gate, insurers
from insurance.quota.models import Insurer
from insurance.states import TrialState
from insurance.trial import eta, outlook, places, shares
from insurance.trial.models import Line, Trial
from insurance.trial.outlook import Outlook, standing_of
from insurance.trial.shares import Standing

NO_WAIT_SECONDS = 1.0
"""So short a wait is none: the turn itself sits it out."""

UNKNOWN_SECONDS = 60.0
"""When nobody knows how long the gate stays shut, one is asked to come back after this."""

LATEST_RETURN_SECONDS = 3600
"""Nobody is told to come again later than this."""

SOONEST_POLL_SECONDS, LATEST_POLL_SECONDS = 1, 180
"""Who looks after two thirds of the wait that is left sees all there is to see: the told wait only falls. However many
wait, they do not load the hospital that they wait for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line. `eta_seconds` is when the turn should come, most likely between `low` and `high`.

    It only ever falls; where it had to rise, `later_because` says why.
    """

    ahead: int
    eta_seconds: int
    eta_low_seconds: int
    eta_high_seconds: int
    poll_after_seconds: int
    later_because: str = ""


def place_of(trial: Trial, there: Outlook | None = None) -> Place:
    """Where this trial stands; by the outlook of now, or by this one, which must be its insurer's."""
    if trial.state != TrialState.WAITING:
        return _place(0, 0.0, "")
    there = there or outlook.now(insurer_of(trial))
    ahead = _ahead_of(trial, there)
    seconds, reason = eta.told(trial, ahead, there)
    return _place(ahead, seconds, reason)


def place_of_next(insurer: Insurer | None = None) -> Place:
    """The place that somebody would get who joined the common line of this insurer (none: the default one) now."""
    there = outlook.now(insurer)
    ahead = ahead_of_next(there.insurer, None)
    return _place(ahead, eta.expected_seconds(ahead, there), "")


def ahead_of(trial: Trial, insurer: Insurer) -> int:
    """How many have their turn before this one, as things stand."""
    return _ahead_of(trial, Outlook(insurer, None))


def _ahead_of(trial: Trial, there: Outlook) -> int:
    """In a line that stands alone the exact number is known at once; others move at most a second behind."""
    if trial.line_id is None:
        return 0
    own = ahead_in_line(trial)
    standings = there.standings
    if all(one.line_id != trial.line_id for one in standings):  # younger than the reading
        return own
    return own if len(standings) == 1 else shares.ahead(standings, trial.line_id, own)


def ahead_in_line(trial: Trial) -> int:
    """How many wait in front of it in its own line, exactly."""
    if trial.line_id is None or trial.number is None:
        return 0
    if trial.ahead_when_read is not None:
        return trial.ahead_when_read
    count = places.ahead if trial.instead_of_id is None else places.ahead_at_head
    return count(trial.line_id, trial.number)


def ahead_of_next(insurer: Insurer, line: Line | None) -> int:
    """How many would be ahead of somebody who joined this line (none: the common one) now."""
    line = line or line_of(insurer)
    return shares.ahead(standing(insurer), line.pk, line.waiting)


def waiting(insurer: Insurer | None = None) -> int:
    """How many wait for their turn, in all lines of this insurer; none: the default one."""
    return sum(line.waiting for line in (insurer or insurers.default()).lines.all())


def insurer_of(trial: Trial) -> Insurer:
    """Whose turn it waits for; before there were lines there was but the default one."""
    return trial.line.insurer if trial.line else insurers.default()


def insurer_id_of(trial: Trial) -> int | None:
    """The same by its id; None: the default one."""
    return trial.line.insurer_id if trial.line else None


def line_for(appointment: Appointment, *, urgent: bool = False) -> Line:
    """The line this patient joins, of the insurer of the card: the urgent one, that of the department where it has a
    share, or the common one."""
    insurer = insurers.of(appointment.pk)
    if urgent:
        return line_of(insurer, urgent=True)
    department = appointment.session.doctor.department
    own = insurer.lines.filter(department=department, urgent=False, weight__gt=0).first()
    return own or line_of(insurer)


def line_of(insurer: Insurer, *, urgent: bool = False) -> Line:
    """The common or the urgent line, made when it is needed first."""
    return Line.objects.get_or_create(insurer=insurer, urgent=urgent, department=None)[0]


def held_back_seconds(ahead: int, insurer: Insurer) -> float:
    """How long the permits hold back the one with `ahead` before them; 0 when one is free now."""
    return eta.wait_seconds(ahead, outlook.now(insurer))


def is_full(ahead: int, insurer: Insurer | None = None) -> int:
    """0 when the one with `ahead` before them may join, else the seconds after which to come back (method, step 5).

    TRIAL_LINE_MINUTES = 0: nobody waits; let through now or held back.
    """
    longest_minutes = tuning.value("TRIAL_LINE_MINUTES")
    there = outlook.now(insurer)
    wait = eta.wait_seconds(ahead, there)
    if longest_minutes == 0 and (closed := gate.why_closed(there.insurer)):
        wait = max(wait, closed.seconds or UNKNOWN_SECONDS)
    longest = longest_minutes * 60 + NO_WAIT_SECONDS
    return 0 if wait <= longest else max(math.ceil(min(wait - longest, LATEST_RETURN_SECONDS)), 1)


def standing(insurer: Insurer) -> list[Standing]:
    """All lines of an insurer as `shares` wants them."""
    return Outlook(insurer, None).standings


def claim_next(insurer: Insurer, lease_seconds: float) -> Trial | None:
    """Take the trial whose turn it is. Commit before acting on it. None when nobody waits whose time has come."""
    with transaction.atomic():
        lines = {line.pk: line for line in insurer.lines.select_for_update(no_key=True).order_by("pk")}
        standings = [standing_of(line) for line in lines.values()]
        for one in shares.in_order(standings):
            first_turn_at = Coalesce(F("turn_at"), Now())
            trial = worklist.claim(
                _due(lines[one.line_id]), TrialState.CALLING, lease_seconds=lease_seconds, turn_at=first_turn_at
            )
            if trial is not None:
                _had_a_turn(standings, one)
                return trial
    return None


def lock(trial: Trial) -> None:
    """Nobody is claimed from this trial's line until the transaction is over."""
    if trial.line_id is not None:
        Line.objects.select_for_update(no_key=True).get(pk=trial.line_id)


def _due(line: Line) -> QuerySet[Trial]:
    """Who waits in this line and whose time has come, in the order of places."""
    waiting = Trial.due(TrialState.WAITING).filter(line=line, appointment__state=AppointmentState.BOOKED)
    return waiting.order_by("number")


def _had_a_turn(standings: list[Standing], one: Standing) -> None:
    """Keep how much of its share each line has had; who waits is counted as the trial moves."""
    for before, after in zip(standings, shares.after_a_turn(standings, one), strict=True):
        if (before.passed, before.run) != (after.passed, after.run):
            Line.objects.filter(pk=after.line_id).update(passed=after.passed, run=after.run)


def _place(ahead: int, seconds: float, reason: str) -> Place:
    shown = math.ceil(min(seconds, 86_400.0))
    low, high = eta.between(shown)
    poll = min(max(shown * 2 // 3, SOONEST_POLL_SECONDS), LATEST_POLL_SECONDS)
    return Place(ahead, shown, low, high, poll, reason)
