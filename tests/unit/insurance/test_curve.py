"""Points to paths."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.quota import curve
from insurance.quota.curve import ABOVE, BELOW, HEIGHT, LEFT, RIGHT, WIDTH, Frame

FRAME = Frame(0, 676, 100)  # 676 units between the margins: one a second
FLOOR, CEILING = HEIGHT - BELOW, ABOVE


def test_a_frame_goes_from_corner_to_corner() -> None:
    assert (FRAME.x(0), FRAME.x(676)) == (LEFT, WIDTH - RIGHT)
    assert (FRAME.y(0), FRAME.y(100)) == (FLOOR, CEILING)


def test_each_number_holds_until_the_next() -> None:
    path = curve.path(FRAME, [(0, 0), (10, 50), (20, 100)])
    assert path == "M36.0 180.0 H46.0 V94.0 H56.0 V8.0 H712.0"


def test_what_repeats_is_left_out() -> None:
    assert curve.path(FRAME, [(0, 50), (10, 50), (20, 50)]) == "M36.0 94.0 H712.0"


def test_where_there_is_no_number_there_is_no_line() -> None:
    assert curve.path(FRAME, [(0, None), (10, 50), (20, None), (30, 0)]) == "M46.0 94.0 H56.0 M66.0 180.0 H712.0"
    assert curve.path(FRAME, [(0, None)]) == curve.path(FRAME, []) == ""


def test_what_held_before_the_picture_begins_at_its_edge() -> None:
    assert curve.path(FRAME, [(-500, 50), (-400, 100)]) == "M36.0 94.0 H36.0 V8.0 H712.0"


def test_a_drawing_leaves_air_above_the_highest_and_closes_the_area() -> None:
    drawn = curve.drawing(curve.columns(0, 60, [0, 80, 40]), [(0, 100)], 180, [(60, "08:00")])
    assert drawn.limit.startswith("M36.0 ") and float(drawn.limit.split()[1]) > CEILING
    assert drawn.area == f"{drawn.line} V180.0 H36.0 Z"
    assert drawn.times == [("261.3", "08:00")]
    assert [text for _, text in drawn.numbers] == ["0", "50", "100"]


def test_nothing_that_happened_can_be_drawn_too() -> None:
    drawn = curve.drawing(curve.columns(0, 60, [0, 0]), [(0, None)], 120, [])
    assert (drawn.line, drawn.limit) == ("M36.0 180.0 H712.0", "")
    assert drawn.numbers[0] == ("180.0", "0")


def test_no_points_are_no_picture() -> None:
    with pytest.raises(IndexError):
        curve.drawing([], [], 1, [])


@given(st.floats(0.5, 1e7))
def test_round_numbers_are_few_and_evenly_spaced(top: float) -> None:
    numbers = list(curve.round_numbers(top))
    assert numbers[0] == 0 and numbers[-1] <= top
    assert len(numbers) <= curve.MOST_LINES + 1
    assert len({after - before for before, after in pairwise(numbers)}) <= 1


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50))
def test_a_curve_stays_within_its_frame(numbers: list[int]) -> None:
    drawn = curve.drawing(curve.columns(0, 1, numbers), [(0, 500)], len(numbers), [])
    for token in drawn.line.split():
        if token[0] == "V":
            assert CEILING <= float(token[1:]) <= FLOOR
        if token[0] == "H":
            assert LEFT <= float(token[1:]) <= WIDTH - RIGHT
