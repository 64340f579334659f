"""The settlement saga, pure: (state, what happened) → next state. No Django, no clock, no wire.

Two legs: the insurer (2207A) first, then the self-pay part at the payment institution, then the insurance network is
told. What happened is named by what it means for us; silence is never failure (design 2, rule 4).
"""

from collections.abc import Mapping
from enum import StrEnum

from insurance.states import SettlementState as S


class Event(StrEnum):
    """What can happen to a settlement."""

    SETTLED = "settled"  # the insurer has settled, a self-pay part is left
    SETTLED_IN_FULL = "settled in full"  # the insurer has settled, nothing is left to pay
    SETTLED_OTHERWISE = "settled otherwise"  # the insurer has settled other amounts than were agreed on
    REFUSED = "refused"  # the other side said no and carried nothing out
    NOT_CARRIED_OUT = "not carried out"  # not sent, or throttled: as if it had not been tried
    SILENCE = "silence"  # it may have been carried out
    ORDERED = "ordered"  # the payment order is open
    NOTHING_TO_PAY = "nothing to pay"
    PAID = "paid"
    NOT_PAID = "not paid"  # expired or cancelled, and the insurer has settled
    ABANDONED = "abandoned"  # expired or cancelled, and nothing was settled
    TOLD = "told"  # the network knows, and says the same
    CONTRADICTED = "contradicted"  # the other side says something else than we know
    REVERSED = "reversed"


NEXT: Mapping[tuple[S, Event], S] = {
    # self-pay alone: nothing goes to the insurer before it is paid
    (S.WAITING, Event.ORDERED): S.PAYING,
    (S.WAITING, Event.NOTHING_TO_PAY): S.PAID,
    (S.WAITING, Event.REFUSED): S.MANUAL,
    (S.WAITING, Event.SILENCE): S.WAITING,  # opening an order is safe to repeat: it is known by our number
    # the insurer's leg
    (S.CALLING, Event.SETTLED): S.INSURED,
    (S.CALLING, Event.SETTLED_IN_FULL): S.PAID,
    (S.CALLING, Event.SETTLED_OTHERWISE): S.MANUAL,
    (S.CALLING, Event.REFUSED): S.REFUSED,
    (S.CALLING, Event.NOT_CARRIED_OUT): S.WAITING,
    (S.CALLING, Event.SILENCE): S.UNKNOWN,
    # the self-pay leg
    (S.INSURED, Event.ORDERED): S.PAYING,
    (S.INSURED, Event.REFUSED): S.MANUAL,
    (S.INSURED, Event.SILENCE): S.INSURED,
    (S.PAYING, Event.PAID): S.PAID,
    (S.PAYING, Event.NOT_PAID): S.REVERSING,
    (S.PAYING, Event.ABANDONED): S.REVERSED,
    # telling the network
    (S.CONFIRMING, Event.TOLD): S.COMPLETED,
    (S.CONFIRMING, Event.NOT_CARRIED_OUT): S.CONFIRMING,
    (S.CONFIRMING, Event.SILENCE): S.CONFIRMING,
    (S.CONFIRMING, Event.REFUSED): S.MANUAL,
    (S.CONFIRMING, Event.CONTRADICTED): S.MANUAL,
    # undoing the insurer's leg
    (S.REVERSING, Event.REVERSED): S.REVERSED,
    (S.REVERSING, Event.NOT_CARRIED_OUT): S.REVERSING,
    (S.REVERSING, Event.SILENCE): S.MANUAL,
    (S.REVERSING, Event.REFUSED): S.MANUAL,
    # money that comes after the end
    (S.REVERSING, Event.PAID): S.MANUAL,
    (S.REVERSED, Event.PAID): S.MANUAL,
}


def next_state(state: S | str, event: Event) -> S:
    """Where a settlement goes from here. Raises `KeyError` for a pair that cannot happen."""
    return NEXT[S(state), event]
