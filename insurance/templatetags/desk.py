"""What the pages of the desk say: money in yuan, states in words."""

from django import template
from django.utils.translation import gettext as _

from insurance.desk import words
from insurance.reconciliation.words import CLASSES, MOVEMENTS, REMEDIES, SAYS

register = template.Library()

DIFFERENCES = {"class": CLASSES, "movement": MOVEMENTS, "says": SAYS, "remedy": REMEDIES}


@register.filter
def yuan(fen: object) -> str:
    """3052 → 30.52; a dash where there is no money to speak of (a template hands on the empty text)."""
    if not isinstance(fen, int):
        return "–"
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


@register.filter
def state_of(name: str, kind: str) -> str:
    """A state of a row of this kind, or what is said of a difference, in words."""
    return str(DIFFERENCES[kind].get(name, name)) if kind in DIFFERENCES else words.state(kind, name)


@register.filter
def wait(seconds: float) -> str:
    """How long, as one says it: 40 s, 12 min, 3 h 05 min, 2 days."""
    whole = round(seconds)
    if whole < 120:
        return _("%(seconds)s s") % {"seconds": whole}
    if whole < 7200:
        return _("%(minutes)s min") % {"minutes": whole // 60}
    if whole < 172_800:
        return _("%(hours)s h %(minutes)s min") % {"hours": whole // 3600, "minutes": whole // 60 % 60}
    return _("%(days)s days") % {"days": whole // 86_400}


@register.filter
def capped(count: int, most: int) -> str:
    """A number that is counted no further than `most`."""
    return f"{most:,}+" if count >= most else f"{count:,}"


@register.filter
def tone_of(name: str) -> str:
    """The colour of a state, as a class of the style sheet."""
    return words.tone(name).value


@register.filter
def kind_of(name: str) -> str:
    """The kind of a row, in words."""
    return words.kind(name)


@register.filter
def changed_of(text: str, subject: str) -> str:
    """What stands in a change of this subject, in words."""
    return words.changed(subject, text)


@register.filter
def lane_of(name: str) -> str:
    """A quota, by what draws on it."""
    return words.state("lane", name)


@register.filter
def line_of(name: str) -> str:
    """A line, as the metrics name it: the common one, the urgent cases', or a department's by its code."""
    return words.line(name)
