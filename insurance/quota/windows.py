"""How many calls stand in a window, from times alone. Pure, in one pass, with no more memory than a window takes.

Times are whole microseconds since 1970. Windows are half-open: (t - 60 s, t]; what came exactly 60 s before t is out.
Of a call two times are known: when it was *sent*, and *until* when it can have arrived.

- By sending: how many were sent in a window (`worst`), and how many calls found n or more others (`over`).
- At the receiver, whatever the network did: in the window that ends at t a call can stand only if it was sent by t and
  can have arrived after t - 60 s, that is, from its sending until 60 s after it can last have arrived. So many stand
  there at once at most (`worst_possible`); a network that meant ill could reach it, none can go beyond.
- Why that is not more than n: a permit carries its next call 60 s after its last one can have arrived, or later
  (`shortest_gap`). So of each permit one call at most stands there, and there are no more permits than n.
"""

import heapq
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SECOND = 1_000_000

Call = tuple[int, int, int]
"""When it was sent, until when it can have arrived, and its permit."""


class Limits:
    """Every n that was in force, and since when; before the first one, the first. None: not limited."""

    def __init__(self, changes: Iterable[tuple[int, int | None]]) -> None:
        """Oldest first; at least one."""
        pairs = list(changes)
        self.since = [at for at, _ in pairs]
        self.n: list[float] = [math.inf if n is None else n for _, n in pairs]
        self.least = min(self.n)

    def at(self, moment: int) -> float:
        """n in force at this moment."""
        return self.n[max(bisect_right(self.since, moment) - 1, 0)]

    def largest(self, after: int, until: int) -> float:
        """The largest n in force in (after, until].

        What a window is measured by: whoever lowers n calls nothing back. What was sent under the old n still stands in
        the window, and who holds a permit of it may still send. Once the change lies a window back, none of it counts.
        """
        first = max(bisect_right(self.since, after) - 1, 0)
        return max(self.n[first : max(bisect_right(self.since, until), first + 1)])


class Window:
    """The sendings of the last window. To be asked in the order of time."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._sent: deque[int] = deque()

    def standing(self, at: int) -> int:
        """How many were sent in the window that ends at this moment."""
        sent, before = self._sent, at - self.length
        while sent and sent[0] <= before:
            sent.popleft()
        return len(sent)

    def add(self, at: int) -> int:
        """One is sent: how many stand in the window that ends with it, itself included."""
        self._sent.append(at)
        return self.standing(at)


class Receiver:
    """The calls that can stand in the receiver's window, each until it is `gone`."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._gone: list[int] = []
        self._in_order: deque[tuple[int, int]] = deque()

    def add(self, sent: int, until: int) -> int:
        """One is sent: how many can stand there then, itself included. Only a sending makes them more."""
        gone = until + self.length
        while self._gone and self._gone[0] <= sent:
            heapq.heappop(self._gone)
        heapq.heappush(self._gone, gone)
        self._in_order.append((sent, gone))
        while self._in_order[0][1] <= sent:
            self._in_order.popleft()
        return len(self._gone)

    def since(self) -> int:
        """When the oldest of them was sent."""
        return self._in_order[0][0]


class Columns:
    """A stretch of time in columns of equal width: of each the calls, the worst window that ended with one of them, and
    the highest number that stood in a window at all.
    """

    def __init__(self, begin: int, width: int, number: int) -> None:
        self.begin, self.width, self.number = begin, width, number
        self.calls: list[int] = []
        self.worst: list[int] = []
        self.level: list[int] = []

    def reach(self, at: int, window: Window) -> None:
        """Time has come so far: what stood in the window when each column began."""
        while len(self.level) < self.number and (start := self.begin + len(self.level) * self.width) <= at:
            self.calls.append(0)
            self.worst.append(0)
            self.level.append(window.standing(start))

    def note(self, standing: int) -> None:
        """A call was sent, and so many stand in its window."""
        self.calls[-1] += 1
        self.worst[-1] = max(self.worst[-1], standing)
        self.level[-1] = max(self.level[-1], standing)


@dataclass(slots=True)
class Found:
    """What a pass found. `in_force` is the n that the worst window is measured by; infinite: not limited."""

    calls: int = 0
    worst: int = 0
    ended: int | None = None
    in_force: float | None = None
    over: int = 0
    worst_possible: int = 0
    over_possible: int = 0
    permits_used: int = 0
    shortest_gap: int | None = None


class Pass:
    """One pass over the calls of a quota, in the order in which they were sent.

    What was sent before `begin` stands in the windows after it and is not counted otherwise.
    """

    def __init__(self, limits: Limits, length: int, begin: int = 0, columns: Sequence[Columns] = ()) -> None:
        self.limits, self.begin, self.columns = limits, begin, columns
        self.window, self.receiver = Window(length), Receiver(length)
        self.found = Found()
        self._until: dict[int, int] = {}
        self._used: set[int] = set()

    def add(self, call: Call) -> None:
        """The next call."""
        sent, until, permit = call
        for each in self.columns:
            each.reach(sent, self.window)
        standing, possible = self.window.add(sent), self.receiver.add(sent, until)
        gap = self._gap(sent, until, permit)
        if sent < self.begin:
            return
        self.found.calls += 1
        self._used.add(permit)
        self._sent(sent, standing)
        self._possible(sent, possible)
        if gap is not None and (self.found.shortest_gap is None or gap < self.found.shortest_gap):
            self.found.shortest_gap = gap
        for each in self.columns:
            each.note(standing)

    def end(self, at: int) -> Found:
        """Everything that was sent until then has been added."""
        for each in self.columns:
            each.reach(at, self.window)
        self.found.permits_used = len(self._used)
        return self.found

    def _gap(self, sent: int, until: int, permit: int) -> int | None:
        """How long after the permit's last call can have arrived; negative: before that."""
        before = self._until.get(permit)
        self._until[permit] = until if before is None else max(until, before)
        return None if before is None else sent - before

    def _sent(self, sent: int, standing: int) -> None:
        since = sent - self.window.length
        if standing > self.found.worst:
            self.found.worst, self.found.ended = standing, sent
            self.found.in_force = self.limits.largest(since, sent)
        if standing > self.limits.least and standing > self.limits.largest(since, sent):
            self.found.over += 1

    def _possible(self, sent: int, possible: int) -> None:
        """Measured by the largest n that any of those who can stand there may have been sent under."""
        self.found.worst_possible = max(self.found.worst_possible, possible)
        if possible > self.limits.least:
            since = self.receiver.since() - self.window.length
            self.found.over_possible += possible > self.limits.largest(since, sent)


def prove(
    calls: Iterable[Call], limits: Limits, *, length: int, begin: int, end: int, columns: Sequence[Columns] = ()
) -> Found:
    """What stood in the windows of the calls from `begin` to `end`; earlier ones may come first."""
    one = Pass(limits, length, begin, columns)
    for call in calls:
        one.add(call)
    return one.end(end)
