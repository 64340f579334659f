"""What stands in a window, against counting by hand and against networks that do what they like."""

import random
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.quota.windows import SECOND, Call, Columns, Found, Limits, Window, prove

WINDOW = 60 * SECOND
LONG = 100_000 * SECOND


def at(*seconds: float) -> list[Call]:
    """Calls sent then and answered at once, each under a permit of its own."""
    return [(round(second * SECOND), round(second * SECOND), permit) for permit, second in enumerate(seconds)]


def proved(calls: Iterable[Call], *changes: tuple[int, int | None], begin: int = 0, end: int = LONG) -> Found:
    return prove(calls, Limits(changes or [(0, 3)]), length=WINDOW, begin=begin, end=end)


def counted(*seconds: float) -> tuple[int, int, float | None]:
    found = proved(at(*seconds))
    return found.calls, found.worst, None if found.ended is None else found.ended / SECOND


def test_nothing_sent_is_nothing_wrong() -> None:
    assert counted() == (0, 0, None)


def test_the_window_is_half_open() -> None:
    assert counted(0, 60) == (2, 1, 0)
    assert counted(0, 59.999) == (2, 2, 59.999)


def test_the_first_worst_window_is_named() -> None:
    assert counted(0, 10, 100, 110, 120, 300, 301, 302) == (8, 3, 120)


@given(st.lists(st.integers(0, 600), max_size=60).map(sorted))
def test_it_is_the_most_in_any_sixty_seconds(seconds: list[int]) -> None:
    by_hand = max((sum(end - 60 < other <= end for other in seconds) for end in seconds), default=0)
    assert counted(*seconds)[:2] == (len(seconds), by_hand)


def test_windows_that_begin_before_the_day_count_but_their_calls_do_not() -> None:
    found = proved(at(0, 10, 61, 65), begin=60 * SECOND)
    assert (found.calls, found.worst, found.ended) == (2, 3, 65 * SECOND)


# --- n, and what was over it ----------------------------------------------------------------------


def test_n_is_the_last_one_set_and_before_the_first_the_first() -> None:
    limits = Limits([(100, 5), (200, None), (300, 2)])
    assert [limits.at(moment) for moment in (0, 100, 199, 200, 300)] == [5, 5, 5, float("inf"), 2]
    assert limits.largest(250, 299) == float("inf")
    assert [limits.largest(*ends) for ends in ((300, 400), (0, 100), (-9, -1))] == [2, 5, 5]


def test_who_finds_n_others_is_over() -> None:
    assert [proved(at(0, 1, 2, last)).over for last in (59.9, 60)] == [1, 0]


def test_after_n_is_lowered_the_old_one_holds_for_a_window() -> None:
    lowered = ((0, 3), (10 * SECOND, 1))
    assert proved(at(8, 9, 11), *lowered).over == 0, "one that left under the old n still stands there"
    assert proved(at(68, 69), *lowered).over == 0
    assert proved(at(70, 71), *lowered).over == 1


def test_after_n_is_raised_the_new_one_holds_at_once() -> None:
    assert [proved(at(0, 1, 2), (0, 2), (since, 3)).over for since in (2 * SECOND, 2 * SECOND + 1)] == [0, 1]


def test_where_nothing_is_limited_nothing_is_over() -> None:
    found = proved(at(*range(50)), (0, None))
    assert (found.worst, found.over, found.in_force) == (50, 0, float("inf"))


changes = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6)), min_size=1, max_size=6).map(sorted)


@given(st.lists(st.integers(0, 300), max_size=40).map(sorted), changes)
def test_over_is_counted_as_by_hand(seconds: list[int], changed: list[tuple[int, int]]) -> None:
    over = 0
    for place, end in enumerate(seconds):
        others = sum(end - 60 < other for other in seconds[:place])
        before = [n for since, n in changed if since <= end - 60][-1:] or [changed[0][1]]
        over += others >= max(before + [n for since, n in changed if end - 60 < since <= end])
    assert proved(at(*seconds), *((since * SECOND, n) for since, n in changed)).over == over


def test_a_token_bucket_goes_over() -> None:
    """Negative control: full at the start, it lets n through at once and n more within the same minute."""
    n = 100
    burst_and_drip = [0.0] * n + [0.6 * (place + 1) for place in range(n)]
    found = proved(at(*burst_and_drip), (0, n))
    assert (found.worst, found.over) == (199, n - 1)


# --- at the receiver ------------------------------------------------------------------------------

intervals = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=25).map(sorted)


def calls_of(spans: list[tuple[int, int]]) -> list[Call]:
    return [(sent * SECOND, (sent + way) * SECOND, permit) for permit, (sent, way) in enumerate(spans)]


@given(intervals, st.randoms())
def test_no_network_brings_more_than_can_stand_there(spans: list[tuple[int, int]], draw: random.Random) -> None:
    arrivals = sorted(sent + draw.uniform(0, way) for sent, way in spans)
    assert counted(*arrivals)[1] <= proved(calls_of(spans)).worst_possible


