"""The settlement saga, pure: (state, what happened) → next state. No Django, no clock, no wire.

Two legs: the insurer (2207A) first, then the self-pay part at the payment institution, then the insurance network is
told. What happened is named by what it means for us. Silence is never failure (design 2, rule 4): it leads to a
question, the question to an answer or, in the end, to a person. Whoever decides to undo goes through with it: once a
reversal has left, nobody believes any more that the settlement stands.
"""

from collections.abc import Mapping
from enum import StrEnum

from insurance.states import SettlementState as S


class Impossible(Exception):
    """This cannot happen to a settlement in that state: a defect in the caller."""


class Event(StrEnum):
    """What can happen to a settlement."""

    # the insurer's leg
    SETTLED = "settled"  # the insurer has settled, and money is still to be collected or given back
    SETTLED_IN_FULL = "settled in full"  # the insurer has settled, nothing is left to pay
    SETTLED_OTHERWISE = "settled otherwise"  # the insurer speaks of other amounts than were agreed on
    STALE = "stale"  # what was agreed on has changed or is no longer valid: nothing was sent
    CLAIM_ANEW = "claim anew"  # the same of a claim: everything is paid, another bill is waited for
    UNWANTED = "unwanted"  # the insurer has settled what the patient has given up meanwhile
    ABSENT = "absent"  # the insurer shows nothing of it, and nothing that was sent can still arrive
    # any call
    REFUSED = "refused"  # the other side said no and carried nothing out
    NOT_CARRIED_OUT = "not carried out"  # not sent, or throttled: as if it had not been tried
    NOT_WRITABLE = "not writable"  # our own data or settings do not fit the wire: nothing was sent, nobody has refused
    SILENCE = "silence"  # it may have been carried out
    UNCLEAR = "unclear"  # an answer that does not decide yet
    EXHAUSTED = "exhausted"  # asked as often as the plan says, and still not known
    # the self-pay leg
    ORDERED = "ordered"  # the payment order is open
    NOTHING_TO_PAY = "nothing to pay"
    PAID = "paid"
    PAID_BEFORE = "paid before"  # it was collected before the insurer settled; what is too much is given back
    PAID_AHEAD = "paid ahead"  # paid now, to be claimed from the insurer later
    NOT_PAID = "not paid"  # expired, cancelled or given up, and the insurer has settled
    ABANDONED = "abandoned"  # expired, cancelled or given up, and nothing was settled
    GIVEN_UP = "given up"  # the patient does not want it any more
    REFUNDED = "refunded"
    # a claim that follows the money
    PRICED = "priced"  # the trial that was waited for is there
    SELF_PAY = "self-pay"  # insurance does not come into it any more: what was paid stands
    # telling the network
    TOLD = "told"  # the network knows, and says the same
    CONTRADICTED = "contradicted"  # the other side says something else than we know
    # undoing the insurer's leg: nothing of it stands, and the insurer has confirmed that
    UNDONE = "undone"
    UNDONE_PAID = "undone, paid"  # and there is money to give back
    AGAIN = "again"  # and it is to be settled once more
    # a person decides
    ASK = "ask"
    TELL = "tell"
    UNDO = "undo"
    REFUND = "refund"
    COMPLETE = "complete"  # with evidence: everything is done
    VOID = "void"  # with evidence: nothing of it stands


STAFF = frozenset({Event.ASK, Event.TELL, Event.UNDO, Event.REFUND, Event.COMPLETE, Event.VOID})
"""What only a person can make happen, with a reason (`desk`)."""

_TRIED_AGAIN = (Event.NOT_CARRIED_OUT, Event.SILENCE, Event.UNCLEAR)

