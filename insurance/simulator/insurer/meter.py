"""What the insurer counts: calls, and the arrivals of the metered transactions."""

import time
from collections import Counter
from collections.abc import Iterable

from insurance.simulator.insurer.arrivals import Arrivals
from insurance.simulator.money import JsonObject

ALL = "all"
SECOND = 1_000_000_000


class Meter:
    """Arrivals per metered transaction and over all of them together.

    `2206` and `2206A` are one transaction (protocol 2.6) and are counted under the name given in `metered`.
    """

    def __init__(self, metered: Iterable[str], per_minute: int, window_seconds: float) -> None:
        self.per_minute = per_minute
        self.window_seconds = window_seconds
        self.names = {name.removesuffix("A"): name for name in metered}
        # Arrivals are kept on the monotonic clock and shown on the wall clock.
        self._wall_offset_ns = time.time_ns() - time.monotonic_ns()
        self.in_flight = 0  # outlives a reset: those calls will still leave
        self.reset()

    def reset(self) -> None:
        window_ns = round(self.window_seconds * SECOND)
        self.arrivals = {name: Arrivals(self.per_minute, window_ns) for name in (*self.names.values(), ALL)}
        self.calls: Counter[str] = Counter()
        self.in_flight_max = 0
        self.lost = 0
        self.refused = 0

    def arrive(self, infno: str, msgid: str, at_ns: int) -> bool:
        """Record an arrival; true if it found n or more others of its transaction in the window."""
        self.calls[infno] += 1
        name = self.names.get(infno.removesuffix("A"))
        if name is None:
            return False
        self.arrivals[ALL].add(at_ns, msgid)
        return self.arrivals[name].add(at_ns, msgid) >= self.per_minute

    def enter(self) -> None:
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)

    def leave(self) -> None:
        self.in_flight -= 1

    def shown(self, with_arrivals: bool) -> JsonObject:
        """The answer of `GET /_stats`; times are wall-clock seconds."""
        now_ns = time.monotonic_ns()
        stats: JsonObject = {
            "per_minute": self.per_minute,
            "window_seconds": self.window_seconds,
            "metered": {name: self._summary(each) for name, each in self.arrivals.items()},
            "calls": dict(self.calls),
            "in_flight_max": self.in_flight_max,
            "lost": self.lost,
            "refused": self.refused,
            "last_window": {name: each.in_last_window(now_ns) for name, each in self.arrivals.items()},
        }
        if with_arrivals:
            stats["arrivals"] = {name: self._list(self.arrivals[name]) for name in self.names.values()}
        return stats

    def _summary(self, each: Arrivals) -> JsonObject:
        return {
            "arrivals": len(each.times),
            "worst_window": each.worst_window,
            "over_limit": each.over_limit,
            "first_at": self._wall(each.times[0]) if each.times else None,
            "last_at": self._wall(each.times[-1]) if each.times else None,
        }

    def _list(self, each: Arrivals) -> list[JsonObject]:
        rows = zip(each.times, each.msgids, strict=True)
        return [{"at": self._wall(at_ns), "msgid": msgid} for at_ns, msgid in rows]

    def _wall(self, at_ns: int) -> float:
        return (at_ns + self._wall_offset_ns) / SECOND
