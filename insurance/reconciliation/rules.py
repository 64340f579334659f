"""The words of a reconciliation, and which remedy each kind of difference has. Data only; told in
`docs/reconciliation.md`, and a test keeps the two equal.

Safe enough to be done by itself is only what undoes nothing that a patient relies on and sends no money: to take back
at the insurer what was never to stand, to let the settlement's own recovery take its turn now, and to ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Whose books ours are compared with."""

    INSURER = "insurer"
    PAYMENTS = "payments"
    OURS = "ours"  # the ledger with what our settlements say


class Movement(StrEnum):
    """What stands in a book. The first four are the kinds of the ledger."""

    SETTLED = "settled"
    UNDONE = "undone"
    PAID = "paid"
    REFUNDED = "refunded"
    STANDING = "standing"  # the sums of one settlement in the ledger, beside its state
    TOTAL = "total"  # the sums of one insurance, clearing type and office


SIDE: Mapping[Movement, Side] = {
    Movement.SETTLED: Side.INSURER,
    Movement.UNDONE: Side.INSURER,
    Movement.TOTAL: Side.INSURER,
    Movement.PAID: Side.PAYMENTS,
    Movement.REFUNDED: Side.PAYMENTS,
    Movement.STANDING: Side.OURS,
}


class Class(StrEnum):
    """How two books differ."""

    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    AMOUNT = "amount"
    STATE = "state"  # the same amounts, and another thing that is told of it
    TIME_SHIFT = "time_shift"  # in both, on different days


class Says(StrEnum):
    """What our own row says of something that stands in their book."""

    NOTHING = "nothing"  # we know no such message, order or refund
    UNDER_WAY = "under way"  # it is still being settled, undone, paid or given back
    NOT_PAID = "not paid"  # the order is open, expired or cancelled
    WITHOUT_EFFECT = "without effect"  # it has ended so that nothing of it is to stand
    ANOTHER = "another counts"  # another message of the same settlement is the one that is relied on
    COUNTS = "counts"  # this is the one that is relied on
    PERSON = "before a person"


class Remedy(StrEnum):
    """What is done about a difference."""

    REVERSE = "reverse"  # 2601 by the message that made it
    TAKE_BACK = "take back"  # 2208 by number, of what stands beside the one that is relied on
    GO_ON = "go on"  # its own recovery takes its turn now
    LEARN = "learn"  # the order is asked about, and what it has become is recorded
    ASK = "ask"  # reading only: what it shows stands in the evidence, and mostly a person decides then
    NOTE = "note"  # nothing: it closes itself when the other day shows it
    STAFF = "staff"  # waits for a person


BY_ITSELF = frozenset({Remedy.REVERSE, Remedy.TAKE_BACK, Remedy.GO_ON, Remedy.LEARN, Remedy.ASK})

_SETTLED, _UNDONE = frozenset({Movement.SETTLED}), frozenset({Movement.UNDONE})
_PAID, _REFUNDED = frozenset({Movement.PAID}), frozenset({Movement.REFUNDED})
_ALL = _SETTLED | _UNDONE | _PAID | _REFUNDED
_NOT_TO_STAND = frozenset({Says.WITHOUT_EFFECT, Says.ANOTHER})
_WHATEVER = frozenset(Says)


@dataclass(frozen=True, slots=True)
class Rule:
    """Differences of this class, of these movements, of which our row says one of these."""

    classed: Class
    movements: frozenset[Movement]
    says: frozenset[Says]
    remedy: Remedy


RULES = (
    Rule(Class.ONLY_THEIRS, _SETTLED, _NOT_TO_STAND, Remedy.REVERSE),
    Rule(Class.ONLY_THEIRS, _SETTLED, frozenset({Says.COUNTS}), Remedy.TAKE_BACK),
    Rule(Class.ONLY_THEIRS, _SETTLED | _UNDONE, frozenset({Says.UNDER_WAY}), Remedy.GO_ON),
    Rule(Class.ONLY_THEIRS, _UNDONE, _NOT_TO_STAND, Remedy.ASK),
    Rule(Class.ONLY_THEIRS, _PAID, frozenset({Says.NOT_PAID}), Remedy.LEARN),
    Rule(Class.ONLY_THEIRS, _REFUNDED, frozenset({Says.UNDER_WAY}), Remedy.GO_ON),
    Rule(Class.ONLY_OURS, _ALL, _WHATEVER, Remedy.ASK),
    Rule(Class.TIME_SHIFT, _ALL, _WHATEVER, Remedy.NOTE),
)


def remedy_of(classed: Class, movement: Movement, says: Says) -> Remedy:
    """The first rule that fits; what is in no rule waits for staff."""
    for rule in RULES:
        if rule.classed == classed and movement in rule.movements and says in rule.says:
            return rule.remedy
    return Remedy.STAFF
