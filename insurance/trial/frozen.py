"""Trials that were frozen because the insurer's amounts contradict each other: a person lets them go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes, worklist
from hospital.changes import Who
from hospital.errors import Conflict
from hospital.models import Appointment
from hospital.states import AppointmentState
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.states import TrialState
from insurance.trial import line
from insurance.trial.models import Trial


def back_into_the_line(trial: Trial, *, who: Who, why: str) -> None:
    """To its old place, for another trial.

    Raises `Conflict("not_frozen" | "appointment_over")`, `Invalid("no_reason")`.
    """
    with _released(trial) as frozen:
        if frozen.appointment.state != AppointmentState.BOOKED:
            raise Conflict("appointment_over", _("This appointment is over or cancelled."))
        _record(frozen, TrialState.WAITING, who, why)
        line.lock(frozen)
        worklist.move(frozen, TrialState.WAITING, reason=why, due_at=Now(), leased_until=None)
        lanes.ask_for_turn(Lane.TRIAL, line.insurer_of(frozen).name)


def cancel(trial: Trial, *, who: Who, why: str) -> None:
    """It ends. The patient may ask for another; what was paid ahead of it stays as self-pay.

    Raises `Conflict("not_frozen")`, `Invalid("no_reason")`.
    """
    with _released(trial) as frozen:
        _record(frozen, TrialState.CANCELLED, who, why)
        worklist.move(frozen, TrialState.CANCELLED, reason=why)


@contextmanager
def _released(trial: Trial) -> Iterator[Trial]:
    """The appointment is locked first, then the trial, as for a cancellation."""
    with transaction.atomic():
        Appointment.objects.select_for_update().get(pk=trial.appointment_id)
        frozen = Trial.objects.select_for_update(of=("self",)).select_related("appointment").get(pk=trial.pk)
        if frozen.state != TrialState.FROZEN:
            raise Conflict("not_frozen", _("This trial is no longer frozen."))
        yield frozen


def _record(trial: Trial, to: TrialState, who: Who, why: str) -> None:
    changes.record(f"trial {trial.pk}", "state", trial.state, to, who=who, why=why)