AFTER: Mapping[S, Mapping[Event, S]] = {
    S.WAITING: {
        # for its turn at the insurer, or, when it is self-pay, for the order: opening one is safe to repeat
        Event.ORDERED: S.PAYING,
        Event.NOTHING_TO_PAY: S.PAID,
        Event.REFUSED: S.MANUAL,
        Event.SILENCE: S.WAITING,
        Event.GIVEN_UP: S.REVERSED,
        Event.SELF_PAY: S.PAID,
    },
    S.CALLING: {
        Event.SETTLED: S.INSURED,
        Event.SETTLED_IN_FULL: S.PAID,
        Event.SETTLED_OTHERWISE: S.UNKNOWN,
        Event.REFUSED: S.REFUSED,
        Event.SELF_PAY: S.PAID,
        Event.STALE: S.REVERSED,
        Event.CLAIM_ANEW: S.CLAIMING,
        Event.NOT_WRITABLE: S.MANUAL,
        Event.NOT_CARRIED_OUT: S.WAITING,
        Event.SILENCE: S.UNKNOWN,
    },
    S.UNKNOWN: {
        Event.SETTLED: S.INSURED,
        Event.SETTLED_IN_FULL: S.PAID,
        Event.SETTLED_OTHERWISE: S.MANUAL,
        Event.UNWANTED: S.REVERSING,
        Event.ABSENT: S.REVERSING,
        **dict.fromkeys(_TRIED_AGAIN, S.UNKNOWN),
        Event.EXHAUSTED: S.MANUAL,
        Event.UNDO: S.REVERSING,
    },
    S.INSURED: {
        Event.ORDERED: S.PAYING,
        Event.PAID_BEFORE: S.PAID,
        Event.REFUSED: S.MANUAL,
        Event.SILENCE: S.INSURED,
        Event.GIVEN_UP: S.REVERSING,
    },
    S.PAYING: {
        Event.PAID: S.PAID,
        Event.PAID_AHEAD: S.CLAIMING,
        Event.NOT_PAID: S.REVERSING,
        Event.REFUSED: S.MANUAL,  # the institution does not know the order, or speaks of another amount
        Event.ABANDONED: S.REVERSED,
    },
    S.CLAIMING: {
        Event.PRICED: S.WAITING,
        Event.SELF_PAY: S.PAID,
    },
    S.PAID: {},  # its turn of the recovery lane makes it CONFIRMING
    S.CONFIRMING: {
        Event.TOLD: S.COMPLETED,
        Event.REFUSED: S.MANUAL,
        Event.NOT_WRITABLE: S.MANUAL,
        Event.CONTRADICTED: S.MANUAL,
        Event.UNDONE: S.REVERSED,  # the insurer says that it was taken back there
        Event.UNDONE_PAID: S.REFUNDING,
        Event.SELF_PAY: S.PAID,
        **dict.fromkeys(_TRIED_AGAIN, S.CONFIRMING),
        Event.EXHAUSTED: S.MANUAL,
    },
    S.REVERSING: {
        Event.UNDONE: S.REVERSED,
        Event.UNDONE_PAID: S.REFUNDING,
        Event.AGAIN: S.WAITING,
        Event.SELF_PAY: S.PAID,
        **dict.fromkeys(_TRIED_AGAIN, S.REVERSING),
        Event.EXHAUSTED: S.MANUAL,
    },
    S.REFUNDING: {
        Event.REFUNDED: S.REVERSED,
        Event.REFUSED: S.MANUAL,
    },
    S.REVERSED: {Event.PAID: S.REFUNDING},  # money that comes after the end goes back
    S.REFUSED: {},
    S.COMPLETED: {Event.UNDO: S.REVERSING},
    S.MANUAL: {
        Event.ASK: S.UNKNOWN,
        Event.TELL: S.CONFIRMING,
        Event.UNDO: S.REVERSING,
        Event.REFUND: S.REFUNDING,
        Event.COMPLETE: S.COMPLETED,
        Event.VOID: S.REVERSED,
    },
}
"""Every pair: what is not here cannot happen. Drawn in `docs/settlement.md`; a test keeps the two equal."""

TURNS: Mapping[S, S] = {
    S.WAITING: S.CALLING,
    S.UNKNOWN: S.UNKNOWN,
    S.PAID: S.CONFIRMING,
    S.CONFIRMING: S.CONFIRMING,
    S.REVERSING: S.REVERSING,
}
"""States that wait for a turn at the insurer, and the state in which it is taken."""


def next_state(state: S | str, event: Event) -> S:
    """Where a settlement goes from here. Raises `Impossible`."""
    follows = AFTER[S(state)].get(event)
    if follows is None:
        raise Impossible(f"{event} cannot happen to a settlement that is {state}")
    return follows


_WHEN_GIVEN_UP = {
    Event.SETTLED_IN_FULL: Event.SETTLED,
    Event.NOTHING_TO_PAY: Event.GIVEN_UP,
    Event.PAID_BEFORE: Event.GIVEN_UP,
}


def when_given_up(state: S | str, event: Event, *, insured: bool) -> Event:
    """What an event means where the patient has given the settlement up meanwhile: it does not go on to PAID, and money
    that came all the same goes back. `insured`: the insurer has settled."""
    if state == S.PAYING and event in (Event.PAID, Event.PAID_AHEAD):
        return Event.NOT_PAID if insured else Event.ABANDONED
    return _WHEN_GIVEN_UP.get(event, event)


def after_undoing(*, paid: bool, kept: bool, again: bool) -> Event:
    """What follows when nothing stands at the insurer any more. `again`: the patient still wants it, the bill is still
    valid and it was not tried too often. `kept`: all of it was paid before the claim, and stays as self-pay; other
    money goes back."""
    if again:
        return Event.AGAIN
    if kept:
        return Event.SELF_PAY
    return Event.UNDONE_PAID if paid else Event.UNDONE