@given(intervals)
def test_a_network_that_means_ill_brings_as_many(spans: list[tuple[int, int]]) -> None:
    calls = calls_of(spans)
    most = 0
    for end, _, _ in calls:
        held_back = [max(sent, min(until, end - WINDOW + 1)) for sent, until, _ in calls]
        most = max(most, sum(end - WINDOW < arrival <= end for arrival in held_back))
    assert proved(calls).worst_possible == most


def by_permits(n: int, draw: random.Random, rest: float = 60.0) -> list[Call]:
    """n permits, each used again as soon as it has rested, with answers after a random time."""
    calls = []
    for permit in range(n):
        sent = draw.uniform(0, 60)
        for _ in range(10):
            until = sent + draw.choice((0.05, draw.uniform(0, 3), 15.0))
            calls.append((round(sent * SECOND), round(until * SECOND), permit))
            sent = until + rest
    return sorted(calls)


@given(st.integers(1, 20), st.randoms())
def test_permits_cannot_go_over_whatever_the_network_does(n: int, draw: random.Random) -> None:
    found = proved(by_permits(n, draw), (0, n))
    assert found.over_possible == found.over == 0
    assert found.worst_possible == found.permits_used == n
    assert found.shortest_gap is not None and abs(found.shortest_gap - WINDOW) <= 2


@given(st.integers(2, 20), st.randoms())
def test_permits_that_rest_too_short_can(n: int, draw: random.Random) -> None:
    """Negative control."""
    found = proved(by_permits(n, draw, rest=55.0), (0, n))
    assert found.over_possible > 0 and found.worst_possible > n
    assert found.shortest_gap is not None and found.shortest_gap < WINDOW


def test_the_time_of_sending_hides_what_the_receiver_may_see() -> None:
    """60 s apart when they left; the first one was long on its way."""
    calls = [(0, 5 * SECOND, 1), (60 * SECOND, 60 * SECOND, 2)]
    found = proved(calls, (0, 1))
    assert (found.worst, found.over) == (1, 0)
    assert (found.worst_possible, found.over_possible) == (2, 1)


def test_a_permit_used_twice_within_a_window_is_found() -> None:
    calls = [(0, SECOND, 7), (SECOND, SECOND, 8), (60 * SECOND, 61 * SECOND, 7), (121 * SECOND, 121 * SECOND, 7)]
    found = proved(calls, (0, 3))
    assert (found.shortest_gap, found.permits_used) == (59 * SECOND, 2)


def test_a_permit_used_while_its_call_is_out_has_rested_less_than_nothing() -> None:
    assert proved([(0, 10 * SECOND, 1), (SECOND, 2 * SECOND, 1)]).shortest_gap == -9 * SECOND


def test_lowering_n_takes_back_no_call_at_the_receiver_either() -> None:
    """Sent before n was lowered and long on their way, they stand there more than a window after."""
    lowered = ((0, 2), (SECOND, 1))
    calls = [(0, 15 * SECOND, 1), (0, 15 * SECOND, 2), (74 * SECOND, 74 * SECOND, 3)]
    found = proved(calls, *lowered)
    assert (found.worst_possible, found.over_possible) == (3, 1), "a third one was never allowed"
    assert proved(calls[1:], *lowered).over_possible == 0


# --- columns --------------------------------------------------------------------------------------


def test_columns_tell_what_was_sent_in_each_and_what_stood_there() -> None:
    columns = Columns(0, 60 * SECOND, 4)
    prove(at(10, 50, 119, 200), Limits([(0, 3)]), length=WINDOW, begin=0, end=LONG, columns=[columns])
    assert columns.calls == [2, 1, 0, 1]
    assert columns.worst == [2, 1, 0, 1]
    assert columns.level == [2, 2, 1, 1], "what was sent before a column stands in the windows it begins with"


def test_columns_go_as_far_as_time_has_come() -> None:
    columns = Columns(0, 60 * SECOND, 24)
    prove(at(10), Limits([(0, 3)]), length=WINDOW, begin=0, end=150 * SECOND, columns=[columns])
    assert columns.level == [1, 1, 0]


@given(st.lists(st.integers(0, 599), max_size=40).map(sorted), st.integers(1, 90))
def test_the_highest_column_is_the_worst_window(seconds: list[int], width: int) -> None:
    columns = Columns(0, width * SECOND, 600 // width + 1)
    found = prove(at(*seconds), Limits([(0, 3)]), length=WINDOW, begin=0, end=600 * SECOND, columns=[columns])
    assert max(columns.level) == max(columns.worst) == found.worst
    assert sum(columns.calls) == len(seconds)


def test_many_calls_take_no_more_memory_than_a_window() -> None:
    def calls() -> Iterable[Call]:
        for place in range(50_000):
            yield place * SECOND // 2, place * SECOND // 2 + 100_000, place % 121

    tracemalloc.start()
    found = proved(calls(), (0, 121))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.calls, found.over_possible) == (50_000, 0)
    assert most < 100_000, f"{most} bytes"


def test_a_window_can_be_asked_between_sendings() -> None:
    window = Window(WINDOW)
    assert [window.standing(0), window.add(SECOND), window.standing(61 * SECOND - 1)] == [0, 1, 1]
    assert window.standing(61 * SECOND) == 0


def test_limits_need_one() -> None:
    with pytest.raises(ValueError, match="empty"):
        Limits([])
