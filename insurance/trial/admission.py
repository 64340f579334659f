"""Step 5: enter the line, or be held back. And out of it again."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import wake, worklist
from hospital.archives import entry
from hospital.errors import Conflict, HeldBack
from hospital.models import Appointment
from hospital.states import AppointmentState
from insurance.quota.lanes import TASKS, Lane
from insurance.states import TrialState
from insurance.trial import line, places
from insurance.trial.models import Line, Trial


def enter(appointment: Appointment, *, urgent: bool = False) -> Trial:
    """A place in the line; asked again, the same place. Urgent cases have a line of their own that is never full.

    Raises `Conflict("appointment_over" | "archive_rejected" | "not_told_yet" | "already_settling" | "trial_frozen")`,
    `HeldBack("line_full")`.
    """
    _require_booked(appointment)
    entry.require_told(appointment)
    return standing(appointment) or _join(appointment, urgent)


def withdraw(appointment: Appointment) -> None:
    """The appointment is cancelled: leave the line. A call under way ends by itself and is not used."""
    leaving = Trial.objects.select_for_update().filter(
        appointment=appointment, state__in=[TrialState.WAITING, TrialState.PRICED, TrialState.FROZEN]
    )
    for trial in leaving:
        worklist.move(trial, TrialState.CANCELLED, reason="appointment cancelled")


def supersede(appointment: Appointment) -> None:
    """The charges changed: a trial made with the old ones no longer counts. One that waits is made with the new."""
    for trial in Trial.objects.select_for_update().filter(appointment=appointment, state=TrialState.PRICED):
        worklist.move(trial, TrialState.SUPERSEDED, reason="charges changed")


def expire_due(most: int = 500) -> int:
    """Trials whose validity is over."""
    rows = Trial.objects.filter(state=TrialState.PRICED, valid_until__lt=timezone.now()).order_by("pk")[:most]
    return sum(_expire(row) for row in rows)


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
        raise Conflict("trial_frozen", _("The insurer's answer is being checked by our staff."))
    if trial.state == TrialState.PRICED and trial.valid_until and trial.valid_until <= timezone.now():
        _expire(trial)
        return None
    return trial


def _join(appointment: Appointment, urgent: bool) -> Trial:
    joined = line.line_for(appointment, urgent=urgent)
    ahead = line.ahead_of_next(joined.insurer, joined)
    if not urgent:
        _hold_back_when_full(ahead)
    held_back = line.held_back_seconds(ahead) > 0
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


def _take_place(appointment: Appointment, joined: Line, held_back: bool) -> Trial:
    """The place is given last: until the commit, everybody else who joins this line waits for it."""
    with transaction.atomic():
        _require_booked(Appointment.objects.select_for_update().get(pk=appointment.pk))
        trial = worklist.enter(Trial(appointment=appointment, held_back=held_back))
        if not held_back:
            wake.task(TASKS[Lane.TRIAL])
        trial.line, trial.number = joined, places.join(joined.pk, trial.pk)
    return trial


def _hold_back_when_full(ahead: int) -> None:
    retry_after_seconds = line.is_full(ahead)
    if retry_after_seconds:
        raise HeldBack(
            "line_full",
            _("The line for insurance trials is full. Please come back in %(seconds)s seconds.")
            % {"seconds": retry_after_seconds},
            retry_after_seconds=retry_after_seconds,
        )


def _expire(trial: Trial) -> int:
    try:
        worklist.move(trial, TrialState.EXPIRED, reason="its validity is over")
    except worklist.Overtaken:
        return 0
    return 1
