"""The self-pay leg: orders, callbacks and refunds, as `collecting.py` and `payment/` have them.

A callback is believed only about money that has come, so one that is late, repeated or out of order is a step that is
always there; one that never comes is a step that is never made, and then the institution is asked.
"""

from collections.abc import Iterator

from insurance.settlement.saga import Event
from insurance.states import PAYMENT_MOVES
from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import CASH, TOTAL, Msg, Rules, Turn, World, record, trouble

CLOSED = ("expired", "cancelled")


def money(world: World, rules: Rules) -> Iterator[Step]:
    """Everything that needs no turn at the insurer."""
    yield from _orders(world, rules)
    yield from _followed(world, rules)
    yield from _refunds(world, rules)
    yield from _the_institution(world)
    yield from _claims(world)


# --- opening, by a worker of its own ----------------------------------------------------------------


def is_collected(world: World) -> bool:
    return world.state is S.INSURED or (world.state is S.WAITING and not world.insurance)


def _orders(world: World, rules: Rules) -> Iterator[Step]:
    if world.turn is None and is_collected(world):
        yield Step("a collector takes it", Who.US, world._replace(turn=Turn(world.state, "order", world.wanted)))
    if world.state is S.PAYING and not world.wanted and world.order == "open":
        closed, _ = close(world, rules)
        yield Step("its order is closed", Who.US, closed)


def order(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """`collecting._order`, one commit or call at a time."""
    if turn.at == "prepared":
        flying = world.flying | {Msg("open", 0)}
        sent = turn._replace(at="order", awaits=Msg("open", 0), replies=frozenset())
        yield Step("the order is sent to the institution", Who.US, world._replace(flying=flying, turn=sent))
    elif not turn.wanted:
        yield from _given_up(world, turn, rules)
    elif world.order == "paid":
        yield from _paid_before(world, turn)
    elif world.cash == 0:
        yield Step("nothing to pay", Who.US, record(world, Event.NOTHING_TO_PAY))
    else:
        prepared = world._replace(order=world.order or "open", turn=turn._replace(at="prepared"))
        yield Step("our side of the order is committed", Who.US, prepared)


def order_heard(world: World, reply: str) -> World:
    if reply == "refused":
        return record(world, Event.REFUSED, linked=True)
    return record(world, Event.ORDERED, linked=True)


def _paid_before(world: World, turn: Turn) -> Iterator[Step]:
    if world.state is S.WAITING:
        yield Step("paid already", Who.US, record(world, Event.ORDERED, linked=True))
    elif world.order_amount > world.cash and not world.difference and not world.rest:
        yield Step("what is too much is owed", Who.US, world._replace(difference="due"))
    else:
        yield Step("paid before", Who.US, record(world, Event.PAID_BEFORE, linked=True))


def _given_up(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    closed, done = close(world, rules) if world.order == "open" else (world, True)
    event = Event.GIVEN_UP if done else Event.SILENCE
    learnt = {"linked": bool(world.order)} if done else {}
    yield Step(f"given up: {event}", Who.US, record(closed, event, **learnt))
    if world.order == "open" and (worse := trouble(closed)):
        forgotten = worse._replace(order="open")
        yield Step("closed there, but no answer", Who.TROUBLE, record(forgotten, Event.SILENCE))


def close(world: World, rules: Rules) -> tuple[World, bool]:
    """`orders.cancel`: an order that is not known there cannot be closed, unless it is opened for that."""
    if not world.their_order:
        if not rules.a_closed_order_was_opened:
            return world, False
        world = world._replace(their_order="open")
    if world.their_order == "open":
        world = world._replace(their_order="cancelled")
    learnt = learn(world, world.their_order)
    return learnt, learnt.order != "open"


def learn(world: World, state: str) -> World:
    """`orders.learn`."""
    if state != "refunded" and state in PAYMENT_MOVES[world.order]:
        return world._replace(order=state)
    return world


# --- following, refunds ------------------------------------------------------------------------------


def _followed(world: World, rules: Rules) -> Iterator[Step]:
    """`collecting.follow`."""
    if world.state is S.PAYING and world.linked and world.order != "open":
        if world.order == "paid":
            yield Step("the money is here", Who.US, record(world, Event.PAID_AHEAD if world.claim else Event.PAID))
        else:
            event = Event.NOT_PAID if world.insurance else Event.ABANDONED
            yield Step(f"{event}", Who.US, record(world, event, wanted=False))
    elif world.state is S.REVERSED and world.linked and world.order == "paid" and rules.late_money_goes_back:
        yield Step("money after the end", Who.US, record(world, Event.PAID))
    elif world.state is S.REFUNDING:
        if world.order == "refunded" or not world.linked:
            yield Step("given back", Who.US, record(world, Event.REFUNDED))
        elif "refused" in (world.difference, world.rest):
            yield Step("the refund was refused", Who.US, record(world, Event.REFUSED))


def _refunds(world: World, rules: Rules) -> Iterator[Step]:
    """`refunds.give_back_due`."""
    for name in ("difference", "rest"):
        if getattr(world, name) != "due":
            continue
        if world.their_order not in ("paid", "refunded"):
            yield Step(f"the refund of the {name} is refused", Who.US, world._replace(**{name: "refused"}))
            continue
        given = _given(world, name, rules)
        yield Step(f"the {name} is given back", Who.US, _recorded(given, name))
        if worse := trouble(given):
            yield Step(f"the {name} is given back, but no answer", Who.TROUBLE, worse)
        if name not in world.given_back and (worse := trouble(world)):
            yield Step(f"the refund of the {name} is refused", Who.TROUBLE, worse._replace(**{name: "refused"}))


def amount(world: World, name: str) -> int:
    return TOTAL - CASH if name == "difference" else world.rest_amount


def _given(world: World, name: str, rules: Rules) -> World:
    if name in world.given_back and rules.refunds_have_numbers:
        return world
    given = world._replace(given_back=(*world.given_back, name))
    return given._replace(their_order="refunded") if given.cash_with_us <= 0 else given


def _recorded(world: World, name: str) -> World:
    world = world._replace(**{name: "done"})
    return world._replace(order="refunded") if world.order == "paid" and world.cash_in_our_books == 0 else world


# --- the institution, and the claim that follows the money -------------------------------------------


def _the_institution(world: World) -> Iterator[Step]:
    if world.order and world.their_order in ("paid", "refunded"):
        yield Step("callback: paid", Who.WORLD, learn(world, "paid"))
    if world.order == "open" and world.their_order:
        yield Step(f"asked about the order: {world.their_order}", Who.US, learn(world, world.their_order))
    if world.their_order == "open":
        yield Step("the time to pay is over", Who.WORLD, world._replace(their_order="expired"))
        if world.state is S.PAYING:
            yield Step("the patient pays", Who.CHANCE, world._replace(their_order="paid"))
    if world.their_order in CLOSED and world.linked and (worse := trouble(world)):
        yield Step("money comes after all", Who.TROUBLE, worse._replace(their_order="paid"))


def _claims(world: World) -> Iterator[Step]:
    """`claims.follow`: the trial that was waited for has a bill, or will never have one."""
    if world.state is S.CLAIMING:
        priced = record(world, Event.PRICED, insurance=True, cash=CASH, stale=False)
        yield Step("the trial is priced", Who.WORLD, priced)
        yield Step("there will be no bill", Who.WORLD, record(world, Event.SELF_PAY))
