"""The story of an appointment as steps, made from what the API tells. It shows; it decides nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.pages import money
from config.pages.steps import Act, Key, Status, Step, Story
from hospital.appointments import story
from hospital.models import Appointment
from hospital.states import AppointmentState, ArchiveState
from insurance.states import TrialState
from insurance.trial import api as trials

Told = Mapping[str, Any]

FILING_POLL_SECONDS = 3
"""While the record is filed and the notice written."""

IDLE_POLL_SECONDS = 15
"""While the patient has the choice: a bill may run out, or staff may change it."""


def of(appointment: Appointment) -> Story:
    """As it stands, in the language of whoever reads it."""
    told = story.of(appointment)
    case = money.case_of(appointment, told)
    steps = (_booked(appointment, told, case), _filed(told["archive"]), _told(told), *money.steps(case))
    if told["state"] == AppointmentState.CANCELLED:
        return Story(appointment.pk, True, tuple(_stopped(step) for step in steps))
    return Story(appointment.pk, False, steps, _poll_after_seconds(told, case))


def in_line(appointment: Appointment) -> Story | None:
    """The place alone, for whoever waits and has nothing else to see change: so much cheaper to look at that thousands
    may. None for everybody else."""
    trial = appointment.trials.select_related("line").order_by("pk").last()
    if trial is None or trial.state != TrialState.WAITING or appointment.settlements.exists():
        return None
    told = trials.shown(trial)
    case = money.Case(appointment.pk, told=True, charges=(), trial=told, settlement=None)
    return Story(appointment.pk, False, (money.line(case),), told["poll_after_seconds"])


def _booked(appointment: Appointment, told: Told, case: money.Case) -> Step:
    session = appointment.session
    day = date_format(timezone.localtime(session.starts_at), "DATETIME_FORMAT")
    says = (f"{session.doctor.department} · {session.doctor}", day)
    cancel = Act(_("Cancel the appointment"), reverse("pages:cancel", args=[appointment.pk]), primary=False)
    may_cancel = told["state"] == AppointmentState.BOOKED and not case.is_settling
    return Step(Key.BOOKED, _("Booked"), Status.DONE, says, acts=(cancel,) if may_cancel else ())


def _filed(archive: Told) -> Step:
    title = _("Record filed")
    if archive["state"] == ArchiveState.QUEUED:
        ahead = _("Ahead of you in the filing queue: %(ahead)s") % archive if archive["ahead"] else _("You are next.")
        return Step(Key.FILED, title, Status.NOW, (ahead, _("It goes on by itself, first come, first served.")))
    if archive["state"] == ArchiveState.FILED:
        return Step(Key.FILED, title, Status.DONE, (_("Archive number %(number)s") % {"number": archive["number"]},))
    return Step(Key.FILED, title, Status.STOPPED)


def _told(told: Told) -> Step:
    title = _("You are told")
    notices = {notice["kind"]: notice for notice in told["notices"]}
    if notice := notices.get("rejected"):
        return Step(Key.TOLD, title, Status.STOPPED, (notice["title"], notice["text"]))
    if notice := notices.get("filed"):
        return Step(Key.TOLD, title, Status.DONE, (notice["title"],))
    if told["archive"]["state"] == ArchiveState.QUEUED:
        return Step(Key.TOLD, title)
    if told["archive"]["told"]:  # through another channel
        return Step(Key.TOLD, title, Status.DONE)
    return Step(Key.TOLD, title, Status.NOW, (_("Your notice is on its way."),))


def _stopped(step: Step) -> Step:
    """Of a cancelled appointment: what was done stays, nothing else comes."""
    return step if step.status is Status.DONE and not step.acts else _without_a_future(step)


def _without_a_future(step: Step) -> Step:
    if step.status is Status.DONE:
        return replace(step, acts=())
    return replace(step, status=Status.STOPPED if step.status is Status.STOPPED else Status.LATER, says=(), acts=())


def _poll_after_seconds(told: Told, case: money.Case) -> int | None:
    """As the server says where somebody waits; None where nothing more comes."""
    if told["archive"]["state"] == ArchiveState.REJECTED or case.is_complete:
        return None
    if not told["archive"]["told"]:
        return FILING_POLL_SECONDS
    polls = [one["poll_after_seconds"] for one in (case.trial, case.settlement) if one and "poll_after_seconds" in one]
    return min(polls, default=IDLE_POLL_SECONDS)
