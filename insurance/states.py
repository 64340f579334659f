"""What is owed to the insurer, as states and the moves allowed between them. Data only; drawn in `docs/states.md`."""

from collections.abc import Mapping
from enum import StrEnum


class TrialState(StrEnum):
    WAITING = "waiting"
    CALLING = "calling"
    PRICED = "priced"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    FROZEN = "frozen"


class SettlementState(StrEnum):
    WAITING = "waiting"
    CALLING = "calling"
    INSURED = "insured"
    PAYING = "paying"
    CLAIMING = "claiming"
    PAID = "paid"
    CONFIRMING = "confirming"
    COMPLETED = "completed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    REVERSING = "reversing"
    REFUNDING = "refunding"
    REVERSED = "reversed"
    MANUAL = "manual"


class WithdrawalState(StrEnum):
    KEPT = "kept"
    DUE = "due"
    DONE = "done"


class PaymentState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class RefundState(StrEnum):
    DUE = "due"
    DONE = "done"
    REFUSED = "refused"


class DayBookState(StrEnum):
    OPEN = "open"
    RECONCILED = "reconciled"
    CLOSED = "closed"


class DifferenceState(StrEnum):
    OPEN = "open"
    REMEDIED = "remedied"
    RESOLVED = "resolved"


class DecisionState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    CARRIED_OUT = "carried_out"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class AlertState(StrEnum):
    DUE = "due"
    SENT = "sent"


Moves = Mapping[str, frozenset[str]]

_T, _S, _P, _R = TrialState, SettlementState, PaymentState, RefundState
_D, _A, _W = DecisionState, AlertState, WithdrawalState
_B, _G = DayBookState, DifferenceState

TRIAL_MOVES: Moves = {
    _T.WAITING: frozenset({_T.CALLING, _T.CANCELLED}),
    _T.CALLING: frozenset({_T.WAITING, _T.PRICED, _T.REFUSED, _T.FROZEN, _T.CANCELLED}),
    _T.PRICED: frozenset({_T.ACCEPTED, _T.EXPIRED, _T.SUPERSEDED, _T.CANCELLED}),
    _T.ACCEPTED: frozenset({_T.EXPIRED}),
    _T.FROZEN: frozenset({_T.WAITING, _T.CANCELLED}),
    _T.REFUSED: frozenset({_T.ACCEPTED}),  # by self-pay
    _T.EXPIRED: frozenset(),
    _T.SUPERSEDED: frozenset(),
    _T.CANCELLED: frozenset(),
}

SETTLEMENT_MOVES: Moves = {
    _S.WAITING: frozenset({_S.CALLING, _S.WAITING, _S.PAYING, _S.PAID, _S.MANUAL, _S.REVERSED}),
    _S.CALLING: frozenset(
        {_S.WAITING, _S.INSURED, _S.PAID, _S.REFUSED, _S.UNKNOWN, _S.REVERSED, _S.CLAIMING, _S.MANUAL}
    ),
    _S.UNKNOWN: frozenset({_S.UNKNOWN, _S.INSURED, _S.PAID, _S.REVERSING, _S.MANUAL}),
    _S.INSURED: frozenset({_S.INSURED, _S.PAYING, _S.PAID, _S.REVERSING, _S.MANUAL}),
    _S.PAYING: frozenset({_S.PAID, _S.CLAIMING, _S.REVERSING, _S.REVERSED, _S.MANUAL}),
    _S.CLAIMING: frozenset({_S.WAITING, _S.PAID}),
    _S.PAID: frozenset({_S.CONFIRMING}),
    _S.CONFIRMING: frozenset({_S.CONFIRMING, _S.COMPLETED, _S.REVERSED, _S.REFUNDING, _S.PAID, _S.MANUAL}),
    _S.REVERSING: frozenset({_S.REVERSING, _S.REVERSED, _S.REFUNDING, _S.WAITING, _S.PAID, _S.MANUAL}),
    _S.REFUNDING: frozenset({_S.REVERSED, _S.MANUAL}),
    _S.REVERSED: frozenset({_S.REFUNDING}),  # money that comes after the end goes back
    _S.COMPLETED: frozenset({_S.REVERSING}),  # by a person only
    _S.REFUSED: frozenset(),
    _S.MANUAL: frozenset({_S.UNKNOWN, _S.CONFIRMING, _S.REVERSING, _S.REFUNDING, _S.COMPLETED, _S.REVERSED}),
}

WITHDRAWAL_MOVES: Moves = {
    _W.KEPT: frozenset({_W.DUE, _W.DONE}),
    _W.DUE: frozenset({_W.DUE, _W.DONE}),
    _W.DONE: frozenset(),
}

PAYMENT_MOVES: Moves = {
    _P.OPEN: frozenset({_P.PAID, _P.EXPIRED, _P.CANCELLED}),
    _P.PAID: frozenset({_P.REFUNDED}),
    _P.EXPIRED: frozenset({_P.PAID}),  # a payment may be late; it is never denied
    _P.CANCELLED: frozenset({_P.PAID}),
    _P.REFUNDED: frozenset(),
}

REFUND_MOVES: Moves = {
    _R.DUE: frozenset({_R.DUE, _R.DONE, _R.REFUSED}),
    _R.DONE: frozenset(),
    _R.REFUSED: frozenset({_R.DUE, _R.DONE}),  # a person has it tried again, or has seen it given back in another way
}

DECISION_MOVES: Moves = {
    _D.PROPOSED: frozenset({_D.APPROVED, _D.REJECTED, _D.WITHDRAWN, _D.LAPSED}),
    _D.APPROVED: frozenset({_D.CARRIED_OUT}),
    _D.CARRIED_OUT: frozenset(),
    _D.REJECTED: frozenset(),
    _D.WITHDRAWN: frozenset(),
    _D.LAPSED: frozenset(),
}

ALERT_MOVES: Moves = {
    _A.DUE: frozenset({_A.DUE, _A.SENT}),
    _A.SENT: frozenset(),
}

DAY_BOOK_MOVES: Moves = {
    _B.OPEN: frozenset({_B.OPEN, _B.RECONCILED}),
    _B.RECONCILED: frozenset({_B.OPEN, _B.CLOSED}),
    _B.CLOSED: frozenset(),
}

DIFFERENCE_MOVES: Moves = {
    _G.OPEN: frozenset({_G.REMEDIED, _G.RESOLVED}),
    _G.REMEDIED: frozenset({_G.OPEN, _G.RESOLVED}),
    _G.RESOLVED: frozenset({_G.OPEN}),  # it was gone, and is there again
}
