"""What becomes of messages: each arrives, or never does, or arrives twice; its answer is heard, or lost, or late.

Time: whatever was sent has arrived or is gone when the settling time is over.
"""

from collections.abc import Iterator

from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import Msg, Stands, World, trouble, without


def messages(world: World, *, refuses_doubles: bool, mixed_answers: bool) -> Iterator[Step]:
    """What may happen to each message under way. `mixed_answers`: a copy may be refused although the other was carried
    out, and only the refusal be heard."""
    for one in sorted(world.flying):
        arrived = carried_out(world, one, refuses_doubles=refuses_doubles)
        yield Step(f"{_name(one)} arrives", Who.WORLD, arrived._replace(flying=without(arrived.flying, one)))
        awaited = world.turn is not None and world.turn.awaits == one
        lost = trouble(world) if awaited else world
        if lost:
            who = Who.TROUBLE if awaited else Who.WORLD
            yield Step(f"{_name(one)} never arrives", who, lost._replace(flying=without(world.flying, one)))
        if worse := trouble(world):
            twice = carried_out(worse, one, refuses_doubles=refuses_doubles)
            yield Step(f"{_name(one)} arrives, and a copy is still under way", Who.TROUBLE, twice)
        if (worse := trouble(world)) and (mixed_answers or not (awaited and world.turn.replies)):
            refused = _answered(worse, one, "refused")
            yield Step(f"{_name(one)} is refused", Who.TROUBLE, refused._replace(flying=without(refused.flying, one)))
            if one.kind == "settle":
                throttled = _answered(worse, one, "throttled")
                gone = without(throttled.flying, one)
                yield Step(f"{_name(one)} is throttled", Who.TROUBLE, throttled._replace(flying=gone))
    for one in sorted(world.silent - world.flying):
        if not _is_at_it(world, one):
            over = world._replace(silent=without(world.silent, one))
            yield Step(f"the settling time of {_name(one)} is over", Who.WORLD, over)


def carried_out(world: World, one: Msg, *, refuses_doubles: bool = False) -> World:
    """The insurer acts on a message, and answers whoever still waits for it."""
    match one.kind:
        case "settle":
            if refuses_doubles and world.live:
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


def _is_at_it(world: World, one: Msg) -> bool:
    """Whether a worker is about to send it, or waits for its answer: either is over before the settling time is."""
    turn = world.turn
    about_to = turn is not None and turn.at == "written" and one == Msg("settle", len(world.calls))
    return about_to or (turn is not None and turn.awaits == one)


def _name(one: Msg) -> str:
    words = {"settle": "2207A no.", "cancel": "2208 of settlement", "reverse": "2601 of 2207A no."}
    return f"{words[one.kind]} {one.key}" if one.kind in words else {"report": "4261", "open": "the order"}[one.kind]
