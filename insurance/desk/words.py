"""States and kinds in people's words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from insurance.desk.actions import Action
from insurance.interface.client import Outcome
from insurance.quota.lanes import SHARED, Lane
from insurance.states import DecisionState, PaymentState, RefundState, SettlementState, TrialState

SETTLEMENT: Mapping[str, object] = {
    SettlementState.WAITING: _("waits for its turn"),
    SettlementState.CALLING: _("being settled"),
    SettlementState.INSURED: _("settled by the insurer"),
    SettlementState.PAYING: _("waits for the payment"),
    SettlementState.CLAIMING: _("paid, to be claimed"),
    SettlementState.PAID: _("paid"),
    SettlementState.CONFIRMING: _("network is told"),
    SettlementState.COMPLETED: _("complete"),
    SettlementState.REFUSED: _("refused by the insurer"),
    SettlementState.UNKNOWN: _("not known"),
    SettlementState.REVERSING: _("being undone"),
    SettlementState.REFUNDING: _("money goes back"),
    SettlementState.REVERSED: _("undone"),
    SettlementState.MANUAL: _("needs a person"),
}
TRIAL: Mapping[str, object] = {
    TrialState.WAITING: _("waits in the line"),
    TrialState.CALLING: _("being priced"),
    TrialState.PRICED: _("priced"),
    TrialState.ACCEPTED: _("accepted"),
    TrialState.REFUSED: _("refused by the insurer"),
    TrialState.EXPIRED: _("expired"),
    TrialState.SUPERSEDED: _("superseded"),
    TrialState.CANCELLED: _("cancelled"),
    TrialState.FROZEN: _("trial frozen"),
}
PAYMENT: Mapping[str, object] = {
    PaymentState.OPEN: _("open"),
    PaymentState.PAID: _("paid"),
    PaymentState.EXPIRED: _("expired"),
    PaymentState.CANCELLED: _("cancelled"),
    PaymentState.REFUNDED: _("given back"),
}
REFUND: Mapping[str, object] = {
    RefundState.DUE: _("to be given back"),
    RefundState.DONE: _("given back"),
    RefundState.REFUSED: _("refund refused"),
}
DECISION: Mapping[str, object] = {
    DecisionState.PROPOSED: _("to be decided"),
    DecisionState.APPROVED: _("approved"),
    DecisionState.CARRIED_OUT: _("carried out"),
    DecisionState.REJECTED: _("rejected"),
    DecisionState.WITHDRAWN: _("withdrawn"),
    DecisionState.LAPSED: _("lapsed"),
}
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
}
KINDS: Mapping[str, object] = {
    "settlement": _("settlement"),
    "trial": _("trial"),
    "paymentorder": _("payment order"),
    "refund": _("refund"),
    "decision": _("decision"),
}

LINES: Mapping[str, object] = {"common": _("common line"), "urgent": _("urgent cases")}


def line(name: str) -> str:
    """A line in words; a department's by its code."""
    return str(LINES.get(name, name))


def state(kind: str, name: str) -> str:
    """The state of a row of this kind, in words; as it is where there are none."""
    return str(_BY_KIND.get(kind, {}).get(name, name))


def changed(subject: str, text: str) -> str:
    """Before or after, in a change that staff made to this subject: an action, or a state of it or of a decision."""
    if text in Action.values:
        return str(Action(text).label)
    own = _BY_KIND.get(subject.partition(" ")[0], {})
    return str(own.get(text) or DECISION.get(text, text))


def kind(name: str) -> str:
    return str(KINDS.get(name, name))
