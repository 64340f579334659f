"""Undoing, and telling the network: `undoing.undo` and `confirming.confirm`."""

from collections.abc import Iterator

from insurance.settlement import saga
from insurance.settlement.saga import Event
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.working import asks_in_vain, ends, over, own, sent
from tests.unit.insurance.model.world import (
    MOST_TRIES,
    SETTLED,
    UNDONE,
    Msg,
    Rules,
    Turn,
    World,
    may_still_arrive,
)


def undo(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """Look, take back what stands or reverse what does not show, look again."""
    if turn.at == "begins" and not set(world.calls) - {"nowhere"}:
        yield Step("nothing was ever sent", Who.US, world._replace(turn=undone(world, turn)))
        return
    yield from asks_in_vain(world, turn)
    if turn.at == "begins":
        ours = own(world)
        looked = turn._replace(at="takes back" if ours else "reverses", left=ours)
        yield Step(f"looked: {ours or 'none'} stand", Who.US, world._replace(turn=looked))
    elif turn.at == "reverses":
        one = Msg("reverse", len(world.calls))
        yield Step(f"2601 of 2207A no. {one.key} is sent", Who.US, sent(world, turn._replace(at="looks again"), one))
    elif turn.left:
        yield _takes_back(world, turn)
    else:
        yield _looks_again(world, turn, rules)


def _takes_back(world: World, turn: Turn) -> Step:
    one = Msg("cancel", turn.left[0])
    return Step(f"2208 of settlement {one.key} is sent", Who.US, sent(world, turn, one))


def _looks_again(world: World, turn: Turn, rules: Rules) -> Step:
    if rules.undoing_looks_again and own(world):
        return ends(world, turn, Event.UNCLEAR, "it still stands")
    if rules.undone_only_when_none_may_arrive and may_still_arrive(world, "settle"):
        return ends(world, turn, Event.UNCLEAR, "none stands, but it may still arrive")
    return Step("undone", Who.US, world._replace(turn=undone(world, turn)))


def undone(world: World, turn: Turn, *, again: bool = True) -> Turn:
    """`undoing.undone`: the event, and the ledger says so too."""
    paid = world.order == "paid"
    tries = sum(outcome not in ("not sent", "nowhere") for outcome in world.calls)
    kept = world.claim and turn.wanted and paid and not world.owed
    again = again and turn.wanted and not world.owed and tries < MOST_TRIES and (kept or not world.stale)
    event = saga.after_undoing(paid=paid, kept=kept, again=again)
    return over(turn, event, booked=turn.booked | {(UNDONE, number) for number in _held(world, turn)})


def taken_back(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    """2208 or 2601 was answered. A refusal of 2208 is left to the next look; one of 2601 says nothing."""
    if one.kind == "reverse":
        return world._replace(turn=over(turn, Event.UNCLEAR) if reply == "refused" else turn)
    booked = turn.booked | {(SETTLED, one.key)} | ({(UNDONE, one.key)} if reply == "done" else set())
    return world._replace(turn=turn._replace(left=turn.left[1:], booked=frozenset(booked), replies=frozenset()))


def confirm(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """The report of a self-pay; else the record is compared, and must be the only one."""
    yield from asks_in_vain(world, turn)
    ours = own(world)
    if not world.insurance:
        yield Step("4261 is sent", Who.US, sent(world, turn, Msg("report", 0)))
    elif turn.left:
        yield _takes_back(world, turn)
    elif turn.at == "begins":
        yield _compares(world, turn, rules, ours)
    elif set(ours) - {world.setl}:
        yield ends(world, turn, Event.UNCLEAR, "the surplus still stands")
    else:
        yield Step("it stands alone", Who.US, world._replace(turn=_told(world, turn, rules)))


def _compares(world: World, turn: Turn, rules: Rules, ours: tuple[int, ...]) -> Step:
    if rules.told_only_when_no_copy_may_arrive and may_still_arrive(world, "settle"):
        return ends(world, turn, Event.UNCLEAR, "a copy may still arrive")
    if rules.told_only_when_no_undoing_may_arrive and may_still_arrive(world, "cancel", "reverse"):
        return ends(world, turn, Event.UNCLEAR, "an undoing may still arrive")
    if world.setl not in ours and (ours or not world.setl) and rules.taken_back_only_when_none_stands:
        return ends(world, turn, Event.CONTRADICTED, "another stands")
    if world.setl not in ours:
        return Step("it was taken back there", Who.US, world._replace(turn=undone(world, turn, again=False)))
    surplus = tuple(number for number in ours if number != world.setl)
    if rules.told_only_when_alone and surplus:
        taking = turn._replace(at="takes back", left=surplus)
        return Step("it does not stand alone", Who.US, world._replace(turn=taking))
    return Step("it stands alone", Who.US, world._replace(turn=_told(world, turn, rules)))


def _told(world: World, turn: Turn, rules: Rules) -> Turn:
    rest = _held(world, turn) - {world.setl} if rules.books_follow_what_stands else set()
    return over(turn, Event.TOLD, booked=turn.booked | {(UNDONE, number) for number in rest})


def _held(world: World, turn: Turn) -> set[int]:
    """What our ledger will hold as settled at any time."""
    return {number for kind, number in world.books | turn.booked if kind == SETTLED}


def reported(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    """4261 was answered."""
    return world._replace(turn=over(turn, Event.REFUSED if reply == "refused" else Event.TOLD))
