"""The turns at the insurer, call by call. A turn can end at every point: its worker dies, or no answer is heard."""

from collections.abc import Iterator, Mapping

from insurance.settlement import saga
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from tests.unit.insurance.model import settling, undoing
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.working import Answer, Phase, over
from tests.unit.insurance.model.world import Rules, Turn, World, record, trouble, without

PHASES: Mapping[S, Phase] = {
    S.CALLING: settling.settle,
    S.UNKNOWN: settling.ask,
    S.REVERSING: undoing.undo,
    S.CONFIRMING: undoing.confirm,
}

ANSWERS: Mapping[str, Answer] = {
    "settle": settling.settle_heard,
    "report": undoing.reported,
    "cancel": undoing.taken_back,
    "reverse": undoing.taken_back,
}


def taken(world: World) -> Iterator[Step]:
    """A worker takes the row (`worklist.claim`)."""
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
            event = Event.SILENCE if rules.a_dead_turn_is_unknown else Event.NOT_CARRIED_OUT
            yield Step("the lease is over", Who.US, record(world, event))
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


def _waiting(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """An answer is heard, or nothing is. A copy that the network made arrives before the answer does, or never."""
    awaited = turn.awaits
    assert awaited is not None
    if awaited not in world.flying:
        for reply in sorted(turn.replies):
            heard = world._replace(silent=without(world.silent, awaited))
            heard = ANSWERS[awaited.kind](heard, turn._replace(awaits=None), awaited, reply, rules)
            yield Step(f"answer: {reply}", Who.WORLD, heard)
    if awaited not in world.flying and not turn.replies:
        yield Step("no answer is heard", Who.WORLD, _silent(world, turn, rules))
    elif worse := trouble(world):
        yield Step("no answer is heard", Who.TROUBLE, _silent(worse, turn, rules))


def _silent(world: World, turn: Turn, rules: Rules) -> World:
    again = turn.state is S.CALLING and not rules.silence_is_unknown
    event = Event.NOT_CARRIED_OUT if again else Event.SILENCE
    return world._replace(turn=over(turn, event, booked=frozenset()))
