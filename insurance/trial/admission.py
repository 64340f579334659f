"""Step 5: enter the line, or be held back. And out of it again, or back to the place that one had.

A bill that comes to nothing is made again at the head of the line: the new trial takes the place of the old. When the
charges change, at once; when its time ran out or a settlement was undone, when the patient asks again. Only who gives
a settlement up or is refused by the insurer joins at the end.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import worklist
from hospital.archives import entry
from hospital.errors import Conflict, HeldBack
from hospital.models import Appointment
from hospital.states import AppointmentState
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.states import TrialState
from insurance.trial import inputs, line, outside, places, telling
from insurance.trial.models import Line, Trial


def enter(appointment: Appointment, *, urgent: bool = False) -> Trial:
    """A place in the line; asked again, the same place. Urgent cases have a line of their own that is never full, and a
    place that was kept is there however full the line is.

    Raises `Conflict("appointment_over" | "archive_rejected" | "not_told_yet" | "already_settling" | "trial_frozen")`,
    `HeldBack("line_full")`.
    """
    _require_booked(appointment)
    entry.require_told(appointment)
    return standing(appointment) or _join(appointment, urgent)


def withdraw(appointment: Appointment, reason: str = "appointment cancelled") -> None:
    """Leave the line. A call under way ends by itself; for an appointment that is cancelled it is not used."""
    leaving = Trial.objects.select_for_update().filter(
        appointment=appointment, state__in=[TrialState.WAITING, TrialState.PRICED, TrialState.FROZEN]
    )
    for trial in leaving:
        worklist.move(trial, TrialState.CANCELLED, reason=reason)


def supersede(appointment: Appointment) -> None:
    """The charges changed: a bill made with the old ones no longer counts, and another is made at the head of the line.
    A trial that waits is made with the new charges anyway."""
    for trial in Trial.objects.select_for_update().filter(appointment=appointment, state=TrialState.PRICED):
        worklist.move(trial, TrialState.SUPERSEDED, reason="charges changed")
        again(trial)


def again(earlier: Trial, *, claimed: bool = False) -> Trial:
    """A new trial instead of this one, which is over, at its place. In the transaction that holds the appointment."""
    fields = {"instead_of": earlier, "claimed": claimed}
    joined, number = earlier.line, earlier.number
    if joined is None or number is None:  # from before there were places
        return _take_place(earlier.appointment, line.line_for(earlier.appointment), held_back=False, **fields)
    trial = Trial(appointment_id=earlier.appointment_id, line=joined, number=number, **fields)
    trial.held_back = line.held_back_seconds(line.ahead_of(trial, joined.insurer), joined.insurer) > 0
    worklist.enter(trial)
    if not trial.held_back:
        lanes.ask_for_turn(Lane.TRIAL, joined.insurer.name)
    line.place_of(trial)  # what it is measured by
    places.come_back(joined.pk, number)
    return trial


def release(trial: Trial) -> None:
    """The claim that this trial was for has come to nothing before it was paid: it is the patient's again."""
    if Trial.objects.filter(pk=trial.pk, claimed=True).update(claimed=False):
        trial.refresh_from_db()
        telling.catch_up(trial)


def expire_due(most: int = 500) -> int:
    """Trials whose validity is over, but for those that a claim waits for: it has them made again (`claims`)."""
    over = Trial.objects.filter(state=TrialState.PRICED, valid_until__lt=timezone.now(), claimed=False)
    return sum(_run_out(row) for row in over.order_by("valid_until")[:most])


def _require_booked(appointment: Appointment) -> None:
    if appointment.state != AppointmentState.BOOKED:
        raise Conflict("appointment_over", _("This appointment is over or cancelled."))


def standing(appointment: Appointment) -> Trial | None:
    """The trial that already stands for this appointment."""
    trial = Trial.objects.filter(appointment=appointment, state__in=Trial.LIVE).first()
    if trial is None:
        return None
    if trial.state == TrialState.ACCEPTED:
        raise Conflict("already_settling", _("The settlement of this appointment is under way."))
    if trial.state == TrialState.FROZEN:
        raise Conflict("trial_frozen", _("This trial is being checked by our staff."))
    return None if trial.state == TrialState.PRICED and not _still_counts(trial) else trial


def _still_counts(trial: Trial) -> bool:
    """Whether a bill may still be settled. One that may not makes room for another."""
    if trial.claimed:
        return True
    if trial.valid_until and trial.valid_until <= timezone.now():
        _run_out(trial)
    elif why := inputs.changed(trial):
        _end(trial, TrialState.SUPERSEDED, why, keeps_place=True)
    return trial.state == TrialState.PRICED


def _join(appointment: Appointment, urgent: bool) -> Trial:
    if kept := _take_kept_place(appointment, urgent):
        return kept
    joined = line.line_for(appointment, urgent=urgent)
    ahead = line.ahead_of_next(joined.insurer, joined)
    if not urgent:
        _hold_back_when_full(appointment, ahead, joined.insurer)
    held_back = line.held_back_seconds(ahead, joined.insurer) > 0
    try:
        trial = _take_place(appointment, joined, held_back)
    except IntegrityError as error:
        if "one_live_trial" not in str(error):
            raise
        earlier = standing(appointment)
        if earlier is None:
            raise
        return earlier
    line.place_of(trial)  # what it is told now is what it will be measured by
    return trial


def _take_kept_place(appointment: Appointment, urgent: bool) -> Trial | None:
    """The place of the trial before, where it is kept. Whoever has become urgent gets one in that line instead."""
    with transaction.atomic():
        _require_booked(Appointment.objects.select_for_update().get(pk=appointment.pk))
        earlier = appointment.trials.select_related("line__insurer").order_by("pk").last()
        if earlier is None or not earlier.keeps_place:
            return None
        if urgent and not (earlier.line and earlier.line.urgent):
            return None
        return again(earlier)


def _take_place(appointment: Appointment, joined: Line, held_back: bool, **fields: Any) -> Trial:
    """The place is given last: until the commit, everybody else who joins this line waits for it."""
    with transaction.atomic():
        _require_booked(Appointment.objects.select_for_update().get(pk=appointment.pk))
        trial = worklist.enter(Trial(appointment=appointment, held_back=held_back, **fields))
        if not held_back:
            lanes.ask_for_turn(Lane.TRIAL, joined.insurer.name)
        trial.line, trial.number = joined, places.join(joined.pk, trial.pk)
    return trial


def _hold_back_when_full(appointment: Appointment, ahead: int, insurer: Insurer) -> None:
    if line.is_full(ahead, insurer):
        retry_after_seconds = outside.come_again_after(appointment.pk, ahead, insurer, timezone.now())
        raise HeldBack(
            "line_full",
            _("The line for insurance trials is full. Please come back in %(seconds)s seconds.")
            % {"seconds": retry_after_seconds},
            retry_after_seconds=retry_after_seconds,
        )


def _run_out(trial: Trial) -> int:
    """Nobody loses the place for having been slow: there is no time limit that cannot be extended."""
    return _end(trial, TrialState.EXPIRED, "its validity is over", keeps_place=True)


def _end(trial: Trial, state: TrialState, why: str, **fields: Any) -> int:
    try:
        worklist.move(trial, state, reason=why, **fields)
    except worklist.Overtaken:
        return 0
    return 1
