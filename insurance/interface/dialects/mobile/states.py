"""The states of an order at the mobile payment centre (`ordStas`), and which may follow which. Source: protocol 3.15.

The numbers and their meanings are the specification's (H t293-307). Which may follow is our reading of them; the centre
is never argued with: a state that may not follow is shown to somebody and not taken over by itself.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class OrderState(StrEnum):
    """`ordStas`. 8 to 11 are partial refunds, 12 and 13 withdrawals, which our sources do not tell apart further."""

    SAVED = "0"
    TRIED = "1"
    SETTLING = "2"
    SELF_PAY_DONE = "3"
    INSURANCE_PAID = "4"
    HOSPITAL_SETTLED = "5"
    COMPLETE = "6"
    REFUNDED = "7"
    PARTLY_REFUNDED_8 = "8"
    PARTLY_REFUNDED_9 = "9"
    PARTLY_REFUNDED_10 = "10"
    PARTLY_REFUNDED_11 = "11"
    WITHDRAWN_12 = "12"
    WITHDRAWN_13 = "13"
    ABNORMAL = "14"
    FAILED = "15"
    CASH_NOT_REVERSED = "16"


_S = OrderState
PARTLY_REFUNDED = frozenset((_S.PARTLY_REFUNDED_8, _S.PARTLY_REFUNDED_9, _S.PARTLY_REFUNDED_10, _S.PARTLY_REFUNDED_11))
WITHDRAWN = frozenset((_S.WITHDRAWN_12, _S.WITHDRAWN_13))
ENDED = frozenset((_S.REFUNDED, _S.FAILED, *WITHDRAWN))
"""Nothing more comes of it, and nobody owes anybody anything."""
IN_DOUBT = frozenset((_S.ABNORMAL, _S.CASH_NOT_REVERSED))
"""A person has to look: with 16 the insurance has failed and the patient's own money is still there."""
PAYS = frozenset((_S.INSURANCE_PAID, _S.HOSPITAL_SETTLED, _S.COMPLETE, *PARTLY_REFUNDED))
"""The fund or the account has paid, and not all of it went back."""


class Means(StrEnum):
    """What a state of an order is to us: whether the insurance has paid, by our reading (docs/mobile.md)."""

    NOTHING = "nothing"
    """Opened, and not priced yet."""
    PRICED = "priced"
    UNDER_WAY = "under way"
    STANDS = "stands"
    TAKEN_BACK = "taken back"
    OVER = "over"
    """Nothing came of it, and nothing will."""
    IN_DOUBT = "in doubt"
    """Asked about again, and shown to a person when that is exhausted."""


MEANS: Mapping[OrderState, Means] = MappingProxyType(
    {
        _S.SAVED: Means.NOTHING,
        _S.TRIED: Means.PRICED,
        _S.SETTLING: Means.UNDER_WAY,
        _S.SELF_PAY_DONE: Means.UNDER_WAY,
        _S.INSURANCE_PAID: Means.STANDS,
        _S.HOSPITAL_SETTLED: Means.STANDS,
        _S.COMPLETE: Means.STANDS,
        _S.REFUNDED: Means.TAKEN_BACK,
        **dict.fromkeys(PARTLY_REFUNDED, Means.IN_DOUBT),
        **dict.fromkeys(WITHDRAWN, Means.OVER),
        _S.ABNORMAL: Means.IN_DOUBT,
        _S.FAILED: Means.OVER,
        _S.CASH_NOT_REVERSED: Means.IN_DOUBT,
    }
)

FOLLOWS: Mapping[OrderState, frozenset[OrderState]] = MappingProxyType(
    {
        _S.SAVED: frozenset((_S.TRIED, *WITHDRAWN, _S.ABNORMAL, _S.FAILED)),
        _S.TRIED: frozenset((_S.SETTLING, *WITHDRAWN, _S.ABNORMAL, _S.FAILED)),
        _S.SETTLING: frozenset((_S.SELF_PAY_DONE, _S.INSURANCE_PAID, *IN_DOUBT, _S.FAILED)),
        _S.SELF_PAY_DONE: frozenset((_S.INSURANCE_PAID, *IN_DOUBT, _S.FAILED)),
        _S.INSURANCE_PAID: frozenset((_S.HOSPITAL_SETTLED, _S.REFUNDED, *IN_DOUBT)),
        _S.HOSPITAL_SETTLED: frozenset((_S.COMPLETE, _S.REFUNDED, *PARTLY_REFUNDED, *IN_DOUBT)),
        _S.COMPLETE: frozenset((_S.REFUNDED, *PARTLY_REFUNDED, _S.ABNORMAL)),
        **{each: frozenset((_S.REFUNDED, *PARTLY_REFUNDED - {each}, _S.ABNORMAL)) for each in PARTLY_REFUNDED},
        _S.ABNORMAL: frozenset((_S.INSURANCE_PAID, _S.COMPLETE, *ENDED, _S.CASH_NOT_REVERSED)),
        _S.CASH_NOT_REVERSED: frozenset((_S.REFUNDED, _S.FAILED)),
        **dict.fromkeys(ENDED, frozenset()),
    }
)


def may_become(now: OrderState, then: OrderState) -> bool:
    """Whether `then` may be heard after `now`, at once or with states in between that nobody told us of.

    What is heard again, or late and out of turn, may not: it says nothing new. Nor is a way through a state that a
    person has to clear up first taken for granted.
    """
    reached: set[OrderState] = set()
    edge = set(FOLLOWS[now])
    while edge:
        reached |= edge
        edge = {after for each in edge for after in _onward(each)} - reached
    return then in reached and then != now


def _onward(state: OrderState) -> frozenset[OrderState]:
    return frozenset() if state in IN_DOUBT else FOLLOWS[state]
