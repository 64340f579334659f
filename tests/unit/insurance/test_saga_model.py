"""Every interleaving of what can go wrong, within bounds: no double settlement, no cash without a service, a way out.

What is walked is the real table (`saga.AFTER`, `TURNS`, `after_undoing`); the rules around it are modelled as the code
has them. Deeper: SAGA_TROUBLES=4.
"""

import os
from dataclasses import fields, replace

import pytest

from insurance.settlement import saga
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from tests.unit.insurance.model.explorer import Found, Model, Step, Who, explore
from tests.unit.insurance.model.model import CLAIM, COVERED, INSURANCE, SELF_PAY, Case
from tests.unit.insurance.model.world import Others, Rules, World

TROUBLES = int(os.environ.get("SAGA_TROUBLES", "2"))

UNUSUAL = Others(refuses_doubles=True, mixed_answers=True)

TWICE = "settled by two messages of ours at once"
NOT_ALONE = "completed, and the insurer has not exactly this settlement"
TO_PAY = "the patient is to pay, and the insurer has not settled"
STANDS = "ended without effect, and the insurer has settled"
KEPT = "cash is kept without a service"
TOO_LITTLE = "completed, and not just what is due was collected"
BOOKS = "our books and the insurer's differ"
STUCK = "no way out"


def walked(case: Case) -> Found[World]:
    found = case.walk()
    print(found.told())
    return found


@pytest.mark.parametrize(
    ("first", "more", "ends"),
    [
        (INSURANCE, 0, {S.COMPLETED, S.REVERSED, S.REFUSED, S.MANUAL}),
        (COVERED, 1, {S.COMPLETED, S.REVERSED, S.REFUSED, S.MANUAL}),
        (SELF_PAY, 1, {S.COMPLETED, S.REVERSED, S.MANUAL}),
        (CLAIM, 0, {S.COMPLETED, S.REVERSED, S.MANUAL}),
    ],
    ids=["insurance", "covered", "self-pay", "claim"],
)
@pytest.mark.parametrize("others", [Others(), UNUSUAL], ids=["usual", "unusual"])
def test_whatever_goes_wrong_it_ends_well(first: World, more: int, ends: set[S], others: Others) -> None:
    found = walked(Case(first, troubles=TROUBLES + more, others=others))
    assert found.broken == {}
    assert set(found.ends) == ends


@pytest.mark.parametrize(
    "first", [INSURANCE, COVERED, SELF_PAY, CLAIM], ids=["insurance", "covered", "self-pay", "claim"]
)
def test_whatever_staff_do_then_it_ends_well(first: World) -> None:
    assert walked(Case(first, troubles=TROUBLES, staff=1)).broken == {}


def test_without_any_trouble_nobody_needs_a_person() -> None:
    for first in (INSURANCE, COVERED, SELF_PAY, CLAIM):
        found = walked(Case(first, troubles=0))
        assert found.broken == {}
        assert set(found.ends) <= {S.COMPLETED, S.REVERSED}


CONTROLS = [
    ("silence_is_unknown", Case(COVERED, troubles=1), TWICE),
    ("a_dead_turn_is_unknown", Case(COVERED, troubles=1), TWICE),
    ("written_before_sent", Case(COVERED, troubles=1), TWICE),
    ("never_sent_after_a_freeze", Case(COVERED, troubles=1), TWICE),
    ("the_clock_is_watched", Case(COVERED, troubles=2), TWICE),
    ("undoing_looks_again", Case(INSURANCE, troubles=1), STANDS),
    ("undone_only_when_none_may_arrive", Case(COVERED, troubles=2), STANDS),
    ("told_only_when_no_copy_may_arrive", Case(COVERED, troubles=2), NOT_ALONE),
    ("told_only_when_no_undoing_may_arrive", Case(COVERED, troubles=2, staff=2), NOT_ALONE),
    ("told_only_when_alone", Case(COVERED, troubles=1), NOT_ALONE),
    ("taken_back_only_when_none_stands", Case(COVERED, troubles=2), STANDS),
    ("a_refusal_is_looked_at", Case(COVERED, troubles=2, others=UNUSUAL), STANDS),
    ("late_money_goes_back", Case(INSURANCE, troubles=1), KEPT),
    ("refunds_have_numbers", Case(CLAIM, troubles=1), TOO_LITTLE),
    ("a_closed_order_was_opened", Case(INSURANCE, troubles=1), STUCK),
    ("books_follow_what_stands", Case(COVERED, troubles=2), BOOKS),
]

SECOND_LINES = [
    ("absent_only_when_none_may_arrive", "undone_only_when_none_may_arrive", Case(COVERED, troubles=1), TWICE),
    (
        "found_only_when_no_undoing_may_arrive",
        "absent_only_when_none_may_arrive",
        Case(INSURANCE, troubles=2, staff=1),
        TO_PAY,
    ),
]
"""Rules behind which another one stands: alone they keep a settlement from being undone that need not be."""


@pytest.mark.parametrize(("rule", "case", "shown"), CONTROLS, ids=[rule for rule, _, _ in CONTROLS])
def test_without_one_rule_it_does_not(rule: str, case: Case, shown: str) -> None:
    """Negative controls: with the rule nothing is wrong within the same bounds, without it the trace is printed."""
    assert case.walk().broken == {}
    found = walked(replace(case, rules=replace(Rules(), **{rule: False})))
    assert any(name.startswith(shown) for name in found.broken)


@pytest.mark.parametrize(("rule", "behind", "case", "shown"), SECOND_LINES, ids=[each[0] for each in SECOND_LINES])
def test_without_a_rule_and_the_one_behind_it_it_does_not(rule: str, behind: str, case: Case, shown: str) -> None:
    """Negative controls: without either of them alone nothing is wrong within the same bounds."""
    for off in (rule, behind):
        assert replace(case, rules=replace(Rules(), **{off: False})).walk().broken == {}
    both = walked(replace(case, rules=replace(Rules(), **{rule: False, behind: False})))
    assert shown in both.broken


def test_every_rule_has_its_control() -> None:
    shown = {rule for rule, _, _ in CONTROLS} | {rule for rule, _, _, _ in SECOND_LINES}
    assert {one.name for one in fields(Rules)} == shown


def test_a_table_with_a_hole_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the walk goes by the real table."""
    holed = dict(saga.AFTER) | {S.REVERSED: {}}
    monkeypatch.setattr(saga, "AFTER", holed)
    found = walked(Case(INSURANCE, troubles=1))
    assert any(f"{Event.PAID} cannot happen" in name for name in found.broken)


def test_a_state_without_a_way_out_is_found() -> None:
    """Negative control of the walk itself: 1 leads to 2 and 3, and from 2 nothing leads to the end, which is 3."""
    ways = {1: [2, 3], 2: [2], 3: []}

    def steps(state: int) -> list[Step]:
        return [Step(f"to {to}", Who.WORLD, to) for to in ways[state]]

    found = explore(Model(1, steps, lambda _: iter(()), lambda _: iter(()), lambda state: state == 3))
    assert found.broken == {"no way out of 2": ["to 2"]}
