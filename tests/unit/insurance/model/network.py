"""What becomes of messages: each arrives, or never does, or arrives twice; its answer is heard, or lost, or late.

Time: whatever was sent has arrived or is gone when the settling time is over.
"""

from collections.abc import Iterator

from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import Msg, Others, Rules, Stands, World, trouble, without


def messages(world: World, rules: Rules, others: Others) -> Iterator[Step]:
    """What may happen to each message under way, and the time that passes."""
    for one in sorted(world.flying):
        arrived = carried_out(world, one, others)
        yield Step(f"{_name(one)} arrives", Who.WORLD, arrived._replace(flying=without(arrived.flying, one)))
        yield from _lost(world, one)
        if worse := trouble(world):
            twice = carried_out(worse, one, others)
            yield Step(f"{_name(one)} arrives, and a copy is still under way", Who.TROUBLE, twice)
        yield from _not_done(world, one, others)
    if world.frozen is not None:
        woken = world._replace(flying=world.flying | {world.frozen}, frozen=None)
        yield Step("the frozen worker wakes and sends", Who.WORLD, woken)
    if world.state in (S.PAID, S.CONFIRMING) and world.turn is None and (worse := trouble(world)):
        for number in world.live:
            yield Step(f"the centre takes settlement {number} back", Who.TROUBLE, _undone(worse, number))
    yield from _time(world, rules)


def _lost(world: World, one: Msg) -> Iterator[Step]:
    awaited = _awaits(world, one)
    lost = trouble(world) if awaited else world
    if lost:
        gone = lost._replace(flying=without(world.flying, one))
        yield Step(f"{_name(one)} never arrives", Who.TROUBLE if awaited else Who.WORLD, gone)


def _not_done(world: World, one: Msg, others: Others) -> Iterator[Step]:
    """Refused, or too much a minute. As a rule all copies of a message get the same answer."""
    heard_of_another = world.turn is not None and _awaits(world, one) and world.turn.replies
    worse = trouble(world)
    if worse is None or (heard_of_another and not others.mixed_answers):
        return
    throttled = one.kind == "settle" and not heard_of_another
    for reply in ("refused", "throttled") if throttled else ("refused",):
        answered = _answered(worse, one, reply)
        yield Step(f"{_name(one)} is {reply}", Who.TROUBLE, answered._replace(flying=without(answered.flying, one)))


def _time(world: World, rules: Rules) -> Iterator[Step]:
    for one in sorted(world.silent - world.flying):
        if not _awaits(world, one) and not _is_about_to_be_sent(world, one):
            over = world._replace(silent=without(world.silent, one))
            yield Step(f"the settling time of {_name(one)} is over", Who.WORLD, over)
    if not rules.the_clock_is_watched and world.silent and (worse := trouble(world)):
        yield Step("the clock is set forward", Who.TROUBLE, worse._replace(silent=frozenset()))


def _awaits(world: World, one: Msg) -> bool:
    return world.turn is not None and world.turn.awaits == one


def _is_about_to_be_sent(world: World, one: Msg) -> bool:
    return world.turn is not None and world.turn.at == "written" and one == Msg("settle", len(world.calls))


def carried_out(world: World, one: Msg, others: Others) -> World:
    """The insurer acts on a message, and answers whoever still waits for it."""
    match one.kind:
        case "settle":
            if others.refuses_doubles and world.live:
                return _answered(world, one, "refused")
            settled = world._replace(insurer=(*world.insurer, Stands(one.key)))
            return _answered(settled, one, f"settled {len(settled.insurer)}")
        case "cancel":
            if not world.insurer[one.key - 1].live:
                return _answered(world, one, "nothing there")
            return _answered(_undone(world, one.key), one, "done")
        case "reverse":
            standing = [number for number in world.live if world.insurer[number - 1].by == one.key]
            for number in standing:
                world = _undone(world, number)
            return _answered(world, one, "done" if standing else "nothing there")
        case "report":
            return _answered(world._replace(reported=True), one, "done")
        case "open":
            return _answered(world._replace(their_order=world.their_order or "open"), one, "done")
    raise ValueError(one.kind)


def _undone(world: World, number: int) -> World:
    entries = list(world.insurer)
    entries[number - 1] = entries[number - 1]._replace(live=False)
    return world._replace(insurer=tuple(entries))


def _answered(world: World, one: Msg, reply: str) -> World:
    turn = world.turn
    if turn is None or turn.awaits != one:
        return world
    return world._replace(turn=turn._replace(replies=turn.replies | {reply}))


def _name(one: Msg) -> str:
    words = {"settle": "2207A no.", "cancel": "2208 of settlement", "reverse": "2601 of 2207A no."}
    return f"{words[one.kind]} {one.key}" if one.kind in words else {"report": "4261", "open": "the order"}[one.kind]
