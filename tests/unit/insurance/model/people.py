"""What the patient and the desk may do at any moment."""

from collections.abc import Iterator

from insurance.settlement import saga
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import World, record, trouble

MAY_BE_GIVEN_UP = (S.WAITING, S.CALLING, S.UNKNOWN, S.INSURED, S.PAYING, S.CLAIMING, S.REVERSING)


def people(world: World) -> Iterator[Step]:
    """The patient gives up; the bill becomes stale; somebody at the desk decides."""
    if world.wanted and world.state in MAY_BE_GIVEN_UP:
        yield Step("the patient gives up", Who.CHANCE, world._replace(wanted=False))
    if not world.stale and world.insurance and (worse := trouble(world)):
        yield Step("the bill becomes stale", Who.TROUBLE, worse._replace(stale=True))
    if world.staff:
        for event in saga.AFTER[world.state]:
            if event in saga.STAFF and desk_allows(world, event):
                fewer = world._replace(staff=world.staff - 1, turn=None)
                yield Step(f"at the desk: {event}", Who.CHANCE, decided(fewer, event))


def decided(world: World, event: Event) -> World:
    """Who undoes does not want it any more."""
    return record(world, event, wanted=False) if event is Event.UNDO else record(world, event)


def desk_allows(world: World, event: Event) -> bool:
    """What the desk lets a person do: to end a case takes evidence of how things are on the other sides."""
    settled = bool(world.insurance and world.calls)
    paid = world.order == "paid" if world.cash else True
    nothing_stands = not (world.live or world.flying or world.silent)
    match event:
        case Event.ASK:
            return settled
        case Event.TELL:
            return paid and not world.owed and bool(world.setl if world.insurance else True)
        case Event.UNDO:
            return True
        case Event.REFUND:
            return world.order == "paid" and nothing_stands
        case Event.COMPLETE:
            stands = world.live == (world.setl,) if world.insurance else world.reported and not world.live
            return stands and paid and not world.flying and not world.silent
        case Event.VOID:
            return nothing_stands
    raise ValueError(event)
