"""The small world that is walked: one settlement, its worker, the insurer, the payment institution.

What is ours is a row, and is changed as `recording.record` does, by the real table. Settlements at the insurer are
numbered in the order in which they came to stand; messages that ask for one are numbered in the order of sending.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from insurance.settlement import saga
from insurance.settlement.saga import Event, Impossible
from insurance.states import SETTLEMENT_MOVES
from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import NoWayOut

PLAN = 2
"""So often is asked, undone or told by the plan."""

MOST_TRIES = 2
"""So many messages may ask for a settlement."""

TOTAL, CASH = 3, 2
"""Of the whole bill the patient owes a part. With a claim that follows the money, the whole was paid before."""

BY_PLAN = (S.UNKNOWN, S.REVERSING, S.CONFIRMING)
SETTLED, UNDONE = "settled", "undone"


@dataclass(frozen=True)
class Rules:
    """The rules that are not in the table. All of them are the code's; a negative control switches one off."""

    silence_is_unknown: bool = True
    a_dead_turn_is_unknown: bool = True
    written_before_sent: bool = True
    never_sent_after_a_freeze: bool = True
    the_clock_is_watched: bool = True
    absent_only_when_none_may_arrive: bool = True
    found_only_when_no_undoing_may_arrive: bool = True
    undoing_looks_again: bool = True
    undone_only_when_none_may_arrive: bool = True
    told_only_when_no_copy_may_arrive: bool = True
    told_only_when_no_undoing_may_arrive: bool = True
    told_only_when_alone: bool = True
    taken_back_only_when_none_stands: bool = True
    a_refusal_is_looked_at: bool = True
    late_money_goes_back: bool = True
    refunds_have_numbers: bool = True
    a_closed_order_was_opened: bool = True
    books_follow_what_stands: bool = True


@dataclass(frozen=True)
class Others:
    """What kind of centre it is, and of network: `mixed_answers`: of two copies of a message one is carried out, the
    other refused, and only the refusal is heard."""

    refuses_doubles: bool = False
    mixed_answers: bool = False


class Msg(NamedTuple):
    """A message that may still arrive: `settle` by our number, `cancel` by the insurer's, `reverse` by ours."""

    kind: str
    key: int


class Stands(NamedTuple):
    """A settlement at the insurer, made by our message `by`."""

    by: int
    live: bool = True


class Turn(NamedTuple):
    """A worker at work: in which state it took the row, how far it is, what it has seen, and heard so far."""

    state: S
    at: str
    wanted: bool = True
    left: tuple[int, ...] = ()
    """Settlements at the insurer that it still has to take back."""
    awaits: Msg | None = None
    replies: frozenset[str] = frozenset()
    booked: frozenset[tuple[str, int]] = frozenset()
    event: Event | None = None
    setl: int | None = None


class World(NamedTuple):
    """Everything. `calls` are the outcomes of our messages that ask for the settlement: written, answered, not sent."""

    state: S = S.WAITING
    insurance: bool = True
    wanted: bool = True
    stale: bool = False
    claim: bool = False
    cash: int = CASH
    setl: int = 0
    asked: int = 0
    calls: tuple[str, ...] = ()
    linked: bool = False
    order: str = ""
    difference: str = ""
    rest: str = ""
    books: frozenset[tuple[str, int]] = frozenset()
    """The ledger, of the insurer's leg."""
    turn: Turn | None = None
    # the other sides
    insurer: tuple[Stands, ...] = ()
    reported: bool = False
    flying: frozenset[Msg] = frozenset()
    """What may really still arrive."""
    silent: frozenset[Msg] = frozenset()
    """What we must believe that it may still arrive: sent, nothing heard, the settling time not over."""
    frozen: Msg | None = None
    """What a worker that stands still will send when it wakes."""
    their_order: str = ""
    given_back: tuple[str, ...] = ()
    # what may still happen
    troubles: int = 0
    staff: int = 0
    decided: bool = False
    """Somebody at the desk has decided."""

    @property
    def live(self) -> tuple[int, ...]:
        return tuple(number for number, one in enumerate(self.insurer, 1) if one.live)

    @property
    def order_amount(self) -> int:
        return TOTAL if self.claim else CASH

    @property
    def owed(self) -> int:
        """How much of what was paid goes back or went back."""
        return (TOTAL - CASH if self.difference else 0) + (self.rest_amount if self.rest else 0)

    @property
    def rest_amount(self) -> int:
        return self.order_amount - (TOTAL - CASH if self.difference else 0)

    @property
    def cash_with_us(self) -> int:
        """As the institution has it."""
        came = self.order_amount if self.their_order in ("paid", "refunded") else 0
        return came - sum(TOTAL - CASH if name == "difference" else self.rest_amount for name in self.given_back)

    @property
    def cash_in_our_books(self) -> int:
        came = self.order_amount if self.order in ("paid", "refunded") else 0
        back = (TOTAL - CASH if self.difference == "done" else 0) + (self.rest_amount if self.rest == "done" else 0)
        return came - back


def record(world: World, event: Event, turn: Turn | None = None, **learnt: object) -> World:
    """What `recording.record` does: the plan, the table, the fields, the ledger, and what follows."""
    if world.state in BY_PLAN and event in (Event.SILENCE, Event.UNCLEAR) and world.asked + 1 >= PLAN:
        event = Event.EXHAUSTED
    elif not learnt.get("wanted", world.wanted):
        event = saga.when_given_up(world.state, event, insured=world.insurance)
    try:
        to = saga.next_state(world.state, event)
    except Impossible as error:
        raise NoWayOut(str(error)) from error
    if to not in SETTLEMENT_MOVES[world.state]:
        raise NoWayOut(f"forbidden: {world.state} -> {to}")
    books = world.books | (turn.booked if turn else frozenset())
    changed = world._replace(**learnt, books=books, turn=None)  # type: ignore[arg-type]
    if to == world.state:
        return changed._replace(asked=world.asked + (world.state in BY_PLAN and event is not Event.NOT_CARRIED_OUT))
    return _followed(changed._replace(state=to, asked=0), event)


def _followed(world: World, event: Event) -> World:
    if event in (Event.SELF_PAY, Event.CLAIM_ANEW):
        world = world._replace(insurance=False, cash=world.order_amount)
    if event is Event.AGAIN:
        world = world._replace(setl=0)
    if event is Event.UNDO:
        world = world._replace(wanted=False)
    if event is Event.VOID:
        held = {(UNDONE, number) for kind, number in world.books if kind == SETTLED}
        world = world._replace(books=world.books | held)
    if world.state is S.REFUNDING and world.linked:
        world = owe_rest(world)
    return world


def owe_rest(world: World) -> World:
    """What is still with us goes back; what was refused is tried again."""
    world = world._replace(difference="due") if world.difference == "refused" else world
    if world.rest == "refused" or (not world.rest and world.rest_amount > 0):
        world = world._replace(rest="due")
    return world


def trouble(world: World) -> World | None:
    """The world with one trouble less to come; None when there were enough."""
    return world._replace(troubles=world.troubles - 1) if world.troubles else None


def may_still_arrive(world: World, *kinds: str) -> bool:
    """As `standing.may_still_arrive`."""
    return any(one.kind in kinds for one in world.silent)


def without(messages: Iterable[Msg], message: Msg) -> frozenset[Msg]:
    return frozenset(messages) - {message}
