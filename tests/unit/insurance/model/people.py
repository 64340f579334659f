"""What the patient and the desk may do at any moment."""

from collections.abc import Iterator

from insurance.settlement import saga
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import Step, Who
from tests.unit.insurance.model.world import SETTLED, UNDONE, World, record, trouble

TOO_LATE = (S.PAID, S.CONFIRMING, S.COMPLETED, S.REFUSED, S.REFUNDING, S.REVERSED)


def people(world: World) -> Iterator[Step]:
    """The patient gives up; the bill becomes stale; somebody at the desk decides."""
    if world.wanted and world.state not in TOO_LATE:
        yield Step("the patient gives up", Who.CHANCE, given_up(world))
    if not world.stale and world.insurance and (worse := trouble(world)):
        yield Step("the bill becomes stale", Who.TROUBLE, worse._replace(stale=True))
    if world.staff and world.turn is None:
        for event in saga.AFTER[world.state]:
            if event in saga.STAFF and desk_allows(world, event):
                decided = record(world._replace(staff=world.staff - 1, decided=True), event)
                yield Step(f"at the desk: {event}", Who.CHANCE, decided)


def given_up(world: World) -> World:
    """`giving_up.give_up`. What is paid for is not given up, but a claim that nothing was sent for may be."""
    if world.linked and world.order == "paid":
        may_be = world.claim and world.state in (S.CLAIMING, S.WAITING)
        return record(world, Event.SELF_PAY, wanted=False) if may_be else world
    if world.state is S.WAITING and not world.order and (world.insurance or world.turn is None):
        return record(world, Event.GIVEN_UP, wanted=False)
    return world._replace(wanted=False)


def desk_allows(world: World, event: Event) -> bool:
    """What the desk lets a person do (`desk/rules.py`). Where somebody's word stands for an answer, it is true."""
    match event:
        case Event.ASK:
            return world.insurance  # the number of its message is there once it was taken, sent or not
        case Event.TELL:
            known = in_our_books(world) if world.insurance else True
            return bool(known) and world.cash_in_our_books == world.cash and not world.owed
        case Event.UNDO:
            return True
        case Event.REFUND:
            return world.order == "paid" and not in_our_books(world) and not _in_doubt(world)
        case Event.COMPLETE:
            as_agreed = in_our_books(world) == ({world.setl} if world.insurance else set())
            cash = world.cash_in_our_books == world.cash and not world.owed
            return as_agreed and cash and _is_as_booked(world) and (world.insurance or world.reported)
        case Event.VOID:
            refunds = "due" in (world.difference, world.rest)
            return not (refunds or world.live or world.flying or world.silent or world.cash_with_us)
    raise ValueError(event)


def in_our_books(world: World) -> set[int]:
    """Settlements that stand by our ledger."""
    gone = {number for kind, number in world.books if kind == UNDONE}
    return {number for kind, number in world.books if kind == SETTLED} - gone


def _is_as_booked(world: World) -> bool:
    return set(world.live) == in_our_books(world) and not world.flying and not world.silent


def _in_doubt(world: World) -> bool:
    """Before a person, coming from where nobody had the insurer's last word. Here: something of it may still stand."""
    return bool(world.live or world.flying or world.silent)
