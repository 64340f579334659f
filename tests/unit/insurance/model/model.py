"""The whole: what may happen next, what must never be, and what must be when nothing is left to happen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from insurance.states import SettlementState as S
from tests.unit.insurance.model import money, network, people, turns
from tests.unit.insurance.model.explorer import Found, Model, Step, Who, explore
from tests.unit.insurance.model.world import TOTAL, Others, Rules, Turn, World, record, trouble

ENDS = (S.COMPLETED, S.REVERSED, S.REFUSED, S.MANUAL)
WITHOUT_EFFECT = (S.REVERSED, S.REFUSED)

INSURANCE = World()
COVERED = World(cash=0)
SELF_PAY = World(insurance=False)
CLAIM = World(insurance=False, claim=True, cash=TOTAL)
"""Paid now, claimed later: the whole is collected first."""


@dataclass(frozen=True)
class Case:
    """What is walked. `troubles`: so many things go wrong, in every combination and order."""

    first: World
    troubles: int = 3
    staff: int = 0
    rules: Rules = field(default_factory=Rules)
    others: Others = field(default_factory=Others)

    def walk(self) -> Found[World]:
        first = self.first._replace(troubles=self.troubles, staff=self.staff)
        model = Model(first, partial(steps, self), wrong, wrong_at_rest, lambda world: world.state in ENDS)
        return explore(model, name=lambda world: str(world.state))


def steps(case: Case, world: World) -> Iterator[Step]:
    """Everything that may happen next."""
    rules = case.rules
    yield from turns.taken(world)
    if world.turn is not None and world.turn.at in ("order", "prepared"):
        yield from _collecting(world, world.turn, rules)
    else:
        yield from turns.going_on(world, rules)
    yield from network.messages(world, rules, case.others)
    yield from money.money(world, rules)
    yield from people.people(world)


def _collecting(world: World, turn: Turn, rules: Rules) -> Iterator[Step]:
    if worse := trouble(world):
        yield Step("the collector dies", Who.TROUBLE, worse._replace(turn=None))
    if turn.awaits is None:
        yield from money.order(world, turn, rules)
        return
    for reply in sorted(turn.replies):
        yield Step(f"answer: {reply}", Who.WORLD, money.order_heard(world, reply))
    if turn.awaits not in world.flying and not turn.replies:
        yield Step("no answer is heard", Who.WORLD, record(world, money.Event.SILENCE))
    elif worse := trouble(world):
        yield Step("no answer is heard", Who.TROUBLE, record(worse, money.Event.SILENCE))


def wrong(world: World) -> Iterator[str]:
    """What must not be at any moment."""
    if world.state is S.COMPLETED and world.insurance and world.live != (world.setl,):
        yield "completed, and the insurer has not exactly this settlement"
    if world.state is S.COMPLETED and not world.insurance and (world.live or not world.reported):
        yield "completed by self-pay, and the network was not told, or the insurer has settled"
    if world.state in (S.PAID, S.CONFIRMING) and world.insurance and not (world.wanted or world.decided):
        yield "given up, and it goes on all the same"
    if world.state is S.PAYING and world.insurance and world.setl not in world.live:
        yield "the patient is to pay, and the insurer has not settled"
    if world.state in WITHOUT_EFFECT and world.live:
        yield "ended without effect, and the insurer has settled"
    if len({world.insurer[number - 1].by for number in world.live}) > 1:
        yield "settled by two messages of ours at once"
    if world.cash_with_us < 0:
        yield "more was given back than came"


def wrong_at_rest(world: World) -> Iterator[str]:
    """What must not be when nothing is left to happen. Before a person everything may be as it is."""
    before_a_person = world.state is S.MANUAL or "refused" in (world.difference, world.rest)
    if world.state is S.COMPLETED and world.cash_with_us != world.cash and not before_a_person:
        yield "completed, and not just what is due was collected"
    if world.state in WITHOUT_EFFECT and world.cash_with_us:
        yield "cash is kept without a service"
    if world.state is not S.MANUAL:
        yield from _wrong_books(world)


def _wrong_books(world: World) -> Iterator[str]:
    if people.in_our_books(world) != set(world.live):
        yield "our books and the insurer's differ"
    if world.cash_in_our_books != world.cash_with_us:
        yield "our books and the institution's differ"
