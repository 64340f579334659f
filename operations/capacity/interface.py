"""One insurer's interface, turn by turn: who goes next, under which permit, and when it comes free again.

As in `insurance/quota`: a quota of n has n permits; a turn takes the one that is free first, and it is free again a
window after the answer. Slots bound the calls in flight over all lanes. Celery's brake spaces the turns of a lane. The
lanes that go first do so where a permit is free for several at once. Who would wait too long is held back and told when
to come again, each after those who were told before; whoever is there first when a place comes free has it.
"""

import math
from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace

from operations.capacity.asked import Asked
from operations.capacity.course import NEVER, Course
from operations.capacity.facts import Facts

ASKS, KNOCKS, SETTLES, CONFIRMS = range(4)
"""What can happen beside turns: a patient asks for a trial, those who were held back come again, a bill is accepted, a
settlement is to be told to the network."""


class Quota:
    """n permits, each with the moment from which on it is free; the first to be free first."""

    def __init__(self, n: int, facts: Facts) -> None:
        self.n = n
        self.cooling_seconds = facts.window_seconds + facts.margin_seconds + facts.idle_seconds
        self.free = [0.0] * n

    def take(self, until: float) -> None:
        """The one that is free first, with the answer at `until`."""
        del self.free[0]
        insort(self.free, until + self.cooling_seconds)


@dataclass(slots=True)
class Lane:
    """Who waits for a turn of this kind. `turns` are the moments of turns, by patient."""

    seconds: float
    """How long a turn takes."""
    quota: Quota | None
    gap_seconds: float
    """The brake: so far apart turns are at the least."""
    turns: list[float]
    waiting: deque[tuple[float, int]] = field(default_factory=deque)
    next_at: float = 0.0

    def next_turn(self, slot_free_at: float) -> float:
        """When the first of those who wait may have the turn."""
        permit = self.quota.free[0] if self.quota else 0.0
        return max(self.waiting[0][0], permit, self.next_at, slot_free_at)


