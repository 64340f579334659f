"""Which line has the next turn, pure: no Django, no clock.

Urgent cases go first, but after URGENT_IN_A_ROW of them one of the others has a turn, so that nobody starves. Among the
others, each turn moves its line on by 1 / weight, and the line that was moved on least is next (stride scheduling): in
the long run each has turns in proportion to its weight, and a line that was empty gets no arrears.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

URGENT_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """A line as it stands. `passed` is how far its turns have moved it on; `run` how many urgent ones had a turn in a
    row."""

    line_id: int
    urgent: bool
    weight: int
    waiting: int
    passed: float = 0.0
    run: int = 0


def in_order(lines: Sequence[Standing]) -> list[Standing]:
    """The lines where somebody waits, the one whose turn it is first."""
    urgent = [line for line in lines if line.urgent and line.waiting > 0]
    others = sorted((line for line in lines if not line.urgent and line.waiting > 0), key=_key)
    guarded = bool(others) and any(line.run >= URGENT_IN_A_ROW for line in urgent)
    return others + urgent if guarded else urgent + others


def after_a_turn(lines: Sequence[Standing], chosen: Standing) -> list[Standing]:
    """The lines after one who waits in `chosen` had the turn."""
    return [_had_the_turn(line) if line.line_id == chosen.line_id else _saw_a_turn(line, chosen) for line in lines]


def ahead(lines: Sequence[Standing], line_id: int, ahead_in_line: int) -> int:
    """How many have their turn before the one with so many in front in its own line, if nobody else comes."""
    own = next(line for line in lines if line.line_id == line_id)
    others = [line for line in lines if line.line_id != line_id and line.waiting > 0]
    if own.urgent:
        ordinary = sum(line.waiting for line in others)
        return ahead_in_line + min(ordinary, (_in_a_row(own) + ahead_in_line) // URGENT_IN_A_ROW)
    before = ahead_in_line + sum(_turns_before(line, own, ahead_in_line) for line in others if not line.urgent)
    return before + sum(_urgent_before(line, before) for line in others if line.urgent)


def _had_the_turn(line: Standing) -> Standing:
    if line.urgent:
        return replace(line, run=line.run + 1, waiting=line.waiting - 1)
    return replace(line, passed=line.passed + 1 / line.weight, waiting=line.waiting - 1)


def _saw_a_turn(line: Standing, chosen: Standing) -> Standing:
    """The others had theirs: urgent ones may go first again."""
    return line if chosen.urgent or not line.urgent else replace(line, run=0)


def _turns_before(other: Standing, own: Standing, ahead_in_line: int) -> int:
    """How many turns the other line has before ours has one more than `ahead_in_line`: reckoned, the last step looked
    at as `in_order` looks at it."""
    ours = _key(own, ahead_in_line)
    steps = (own.passed + ahead_in_line / own.weight - other.passed) * other.weight
    turns = max(math.floor(steps) - 1, 0)
    while turns < other.waiting and _key(other, turns) < ours:
        turns += 1
    return min(turns, other.waiting)


def _urgent_before(urgent: Standing, ordinary_before: int) -> int:
    """Urgent ones before the ordinary one with so many ordinary ones in front."""
    return min(urgent.waiting, max(URGENT_IN_A_ROW * (ordinary_before + 1) - _in_a_row(urgent), 0))


def _in_a_row(urgent: Standing) -> int:
    """While nobody else waited there may have been more; but only one ordinary turn is owed for them."""
    return min(urgent.run, URGENT_IN_A_ROW)


def _key(line: Standing, turns: int = 0) -> tuple[float, int]:
    """Where a line stands after so many turns. Rounded, so that shares that are equal on paper are equal here."""
    return (round(line.passed + turns / line.weight, 6), line.line_id)
