"""The lane in front of Django: in order, bounded, and a quick no beyond."""

import threading
from collections.abc import Sequence

import pytest

from config.door import lanes
from config.door.lanes import Busy, Lane, SharedLane


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


def test_who_waits_together_is_served_together_up_to_so_many() -> None:
    rounds: list[list[int]] = []
    gate, inside = threading.Event(), threading.Event()

    def act(asked: Sequence[int]) -> Sequence[int]:
        inside.set()
        gate.wait(10)
        rounds.append(list(asked))
        return [10 * one for one in asked]

    lane = SharedLane("t", act, most_together=3, waiting=9)
    results: dict[int, int] = {}
    threads = [threading.Thread(target=lambda n=n: results.update({n: lane.run(n)})) for n in range(6)]
    threads[0].start()
    assert inside.wait(10)
    for thread in threads[1:]:
        count = lane._inside
        thread.start()
        while lane._inside == count:
            pass
    gate.set()
    for thread in threads:
        thread.join(10)
    assert rounds == [[0], [1, 2, 3], [4, 5]]
    assert results == {n: 10 * n for n in range(6)}, "each has its own answer"


def test_several_threads_of_a_shared_lane_do_not_wait_for_each_other() -> None:
    """Control: with one thread the second is not begun while the first stands."""
    for threads, begun in ((2, True), (1, False)):
        gate, second = threading.Event(), threading.Event()

        def act(asked: Sequence[str], gate: threading.Event = gate, second: threading.Event = second) -> Sequence[str]:
            if asked[0] == "second":
                second.set()
            else:
                gate.wait(10)
            return asked

        lane = SharedLane("t", act, most_together=1, waiting=3, threads=threads)
        waiting = [threading.Thread(target=lane.run, args=(name,)) for name in ("first", "second")]
        for thread in waiting:
            inside = lane._inside
            thread.start()
            while lane._inside == inside and not second.is_set():
                pass
        assert second.wait(5 if begun else 0.1) == begun
        gate.set()
        for thread in waiting:
            thread.join(10)