class Interface:
    """One insurer and the patients who are insured there; `play` fills in their course."""

    def __init__(self, asked: Asked, facts: Facts, course: Course, *, longest_wait: float = NEVER) -> None:
        """`longest_wait`: the play ends when somebody has waited for longer (seconds)."""
        self.facts, self.course, self.longest_wait = facts, course, longest_wait
        self.close_after = asked.close_after_seconds
        self.limit_seconds = asked.line_minutes * 60 + facts.no_wait_seconds
        self.slots = [0.0] * min(facts.at_once, asked.workers * facts.threads)
        self.shared = Quota(asked.shared_per_minute, facts) if asked.shared_per_minute else None
        trial = self.shared or Quota(asked.n, facts)
        self.trial = self._lane(facts.trial_seconds, trial, asked.workers, course.turn)
        own = Quota(asked.settlement_per_minute, facts) if asked.settlement_per_minute else None
        self.settlement = self._lane(facts.settlement_seconds, self.shared or own, asked.workers, course.settled)
        self.recovery = self._lane(facts.confirming_seconds, self.shared, asked.workers, course.completed)
        self.lanes = (self.recovery, self.settlement, self.trial)
        self.events = [(at, patient, ASKS) for patient, at in enumerate(course.asks) if at < NEVER]
        heapify(self.events)
        self.outside = 0
        self.exceeded = False

    def play(self) -> None:
        """Until nothing is left to do, or it closes, or somebody has waited for too long."""
        while not self.exceeded:
            lane, at = self._next_turn()
            if self.events and self.events[0][0] <= at:
                self._happens(*heappop(self.events))
            elif at < self.close_after:
                self._turn(lane, at)
            else:
                return

    def _lane(self, seconds: float, quota: Quota | None, workers: int, turns: list[float]) -> Lane:
        per_minute = quota.n * self.facts.brake_factor * workers if quota else 0
        gap = self.facts.window_seconds / per_minute if per_minute else 0.0
        return Lane(seconds, quota, gap, turns)

    def _next_turn(self) -> tuple[Lane, float]:
        """The lane whose turn may come first; of several at the same moment, the one that goes first."""
        slot, chosen, earliest = self.slots[0], self.trial, NEVER
        for lane in self.lanes:
            if lane.waiting and (at := lane.next_turn(slot)) < earliest:
                chosen, earliest = lane, at
        return chosen, earliest

    def _turn(self, lane: Lane, at: float) -> None:
        """One turn: the slot and the permit are taken, and what follows is on its way."""
        patient = lane.waiting.popleft()[1]
        ends = at + lane.seconds
        heapreplace(self.slots, ends)
        lane.next_at = at + lane.gap_seconds
        if lane.quota:
            lane.quota.take(ends)
        lane.turns[patient] = at
        if lane is self.trial:
            self._priced(patient, at, ends)
        elif lane is self.settlement:
            self._insured(patient, ends)
        else:
            lane.turns[patient] = ends

    def _priced(self, patient: int, at: float, ends: float) -> None:
        self.course.priced[patient] = ends
        self.exceeded = at - self.course.asks[patient] > self.longest_wait
        accepts = ends + self.facts.accept_seconds
        if self.course.insured[patient]:
            heappush(self.events, (accepts, patient, SETTLES))
        else:
            heappush(self.events, (accepts + self.facts.pay_seconds, patient, CONFIRMS))

    def _insured(self, patient: int, ends: float) -> None:
        self.course.settled[patient] = ends
        pays = self.facts.pay_seconds * self.facts.cash_share
        heappush(self.events, (ends + pays, patient, CONFIRMS))

    def _happens(self, at: float, patient: int, what: int) -> None:
        if what == ASKS:
            self._asks(at, patient)
        elif what == KNOCKS:
            self._knock(at, patient)
        else:
            lane = self.settlement if what == SETTLES else self.recovery
            lane.waiting.append((at + self.facts.wake_seconds, patient))

    def _asks(self, at: float, patient: int) -> None:
        """A place in the line, or to be held back: then to leave, or to come again."""
        if self._again_after(at) == 0:
            self._joins(at, patient)
            return
        self.course.held_back[patient] = True
        if not self.course.gives_up[patient]:
            self._goes_outside(at, patient)

    def _goes_outside(self, at: float, patient: int) -> None:
        heappush(self.events, (at + max(self._again_after(at, self.outside), 1), patient, KNOCKS))
        self.outside += 1

    def _knock(self, at: float, patient: int) -> None:
        """Somebody who was held back comes again, and is told anew when others were faster."""
        self.course.knocks.append((at, 1))
        self.outside -= 1
        if self._again_after(at) == 0:
            self._joins(at, patient)
        elif at < self.close_after:
            self._goes_outside(at, patient)

    def _joins(self, at: float, patient: int) -> None:
        self.course.joined[patient] = at
        self.trial.waiting.append((at + self.facts.wake_seconds, patient))

    def _again_after(self, at: float, outside: int = 0) -> int:
        """0 for who may join now behind so many who are outside, else the seconds after which to come again
        (`insurance/trial/line.py`, `outside.py`)."""
        wait = self._expected_wait(at, outside)
        return 0 if wait <= self.limit_seconds else max(math.ceil(min(wait - self.limit_seconds, 3_600.0)), 1)

    def _expected_wait(self, at: float, outside: int) -> float:
        """What the next one to join is told: whole rounds of permits, then the one that is theirs (`trial/eta.py`)."""
        quota = self.trial.quota
        assert quota is not None
        ahead = len(self.trial.waiting) + outside
        if self.shared:
            ahead = 3 * ahead + min(len(self.settlement.waiting), quota.n) + min(len(self.recovery.waiting), quota.n)
        rounds, skip = divmod(ahead, quota.n)
        free_in = max(quota.free[skip] - at, 0.0)
        if rounds == 0:
            return free_in
        return max(free_in, skip * self.trial.gap_seconds) + rounds * (quota.cooling_seconds + self.trial.seconds)
