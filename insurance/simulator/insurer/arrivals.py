"""Count arrivals in a sliding window, exactly, while they come (protocol 4: "n per minute")."""

from bisect import bisect_left, bisect_right


class Arrivals:
    """The arrivals of one metered transaction.

    `count` of an arrival at t is the number of arrivals in (t - window, t], itself included; the largest count
    is also the most arrivals in any half-open window. Times are integer nanoseconds, so that no rounding can
    move an arrival across the edge of a window.
    """

    def __init__(self, limit: int, window_ns: int) -> None:
        self.limit = limit
        self.window_ns = window_ns
        self.times: list[int] = []
        self.msgids: list[str] = []
        self.counts: list[int] = []
        self.worst_window = 0
        self.over_limit = 0

    def add(self, at_ns: int, msgid: str = "") -> int:
        """Record one arrival; the answer is how many *others* were in the window before it.

        Arrivals nearly always come in order. One whose body was slow is put in its place, and the few after
        it are counted up.
        """
        place = bisect_right(self.times, at_ns)
        count = place - bisect_right(self.times, at_ns - self.window_ns) + 1
        self.times.insert(place, at_ns)
        self.msgids.insert(place, msgid)
        self.counts.insert(place, count)
        self.over_limit += count > self.limit
        self.worst_window = max(self.worst_window, count)
        for later in range(place + 1, bisect_left(self.times, at_ns + self.window_ns)):
            self._count_up(later)
        return count - 1

    def _count_up(self, place: int) -> None:
        self.counts[place] += 1
        self.over_limit += self.counts[place] == self.limit + 1
        self.worst_window = max(self.worst_window, self.counts[place])

    def in_last_window(self, now_ns: int) -> int:
        return len(self.times) - bisect_right(self.times, now_ns - self.window_ns)
