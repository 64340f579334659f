"""The worst 60 seconds, against counting by hand."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from insurance.quota.proof import worst_window

BEGIN = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(*seconds: float) -> list[datetime]:
    return [BEGIN + timedelta(seconds=second) for second in seconds]


def test_nothing_sent_is_nothing_wrong() -> None:
    assert worst_window([]) == (0, 0, None)


def test_the_window_is_half_open() -> None:
    assert worst_window(at(0, 60)) == (2, 1, BEGIN)
    assert worst_window(at(0, 59.999)) == (2, 2, BEGIN + timedelta(seconds=59.999))


def test_the_first_worst_window_is_named() -> None:
    count, worst, ended_at = worst_window(at(0, 10, 100, 110, 120, 300, 301, 302))
    assert (count, worst, ended_at) == (8, 3, BEGIN + timedelta(seconds=120))


@given(st.lists(st.integers(0, 600), max_size=60).map(sorted))
def test_it_is_the_most_in_any_sixty_seconds(seconds: list[int]) -> None:
    by_hand = max((sum(end - 60 < other <= end for other in seconds) for end in seconds), default=0)
    count, worst, _ = worst_window(at(*seconds))
    assert (count, worst) == (len(seconds), by_hand)
