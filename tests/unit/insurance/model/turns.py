"""The turns at the insurer, call by call, as `steps.py`, `asking.py`, `undoing.py` and `confirming.py` have them.

A turn can end at every point: its worker dies, or the next call is not sent or not answered.
"""

from collections.abc import Callable, Iterator

from insurance.settlement import saga
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import (
    MOST_TRIES,
    SETTLED,
    UNDONE,
    Msg,
    Rules,
    Turn,
    World,
    may_still_arrive,
    record,
    trouble,
    without,
)

Phase = Callable[[World, Turn, Rules], Iterator[Step]]


def taken(world: World, rules: Rules) -> Iterator[Step]:
    """A worker takes the row (`worklist.claim`); the number of a settlement's message is new each time."""
    to = saga.TURNS.get(world.state)
    if to is None or world.turn is not None or (world.state is S.WAITING and not world.insurance):
        return
    turn = Turn(to, "begins", world.wanted)
    yield Step(f"a worker takes it, {world.state}", Who.US, world._replace(state=to, turn=turn))


def going_on(world: World, rules: Rules) -> Iterator[Step]:
    """The worker's next step, or its death. What a dead one leaves behind lapses."""
    turn = world.turn
    if turn is None:
        if world.state is S.CALLING:
            yield Step("the lease is over", Who.US, lapsed(world, rules))
        return
    if worse := trouble(world):
        yield Step("the worker dies", Who.TROUBLE, worse._replace(turn=None))
    if turn.event is not None:
        learnt = {} if turn.setl is None else {"setl": turn.setl}
        yield Step(f"recorded: {turn.event}", Who.US, record(world, turn.event, turn, **learnt))
    elif turn.awaits is not None:
        yield from _waiting(world, turn, rules)
    else:
        yield from PHASES[turn.state](world, turn, rules)


def lapsed(world: World, rules: Rules) -> World:
    if rules.a_dead_turn_is_unknown:
        return record(world, Event.SILENCE)
    return record(world, Event.NOT_CARRIED_OUT)


