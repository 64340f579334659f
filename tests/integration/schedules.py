"""Random schedules of what workers, networks, staff, servers and clocks do, driven through the permits' real SQL.

Time is simulated; what counts is what the receiver sees: `crowded` lists the arrivals that found n others before them.
"""

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from insurance.models import Permit, Quota
from insurance.quota import clock, limits, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.quota.permits import Held
from tests.integration.false_clock import Clocks

TURN_SECONDS = 30.0
CALL_SECONDS = 10.0
HORIZON_SECONDS = 300.0
WORKERS = 3
RECEIVERS_WINDOW = 60.0

EVENTS = ("limit", "step", "restart", "reboot", "fail over")
ROWS = ("free_at", "taken_at", "held", "takings", "retired")


@dataclass
class Schedule:
    """One run. `n` of the quota changes as staff will; the receiver keeps its own clock."""

    clocks: Clocks
    draw: random.Random
    insurer: Insurer
    events: tuple[str, ...] = EVENTS
    n: int = 3
    arrivals: list[tuple[float, float]] = field(default_factory=list)
    """(arrived at, permit taken at)"""
    limits: list[tuple[float, int]] = field(default_factory=list)
    agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    scheduled: int = 0
    generation: int = 0
    """Counted up when all workers die: what an earlier one still held is never given back."""
    lost: list[tuple[int, dict[str, object]]] = field(default_factory=list)
    """The permits as they were before the last call was noted, by id."""

    def run(self) -> "Schedule":
        quota = self.quota()
        limits.set_limit(quota, self.n)
        self.limits.append((0.0, self.n))
        for _ in range(WORKERS):
            self._worker_at(self.draw.uniform(0, 2))
        for _ in range(self.draw.randrange(1, 7)):
            self._at(self.draw.uniform(0, HORIZON_SECONDS), self._something_happens)
        while self.agenda:
            at, _, act = heapq.heappop(self.agenda)
            if at > HORIZON_SECONDS:
                break
            self.clocks.at(at)
            act()
        return self

    def crowded(self) -> list[tuple[float, int, int]]:
        """(arrived at, how many stood in its window with it, how many might): every arrival that was too much."""
        seen = sorted(self.arrivals)
        times = [at for at, _ in seen]
        found = []
        for place, (at, taken_at) in enumerate(seen):
            count = place + 1 - bisect_right(times, at - RECEIVERS_WINDOW)
            allowed = self._most_in_force(taken_at, at)
            if count > allowed:
                found.append((at, count, allowed))
        return found

    def quota(self) -> Quota:
        quota = permits.quota_of(Lane.TRIAL, self.insurer)
        return quota or Quota.objects.get(insurer=self.insurer)

    # --- workers ---------------------------------------------------------------------------------

    def _worker_at(self, at: float) -> None:
        generation = self.generation
        self._at(at, lambda: self._work() if generation == self.generation else None)

    def _work(self) -> None:
        before = list(Permit.objects.filter(quota__insurer=self.insurer).values("id", *ROWS))
        held = permits.take(Lane.TRIAL, turn_seconds=TURN_SECONDS, insurer=self.insurer)
        if held is None:
            wait = permits.free_in_seconds(self.quota()) or 0.0
            self._worker_at(
                self.clocks.seconds + (min(wait, 20.0) + 0.01 if wait > 0 else 5.0) + self.draw.random() / 5
            )
            return
        self.lost = [(row.pop("id"), row) for row in before]
        self._send(held)

    def _send(self, held: Held) -> None:
        """What `exchange` does: nothing leaves after the permit's time; until when it may arrive is noted first."""
        now = self.clocks.seconds
        leaves_at = now + self.draw.choice((0.0, 0.0, 0.5, self.draw.uniform(0, TURN_SECONDS - 1)))
        limit = min(held.ends_at - leaves_at, CALL_SECONDS)
        fate = self.draw.choices(("answered", "lost", "killed", "unused"), (8, 2, 1, 1))[0]
        if fate == "unused":
            self._at(leaves_at, lambda: self._back(held))
            return
        held.arrives_until = leaves_at + limit + permits.LATE_SECONDS
        if fate == "answered":
            arrives, answered = sorted(self.draw.uniform(0, self.draw.choice((0.05, 1.0, limit))) for _ in range(2))
            self._arrive(leaves_at + arrives, now)
            self._at(leaves_at + answered, lambda: self._back(held, arrived=True))
            return
        if self.draw.random() < 0.8:
            self._arrive(leaves_at + self.draw.uniform(0, limit + permits.LATE_SECONDS), now)
        if fate == "lost":
            self._at(leaves_at + limit, lambda: self._back(held))
        else:
            self._worker_at(leaves_at + 1)

    def _back(self, held: Held, *, arrived: bool = False) -> None:
        if arrived:
            held.arrives_until = self.clocks.seconds
        permits.free(held)
        self._worker_at(self.clocks.seconds + 0.01)

    def _arrive(self, at: float, taken_at: float) -> None:
        self.arrivals.append((at, taken_at))

    # --- everything else -------------------------------------------------------------------------

    def _something_happens(self) -> None:
        match self.draw.choice(self.events):
            case "limit":
                self.n = self.draw.randrange(6)
                limits.set_limit(self.quota(), self.n)
                self.limits.append((self.clocks.seconds, self.n))
                self.lost = []  # what a failover loses are the last commits: not an earlier one alone
            case "step":
                self.clocks.step(self.draw.choice((-60, -20, -3, -0.3, 0.3, 3, 20, 59, 60)))
            case "restart":
                self._restart()
            case "reboot":
                self.clocks.host += 1
                self.clocks.step(self.draw.choice((-60, 0, 20, 60)))
                self._restart()
            case "fail over":
                self._fail_over()

    def _restart(self) -> None:
        """All workers are killed at once; what they had sent is on its way all the same."""
        self.generation += 1
        clock.watch.forget()
        agenda, self.agenda = self.agenda, []
        for event in agenda:
            if event[2] == self._something_happens:
                self._at(event[0], event[2])
        for _ in range(WORKERS):
            self._worker_at(self.clocks.seconds + self.draw.uniform(0.1, 3))

    def _fail_over(self) -> None:
        """The new server has not seen the last commit, and its clock is another."""
        for pk, row in self.lost:
            Permit.objects.filter(pk=pk).update(**row)
        self.clocks.fail_over()
        self.clocks.step(self.draw.choice((-60, -1, 0, 1, 60)))

    def _at(self, at: float, act: Callable[[], None]) -> None:
        self.scheduled += 1
        heapq.heappush(self.agenda, (at, self.scheduled, act))

    def _most_in_force(self, since: float, until: float) -> int:
        """The largest n that was in force at any moment between the two."""
        before = [n for at, n in self.limits if at <= since][-1]
        return max([before, *(n for at, n in self.limits if since < at <= until)])
