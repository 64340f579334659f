"""What somebody who follows by a link may see: three coarse steps. No health, no department, no doctor, no money."""

from django.utils.translation import gettext as _

from config.pages import money, words
from config.pages.steps import Key, Status, Step, Story
from hospital.appointments import story
from hospital.models import Appointment
from insurance.quota import gate, insurers

POLL_SECONDS = 15
"""However near the turn is: nobody has to do anything."""


def of(appointment: Appointment) -> Story:
    """Getting ready, in the line, the rest."""
    told = story.of(appointment)
    case = money.case_of(appointment, told)
    now = _at(case)
    steps = (
        _step(Key.FILED, now, _("Getting ready"), ()),
        _step(Key.LINE, now, _("In the line"), _line(case)),
        _step(Key.PAY, now, _("The turn has come"), (_("The rest is done by the patient."),)),
    )
    return Story(appointment.pk, False, steps, POLL_SECONDS)


def initial(appointment: Appointment) -> str:
    """The first character of the name."""
    return f"{appointment.patient.name[:1]}**"


def _at(case: money.Case) -> Key:
    if case.waits:
        return Key.LINE
    return Key.PAY if case.trial is not None else Key.FILED


def _step(key: Key, now: Key, title: str, says: tuple[str, ...]) -> Step:
    order = list(Key)
    if key == now:
        return Step(key, title, Status.NOW, says)
    return Step(key, title, Status.DONE if order.index(key) < order.index(now) else Status.LATER)


def _line(case: money.Case) -> tuple[str, ...]:
    if not case.trial or "ahead" not in case.trial:
        return ()
    place, closed = case.trial, gate.why_closed(insurers.of(case.appointment))
    ahead = _("Ahead in the line: %(ahead)s") % {"ahead": place["ahead"]} if place["ahead"] else _("Next in the line.")
    wait = words.wait(place["eta_low_seconds"], place["eta_high_seconds"])
    says = [ahead, _("Expected wait: %(wait)s") % {"wait": wait}]
    if closed:
        says.append(_("The line stands still at the moment. The place is kept."))
    return tuple(says)
