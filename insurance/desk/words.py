"""States and kinds in people's words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from hospital import words
from hospital.badges import Tone
from insurance.desk.actions import Action
from insurance.interface.calling import Outcome
from insurance.quota.lanes import SHARED, Lane
from insurance.words import DAY_BOOK, DECISION, DIFFERENCE, PAYMENT, REFUND, SETTLEMENT, TONES, TRIAL

OUTCOME: Mapping[str, object] = {
    "": _("no answer yet"),
    Outcome.ANSWERED: _("answered"),
    Outcome.REFUSED: _("refused"),
    Outcome.THROTTLED: _("too many calls, not done"),
    Outcome.NOT_SENT: _("not sent"),
    Outcome.UNKNOWN: _("answer lost"),
}
LANES: Mapping[str, object] = {
    Lane.TRIAL: _("trial"),
    Lane.SETTLEMENT: _("settlement"),
    Lane.RECOVERY: _("recovery"),
    SHARED: _("all calls together"),
}
_BY_KIND = {
    "outcome": OUTCOME,
    "lane": LANES,
    "settlement": SETTLEMENT,
    "trial": TRIAL,
    "paymentorder": PAYMENT,
    "refund": REFUND,
    "decision": DECISION,
    "daybook": DAY_BOOK,
    "difference": DIFFERENCE,
    "appointment": words.APPOINTMENT,
    "archive": words.ARCHIVE,
    "notice": words.NOTICE,
}
KINDS: Mapping[str, object] = {
    "settlement": _("settlement"),
    "trial": _("trial"),
    "paymentorder": _("payment order"),
    "refund": _("refund"),
    "decision": _("decision"),
    "appointment": _("appointment"),
    "archive": _("archive"),
    "notice": _("notice"),
}

LINES: Mapping[str, object] = {"common": _("common line"), "urgent": _("urgent cases")}


def line(name: str) -> str:
    """A line in words; a department's by its code."""
    return str(LINES.get(name, name))


def state(kind: str, name: str) -> str:
    """The state of a row of this kind, in words; as it is where there are none."""
    return str(_BY_KIND.get(kind, {}).get(name, name))


def tone(name: str) -> Tone:
    """The colour of a state."""
    return TONES.get(name) or words.TONES.get(name, Tone.PLAIN)


def changed(subject: str, text: str) -> str:
    """Before or after, in a change that staff made to this subject: an action, or a state of it or of a decision."""
    if text in Action.values:
        return str(Action(text).label)
    own = _BY_KIND.get(subject.partition(" ")[0], {})
    return str(own.get(text) or DECISION.get(text, text))


def kind(name: str) -> str:
    return str(KINDS.get(name, name))
