"""What turns have in common: what is seen at the insurer, a message that leaves, a turn that is over."""

from collections.abc import Callable, Iterator

from insurance.settlement.saga import Event
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import Msg, Rules, Turn, World, trouble

Phase = Callable[[World, Turn, Rules], Iterator[Step]]
Answer = Callable[[World, Turn, Msg, str, Rules], World]


def own(world: World) -> tuple[int, ...]:
    """`standing`: the live ones that messages made which are written down."""
    return tuple(number for number in world.live if world.calls[world.insurer[number - 1].by - 1] != "nowhere")


def over(turn: Turn, event: Event, **learnt: object) -> Turn:
    """The turn has its event; what is left is to record it."""
    return turn._replace(awaits=None, replies=frozenset(), left=(), event=event, **learnt)  # type: ignore[arg-type]


def ends(world: World, turn: Turn, event: Event, label: str, **learnt: object) -> Step:
    """By itself, with this event."""
    return Step(label, Who.US, world._replace(turn=over(turn, event, **learnt)))


def sent(world: World, turn: Turn, one: Msg) -> World:
    """It leaves, and its answer is waited for."""
    waiting = turn._replace(awaits=one, replies=frozenset())
    return world._replace(flying=world.flying | {one}, silent=world.silent | {one}, turn=waiting)


def asks_in_vain(world: World, turn: Turn) -> Iterator[Step]:
    """A question that gets no answer, or is refused, or not sent. What was to be booked is forgotten with it."""
    if worse := trouble(world):
        for event in (Event.SILENCE, Event.NOT_CARRIED_OUT, Event.UNCLEAR):
            ended = over(turn, event, booked=frozenset())
            yield Step(f"the question: {event}", Who.TROUBLE, worse._replace(turn=ended))
