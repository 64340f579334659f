"""Which line has the next turn: shares are kept, urgent cases go first and starve nobody, and who is ahead."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.trial import shares
from insurance.trial.shares import Standing

URGENT, COMMON = 1, 2


def turns(lines: Sequence[Standing]) -> Iterator[int]:
    """The lines that have a turn, one after the other, until nobody waits."""
    while order := shares.in_order(lines):
        yield order[0].line_id
        lines = shares.after_a_turn(lines, order[0])


def ordinary(*weights: int, waiting: int = 100) -> list[Standing]:
    return [Standing(COMMON + place, False, weight, waiting) for place, weight in enumerate(weights)]


def urgent(waiting: int, run: int = 0) -> Standing:
    return Standing(URGENT, True, 1, waiting, run=run)


WEIGHTS, WAITING, TURNS = st.integers(1, 100), st.integers(0, 30), st.integers(0, 200)


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    """Lines as turns have left them: each was moved on by so many turns of its weight, and of another it had before."""
    lines = [
        Standing(COMMON + place, False, weight, draw(WAITING), draw(TURNS) / weight + draw(TURNS) / draw(WEIGHTS))
        for place, weight in enumerate(draw(st.lists(WEIGHTS, min_size=1, max_size=5)))
    ]
    if draw(st.booleans()):
        lines.insert(draw(st.integers(0, len(lines))), urgent(draw(WAITING), run=draw(st.integers(0, 9))))
    return lines


@given(standings())
def test_the_number_ahead_is_the_number_of_turns_before(lines: list[Standing]) -> None:
    order = list(turns(lines))
    for line in lines:
        own = [place for place, line_id in enumerate(order) if line_id == line.line_id]
        assert [shares.ahead(lines, line.line_id, k) for k in range(line.waiting)] == own


@given(standings())
def test_who_joins_last_has_everybody_of_his_line_ahead(lines: list[Standing]) -> None:
    for place, line in enumerate(lines):
        joined = [*lines[:place], replace(line, waiting=line.waiting + 1), *lines[place + 1 :]]
        order = list(turns(joined))
        last = len(order) - 1 - order[::-1].index(line.line_id)
        assert shares.ahead(lines, line.line_id, line.waiting) == last


@pytest.mark.parametrize("weights", [(1, 2, 3), (1, 1), (7, 3), (100, 1), (4, 4, 2)])
def test_standing_backlogs_are_served_in_proportion(weights: tuple[int, ...]) -> None:
    lines = ordinary(*weights, waiting=1000)
    seen: Counter[int] = Counter()
    for count, line_id in zip(range(1, 301), turns(lines), strict=False):
        seen[line_id] += 1
        for line in lines:
            assert abs(seen[line.line_id] - count * line.weight / sum(weights)) <= len(weights) - 1


def test_shares_that_are_equal_on_paper_are_equal_after_many_turns() -> None:
    """0.1 ten times is not 1 in floating point."""
    lines = ordinary(10, 1, waiting=1_000_000)
    order = [line_id for _, line_id in zip(range(110_000), turns(lines), strict=False)]
    assert order[-11:] == order[:11]


def test_urgent_cases_go_first_but_after_four_of_them_another_has_a_turn() -> None:
    order = list(turns([*ordinary(1, waiting=3), urgent(10)]))
    assert order == [*[URGENT] * 4, COMMON, *[URGENT] * 4, COMMON, *[URGENT] * 2, COMMON]


def test_urgent_cases_have_every_turn_while_nobody_else_waits() -> None:
    assert list(turns([urgent(9)])) == [URGENT] * 9


def test_who_comes_after_a_long_run_of_urgent_cases_waits_for_none() -> None:
    lines = [*ordinary(1, waiting=1), urgent(3, run=9)]
    assert next(turns(lines)) == COMMON
    assert [shares.ahead(lines, URGENT, k) for k in range(3)] == [1, 2, 3]


@given(standings())
def test_everybody_has_exactly_one_turn(lines: list[Standing]) -> None:
    assert Counter(turns(lines)) == Counter({line.line_id: line.waiting for line in lines if line.waiting})