def _waiting(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """An answer is heard, or nothing is. A copy that the network made arrives before the answer does, or never."""
    awaited = turn.awaits
    assert awaited is not None
    if awaited not in world.flying:
        for reply in sorted(turn.replies):
            heard = world._replace(silent=without(world.silent, awaited))
            yield Step(f"answer: {reply}", Who.WORLD, _heard(heard, turn._replace(awaits=None), awaited, reply, rules))
    if turn.replies or awaited not in world.flying:
        who, worse = (Who.TROUBLE, trouble(world)) if turn.replies else (Who.WORLD, world)
        if worse:
            yield Step("no answer is heard", who, _silent(worse, turn, rules))
    elif worse := trouble(world):
        yield Step("no answer is heard yet, and none is waited for any more", Who.TROUBLE, _silent(worse, turn, rules))


def _silent(world: World, turn: Turn, rules: Rules) -> World:
    event = Event.SILENCE
    if turn.state is S.CALLING and not rules.silence_is_unknown:
        event = Event.NOT_CARRIED_OUT
    return world._replace(turn=_over(turn, event)._replace(booked=frozenset()))


def _over(turn: Turn, event: Event, **learnt: object) -> Turn:
    return turn._replace(awaits=None, replies=frozenset(), left=(), event=event, **learnt)  # type: ignore[arg-type]


def _asks_in_vain(world: World, turn: Turn) -> Iterator[Step]:
    """A question that gets no answer, or is not sent."""
    if worse := trouble(world):
        for event in (Event.SILENCE, Event.NOT_CARRIED_OUT, Event.UNCLEAR):
            ended = _over(turn, event, booked=frozenset())
            yield Step(f"the question: {event}", Who.TROUBLE, worse._replace(turn=ended))


def _sent(world: World, turn: Turn, one: Msg) -> World:
    return world._replace(
        flying=world.flying | {one}, silent=world.silent | {one}, turn=turn._replace(awaits=one, replies=frozenset())
    )


# --- 2207A -----------------------------------------------------------------------------------------


def _settle(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    number = len(world.calls) + 1
    if turn.at == "begins":
        if world.stale:
            yield Step("the bill is stale", Who.US, world._replace(turn=_over(turn, _not_settled(world, Event.STALE))))
            return
        written = world._replace(calls=(*world.calls, "written"), turn=turn._replace(at="written"))
        written = written._replace(silent=world.silent | {Msg("settle", number)})
        yield Step(f"2207A no. {number} is written down", Who.US, written)
        return
    one = Msg("settle", number - 1)
    sent = _sent(world, turn, one)
    if not rules.written_before_sent:
        sent = sent._replace(calls=(*world.calls[:-1], "nowhere"), silent=world.silent - {one})
    yield Step(f"2207A no. {one.key} is sent", Who.US, sent)
    if worse := trouble(world):
        unsent = worse._replace(calls=(*world.calls[:-1], "not sent"), silent=without(world.silent, one))
        yield Step("not sent", Who.TROUBLE, unsent._replace(turn=_over(turn, Event.NOT_CARRIED_OUT)))


def _not_settled(world: World, event: Event) -> Event:
    return Event.SELF_PAY if world.linked else event


def _settle_heard(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    outcome = "not sent" if reply == "throttled" else "answered"
    calls = list(world.calls)
    calls[one.key - 1] = outcome
    world = world._replace(calls=tuple(calls))
    if reply == "throttled":
        return world._replace(turn=_over(turn, Event.NOT_CARRIED_OUT))
    if reply == "refused":
        return world._replace(turn=_over(turn, _not_settled(world, Event.REFUSED)))
    setl = int(reply.removeprefix("settled "))
    return world._replace(turn=_over(turn, settled(world), setl=setl, booked=frozenset({(SETTLED, setl)})))


def settled(world: World) -> Event:
    return Event.SETTLED_IN_FULL if world.cash == 0 and not world.linked else Event.SETTLED


# --- asking ----------------------------------------------------------------------------------------


def own(world: World) -> tuple[int, ...]:
    """`standing`: the live ones that messages made which are written down."""
    return tuple(number for number in world.live if world.calls[world.insurer[number - 1].by - 1] != "nowhere")


def _ask(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    yield from _asks_in_vain(world, turn)
    ours = own(world)
    if not ours:
        unsure = rules.absent_only_when_none_may_arrive and may_still_arrive(world, "settle")
        event = Event.UNCLEAR if unsure else Event.ABSENT
        yield Step(f"none stands: {event}", Who.US, world._replace(turn=_over(turn, event)))
        return
    if rules.found_only_when_no_undoing_may_arrive and may_still_arrive(world, "cancel", "reverse"):
        yield Step("one stands, and an undoing may arrive", Who.US, world._replace(turn=_over(turn, Event.UNCLEAR)))
        return
    setl = world.setl if world.setl in ours else ours[0]
    event = settled(world) if turn.wanted else Event.UNWANTED
    booked = frozenset((SETTLED, number) for number in ours)
    found = _over(turn, event, setl=setl, booked=booked)
    yield Step(f"settlement {setl} stands", Who.US, world._replace(turn=found))


# --- undoing ---------------------------------------------------------------------------------------


def _undo(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    if turn.at == "begins":
        if not set(world.calls) - {"nowhere"}:
            yield Step("nothing was ever sent", Who.US, world._replace(turn=undone(world, turn)))
            return
        yield from _asks_in_vain(world, turn)
        seen = own(world) if rules.undoing_looks_first else ()
        looked = turn._replace(at="takes back" if seen else "reverses", left=seen)
        yield Step(f"looked: {seen or 'none'} stand", Who.US, world._replace(turn=looked))
    elif turn.at == "reverses":
        one = Msg("reverse", len(world.calls))
        yield Step(f"2601 of 2207A no. {one.key} is sent", Who.US, _sent(world, turn._replace(at="looks again"), one))
        yield from _asks_in_vain(world, turn)
    elif turn.at == "takes back" and turn.left:
        yield from _take_back(world, turn)
    else:
        yield from _look_again(world, turn, rules)


def _take_back(world: World, turn: Turn) -> Iterator[Step]:
    one = Msg("cancel", turn.left[0])
    yield Step(f"2208 of settlement {one.key} is sent", Who.US, _sent(world, turn, one))
    yield from _asks_in_vain(world, turn)


def _look_again(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    yield from _asks_in_vain(world, turn)
    if rules.undoing_looks_again and own(world):
        yield Step("it still stands", Who.US, world._replace(turn=_over(turn, Event.UNCLEAR)))
    elif rules.undone_only_when_none_may_arrive and may_still_arrive(world, "settle"):
        yield Step("none stands, but it may still arrive", Who.US, world._replace(turn=_over(turn, Event.UNCLEAR)))
    else:
        yield Step("undone", Who.US, world._replace(turn=undone(world, turn)))


def undone(world: World, turn: Turn, *, again: bool = True) -> Turn:
    """`undoing.undone`: the event, and the ledger says so too."""
    paid = world.order == "paid"
    tries = sum(outcome not in ("not sent", "nowhere") for outcome in world.calls)
    event = saga.after_undoing(
        paid=paid,
        kept=world.claim and paid and not world.owed,
        again=again and turn.wanted and not world.stale and tries < MOST_TRIES,
    )
    held = {number for kind, number in world.books | turn.booked if kind == SETTLED}
    return _over(turn, event, booked=turn.booked | {(UNDONE, number) for number in held})


def _taken_back(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    """2208 or 2601 was answered. A refusal of 2208 is left to the next look; one of 2601 says nothing."""
    if one.kind == "reverse":
        return world._replace(turn=_over(turn, Event.UNCLEAR) if reply == "refused" else turn)
    booked = turn.booked | {(SETTLED, one.key)} | ({(UNDONE, one.key)} if reply == "done" else set())
    return world._replace(turn=turn._replace(left=turn.left[1:], booked=frozenset(booked), replies=frozenset()))


# --- telling the network ---------------------------------------------------------------------------


def _confirm(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    if not world.insurance:
        yield Step("4261 is sent", Who.US, _sent(world, turn, Msg("report", 0)))
        yield from _asks_in_vain(world, turn)
        return
    if turn.at == "takes back" and turn.left:
        yield from _take_back(world, turn)
        return
    yield from _asks_in_vain(world, turn)
    ours = own(world)
    if turn.at == "begins":
        yield from _compare(world, turn, rules, ours)
    elif set(ours) - {world.setl}:
        yield Step("the surplus still stands", Who.US, world._replace(turn=_over(turn, Event.UNCLEAR)))
    else:
        yield Step("it stands alone", Who.US, world._replace(turn=told(world, turn, rules)))


def _compare(world: World, turn: Turn, rules: Rules, ours: tuple[int, ...]) -> Iterator[Step]:
    if not world.setl:
        yield Step("a question without a number is refused", Who.US, world._replace(turn=_over(turn, Event.REFUSED)))
    elif rules.told_only_when_nothing_may_arrive and may_still_arrive(world, "settle", "cancel", "reverse"):
        yield Step("something may still arrive", Who.US, world._replace(turn=_over(turn, Event.UNCLEAR)))
    elif world.setl not in ours:
        yield from _taken_back_there(world, turn, rules, ours)
    elif rules.told_only_when_alone and set(ours) - {world.setl}:
        surplus = turn._replace(at="takes back", left=tuple(number for number in ours if number != world.setl))
        yield Step("it does not stand alone", Who.US, world._replace(turn=surplus))
    else:
        yield Step("it stands alone", Who.US, world._replace(turn=told(world, turn, rules)))


def _taken_back_there(world: World, turn: Turn, rules: Rules, ours: tuple[int, ...]) -> Iterator[Step]:
    if ours and rules.taken_back_only_when_none_stands:
        yield Step("another stands", Who.US, world._replace(turn=_over(turn, Event.CONTRADICTED)))
    else:
        yield Step("taken back there", Who.US, world._replace(turn=undone(world, turn, again=False)))


def told(world: World, turn: Turn, rules: Rules) -> Turn:
    rest = frozenset[tuple[str, int]]()
    if rules.books_follow_what_stands:
        held = {number for kind, number in world.books | turn.booked if kind == SETTLED}
        rest = frozenset((UNDONE, number) for number in held - {world.setl})
    return _over(turn, Event.TOLD, booked=turn.booked | rest)


def _report_heard(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    return world._replace(turn=_over(turn, Event.REFUSED if reply == "refused" else Event.TOLD))


def _heard(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    act = {"settle": _settle_heard, "report": _report_heard}.get(one.kind, _taken_back)
    return act(world, turn, one, reply, rules)


PHASES: dict[S, Phase] = {S.CALLING: _settle, S.UNKNOWN: _ask, S.REVERSING: _undo, S.CONFIRMING: _confirm}
