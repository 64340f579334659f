"""The states of what is owed to the insurer, in people's words, and the colours they are shown in."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from hospital.badges import Tone
from insurance.states import (
    DayBookState,
    DecisionState,
    DifferenceState,
    PaymentState,
    RefundState,
    SettlementState,
    TrialState,
)

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
DAY_BOOK: Mapping[str, object] = {
    DayBookState.OPEN: _("to be compared"),
    DayBookState.RECONCILED: _("compared"),
    DayBookState.CLOSED: _("closed"),
}
DIFFERENCE: Mapping[str, object] = {
    DifferenceState.OPEN: _("not resolved"),
    DifferenceState.REMEDIED: _("remedy under way"),
    DifferenceState.RESOLVED: _("resolved"),
}
DECISION: Mapping[str, object] = {
    DecisionState.PROPOSED: _("to be decided"),
    DecisionState.APPROVED: _("approved"),
    DecisionState.CARRIED_OUT: _("carried out"),
    DecisionState.REJECTED: _("rejected"),
    DecisionState.WITHDRAWN: _("withdrawn"),
    DecisionState.LAPSED: _("lapsed"),
}
TONES: Mapping[str, Tone] = {
    SettlementState.COMPLETED: Tone.GOOD,
    SettlementState.UNKNOWN: Tone.DOUBT,
    SettlementState.REVERSING: Tone.DOUBT,
    SettlementState.REFUNDING: Tone.DOUBT,
    SettlementState.MANUAL: Tone.PERSON,
    TrialState.PRICED: Tone.GOOD,
    TrialState.ACCEPTED: Tone.GOOD,
    TrialState.FROZEN: Tone.PERSON,
    TrialState.REFUSED: Tone.PERSON,
    PaymentState.PAID: Tone.GOOD,
    RefundState.DONE: Tone.GOOD,
    DecisionState.PROPOSED: Tone.DOUBT,
    DecisionState.CARRIED_OUT: Tone.GOOD,
    DayBookState.CLOSED: Tone.GOOD,
    DifferenceState.RESOLVED: Tone.GOOD,
}
"""A state of the same name has the same colour, whatever it is a state of. `open` is a payment's as well as a day's."""

CIRCUIT: Mapping[str, object] = {
    "closed": _("calls flow"),
    "open": _("nobody is let through"),
    "half-open": _("one call looks again"),
}
CIRCUIT_TONES: Mapping[str, Tone] = {"closed": Tone.GOOD, "open": Tone.PERSON, "half-open": Tone.DOUBT}
"""Of the circuit, electricity says "closed" when calls flow: nobody at a desk would take it so."""
