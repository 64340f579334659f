"""2207A, and the question whether it was carried out: `steps.settle` and `asking.ask`."""

from collections.abc import Iterator

from insurance.settlement.saga import Event
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.working import asks_in_vain, ends, over, own, sent
from tests.unit.insurance.model.world import SETTLED, Msg, Rules, Turn, World, may_still_arrive, trouble, without


def settle(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """Written down, then sent; the number of the message is new each time."""
    if turn.at == "refused":
        yield from _looks_at_the_refusal(world, turn)
    elif turn.at == "begins":
        yield from _writes_down(world, turn)
    else:
        yield from _sends(world, turn, rules)


def _writes_down(world: World, turn: Turn) -> Iterator[Step]:
    if world.stale or not turn.wanted:
        event = Event.CLAIM_ANEW if world.claim and turn.wanted else Event.STALE
        yield ends(world, turn, event, "the bill is stale, or given up")
        return
    if worse := trouble(world):
        unfit = worse._replace(turn=over(turn, Event.NOT_WRITABLE))
        yield Step("our own data cannot be written", Who.TROUBLE, unfit)
    number = len(world.calls) + 1
    written = world._replace(calls=(*world.calls, "written"), silent=world.silent | {Msg("settle", number)})
    yield Step(f"2207A no. {number} is written down", Who.US, written._replace(turn=turn._replace(at="written")))


def _sends(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    one = Msg("settle", len(world.calls))
    left = sent(world, turn, one)
    if not rules.written_before_sent:
        left = left._replace(calls=(*world.calls[:-1], "nowhere"), silent=world.silent - {one})
    yield Step(f"2207A no. {one.key} is sent", Who.US, left)
    if worse := trouble(world):
        unsent = worse._replace(calls=(*world.calls[:-1], "not sent"), silent=without(world.silent, one))
        yield Step("it is not sent", Who.TROUBLE, unsent._replace(turn=over(turn, Event.NOT_CARRIED_OUT)))
        frozen = None if rules.never_sent_after_a_freeze else one
        yield Step("the worker stands still before it sends", Who.TROUBLE, worse._replace(turn=None, frozen=frozen))


def settle_heard(world: World, turn: Turn, one: Msg, reply: str, rules: Rules) -> World:
    """The answer to 2207A."""
    calls = list(world.calls)
    calls[one.key - 1] = "not sent" if reply == "throttled" else "answered"
    world = world._replace(calls=tuple(calls))
    if reply == "throttled":
        return world._replace(turn=over(turn, Event.NOT_CARRIED_OUT))
    if reply == "refused":
        looks = turn._replace(at="refused", replies=frozenset())
        ended = over(turn, refused(world, turn))
        return world._replace(turn=looks if rules.a_refusal_is_looked_at else ended)
    setl = int(reply.removeprefix("settled "))
    return world._replace(turn=over(turn, settled(world), setl=setl, booked=frozenset({(SETTLED, setl)})))


def _looks_at_the_refusal(world: World, turn: Turn) -> Iterator[Step]:
    """A look that fails leaves it unknown: the refusal is not what happened to all copies."""
    if worse := trouble(world):
        yield Step("it cannot be looked at", Who.TROUBLE, worse._replace(turn=over(turn, Event.SILENCE)))
    if own(world):
        yield ends(world, turn, Event.SILENCE, "refused, and one of ours stands")
    else:
        yield ends(world, turn, refused(world, turn), "refused, and none stands")


def refused(world: World, turn: Turn) -> Event:
    """What was paid ahead of the claim stays as self-pay, other money goes back."""
    if world.claim and turn.wanted:
        return Event.SELF_PAY
    return Event.STALE if world.linked else Event.REFUSED


def settled(world: World) -> Event:
    """Is there money to collect, or to give back?"""
    return Event.SETTLED_IN_FULL if world.cash == 0 and not world.linked else Event.SETTLED


def ask(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    """What stands there? It is not believed while a message of ours may still make it wrong."""
    yield from asks_in_vain(world, turn)
    ours = own(world)
    if not ours:
        unsure = rules.absent_only_when_none_may_arrive and may_still_arrive(world, "settle")
        event = Event.UNCLEAR if unsure else Event.ABSENT
        yield ends(world, turn, event, f"none stands: {event}")
    elif rules.found_only_when_no_undoing_may_arrive and may_still_arrive(world, "cancel", "reverse"):
        yield ends(world, turn, Event.UNCLEAR, "one stands, and an undoing may arrive")
    else:
        setl = world.setl if world.setl in ours else ours[0]
        event = settled(world) if turn.wanted else Event.UNWANTED
        booked = frozenset((SETTLED, number) for number in ours)
        yield ends(world, turn, event, f"settlement {setl} stands", setl=setl, booked=booked)
