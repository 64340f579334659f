"""Urgent cases: staff give a patient a place in the urgent line (`shares.py`: it goes first, and starves nobody)."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hospital import changes
from hospital.changes import Who
from hospital.errors import Conflict
from hospital.models import Appointment
from insurance.states import TrialState
from insurance.trial import admission, line, places
from insurance.trial.models import Line, Trial


def enter(appointment: Appointment, *, who: Who, why: str) -> Trial:
    """A place at the end of the urgent line, also for one who waits in another; asked again, the same place.

    Raises as `admission.enter` does, and `Invalid("no_reason")`.
    """
    with transaction.atomic():
        Appointment.objects.select_for_update().get(pk=appointment.pk)
        standing = admission.standing(appointment)
        if standing is None:
            trial = admission.enter(appointment, urgent=True)
            _record(trial, who, why)
            return trial
        return expedite(standing, who=who, why=why) if _stands_elsewhere(standing) else standing


def expedite(trial: Trial, *, who: Who, why: str) -> Trial:
    """From its place to the end of the urgent line. When it joined, and the wait it was told then, stay as they are.

    The trial is locked as it is for a cancellation, then both lines; the trial without its line, which may be another
    by the time the lock is had.

    Raises `Conflict("not_waiting" | "already_urgent")`, `Invalid("no_reason")`.
    """
    with transaction.atomic():
        waiting = Trial.objects.select_for_update().get(pk=trial.pk)
        if waiting.state != TrialState.WAITING or waiting.line is None or waiting.number is None:
            raise Conflict("not_waiting", _("This trial no longer waits for its turn."))
        if waiting.line.urgent:
            raise Conflict("already_urgent", _("This trial stands in the line of urgent cases already."))
        urgent = line.line_of(waiting.line.insurer, urgent=True)
        _record(waiting, who, why)
        _lock(waiting.line, urgent)
        places.leave(waiting.line.pk, waiting.number)
        waiting.number, waiting.line = places.join(urgent.pk, waiting.pk), urgent
    return waiting


def _stands_elsewhere(trial: Trial) -> bool:
    """It waits, and not in the urgent line."""
    return trial.state == TrialState.WAITING and trial.line is not None and not trial.line.urgent


def _record(trial: Trial, who: Who, why: str) -> None:
    changes.record(f"trial {trial.pk}", "urgent", "no", "yes", who=who, why=why)


def _lock(*lines: Line) -> None:
    """In the order in which whoever claims the next trial locks them all: nobody waits in a circle."""
    rows = Line.objects.filter(pk__in=[one.pk for one in lines])
    list(rows.select_for_update(no_key=True).order_by("pk"))
