"""The lane in front of Django: in order, bounded, and a quick no beyond."""

import threading

import pytest

from config.door import lanes
from config.door.lanes import Busy, Lane


def let_in(lane: Lane, count: int, gate: threading.Event, order: list[int]) -> list[threading.Thread]:
    """So many, one after the other, who work until the gate opens."""
    threads = []
    for number in range(count):
        inside = lane._inside
        thread = threading.Thread(target=lane.run, args=(lambda n=number: (gate.wait(10), order.append(n)),))
        thread.start()
        threads.append(thread)
        while lane._inside == inside:
            pass
    return threads


def test_first_come_first_served_and_beyond_that_busy_at_once() -> None:
    lane, gate, order = Lane("t", threads=1, waiting=3), threading.Event(), []
    assert lane.run(lambda: 1) == 1
    threads = let_in(lane, 4, gate, order)
    with pytest.raises(Busy):
        lane.run(lambda: 1)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3]
    assert lane.run(lambda: 2) == 2, "there is room again"


def test_without_a_bound_everybody_waits() -> None:
    """Negative control: what is refused above would otherwise stand in the queue."""
    lane, gate, order = Lane("t", threads=1, waiting=100), threading.Event(), []
    threads = let_in(lane, 5, gate, order)
    assert order == []
    gate.set()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]


def test_what_goes_wrong_belongs_to_whoever_asked() -> None:
    lane = Lane("t", threads=2, waiting=0)
    with pytest.raises(ZeroDivisionError):
        lane.run(lambda: 1 / 0)
    assert lane.run(lambda: "still working") == "still working"


def test_whoever_has_waited_too_long_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "LONGEST_WAIT_SECONDS", -1.0)
    begun: list[int] = []
    with pytest.raises(Busy):
        Lane("t", threads=1, waiting=1).run(lambda: begun.append(1))
    assert begun == []
