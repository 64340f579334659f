"""What goes wrong and when: a schedule drawn from a seed, so that a run can be repeated. No Django, no processes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tests.acceptance import scaled

ANSWERS = (
    *(
        {"infno": "2206A", "kind": "slow", "seconds": seconds, "share": share}
        for seconds, share in ((0.05, 1 / 5), (0.1, 1 / 4), (0.2, 1 / 3), (0.3, 1 / 2), (0.4, 1.0))
    ),
    {"kind": "slow", "seconds": 0.05},
)
"""The insurer answers a trial after 0.05 to 0.4 s, each of five times as often as the others, all else after 0.05 s."""

TURN_TIMEOUTS = 3
"""A turn may send for so many time limits of a call (`exchange.TURN_TIMEOUTS`)."""


@dataclass(frozen=True)
class Pace:
    """How fast time goes: the window, the limit of a call, how late it may arrive, a lease, the workers' own timer."""

    window_seconds: float = 60.0
    timeout_seconds: int = 10
    late_seconds: float = 5.0
    lease_seconds: int = 50
    timer_seconds: float = 15.0

    @property
    def turn_seconds(self) -> float:
        """How long a permit may be sent under."""
        return float(TURN_TIMEOUTS * self.timeout_seconds)

    @property
    def permit_seconds(self) -> float:
        """After so long a permit that nobody gave back is somebody else's."""
        return self.turn_seconds + self.late_seconds + self.window_seconds

    def variables(self) -> dict[str, str]:
        """What the processes are told. At real speed nothing but the time limit: they run as in production."""
        told = {"INSURANCE_TIMEOUT_SECONDS": str(self.timeout_seconds)}
        if self == REAL:
            return told
        return told | {
            scaled.WINDOW: str(self.window_seconds),
            scaled.LATE: str(self.late_seconds),
            scaled.LEASE: str(self.lease_seconds),
            scaled.TIMER: str(self.timer_seconds),
        }


REAL = Pace()


class Fault(StrEnum):
    KILL = "SIGKILL"
    FREEZE = "SIGSTOP"
    THAW = "SIGCONT"
    RESIZE = "n"
    CALM = "calm"


@dataclass(frozen=True, order=True)
class Event:
    """One fault, `at` seconds after the beginning, on these processes. What is killed is started again at once."""

    at: float
    fault: Fault
    names: tuple[str, ...] = ()
    n: int = 0


@dataclass(frozen=True)
class Plan:
    """A run: `seconds` of faults, a kill `every_seconds`, over a line of `patients` at n a window."""

    seed: int
    seconds: float
    every_seconds: float
    patients: int
    n: int
    pace: Pace = REAL
    workers: int = 3
    settlements: int = 0
    kinds: frozenset[Fault] = frozenset({Fault.FREEZE})
    """What comes beside the kills: FREEZE, RESIZE."""
    calm_seconds: float = 120.0
    """How long to wait, after the last fault, for those who were interrupted."""

    @property
    def crew(self) -> tuple[str, ...]:
        """The names of the workers."""
        return tuple(f"insurance{number}" for number in range(1, self.workers + 1))

    @property
    def round_seconds(self) -> float:
        """Every kind of fault comes once a round."""
        return min(self.seconds, 1.5 * self.freeze_seconds)

    @property
    def freeze_seconds(self) -> float:
        """So long that the permit in a frozen worker's hand has become somebody else's."""
        return self.pace.permit_seconds + 0.1 * self.pace.window_seconds


@dataclass(frozen=True)
class Frozen:
    """A worker that stands still for a while."""

    name: str
    since: float
    until: float


def schedule(plan: Plan) -> list[Event]:
    """All faults in order, and when the calm begins. A worker that is frozen is not killed: it must live to wake."""
    chance = random.Random(plan.seed)
    frozen = list(_frozen(plan, chance))
    events = [*_kills(plan, chance, frozen), *_rounds(plan, chance, frozen), Event(plan.seconds, Fault.CALM)]
    for one in frozen:
        events += [Event(one.since, Fault.FREEZE, (one.name,)), Event(one.until, Fault.THAW, (one.name,))]
    return sorted(events)


def _kills(plan: Plan, chance: random.Random, frozen: list[Frozen]) -> Iterator[Event]:
    for number in range(1, round(plan.seconds / plan.every_seconds)):
        at = number * plan.every_seconds
        yield Event(at, Fault.KILL, (chance.choice(_standing(plan, frozen, at)),))


def _rounds(plan: Plan, chance: random.Random, frozen: list[Frozen]) -> Iterator[Event]:
    """In each round: beat and general die, once each; n is lowered and raised; everything dies at once."""
    for begins in _round_starts(plan):
        moments = [begins + share * plan.round_seconds for share in (0.2, 0.4, 0.65, 0.85, 0.95)]
        lowered, first, second, all_at_once, raised = moments
        for name, at in zip(chance.sample(["beat", "general"], 2), (first, second), strict=True):
            yield Event(at, Fault.KILL, (name,))
        yield Event(all_at_once, Fault.KILL, ("beat", "general", *_standing(plan, frozen, all_at_once)))
        if Fault.RESIZE in plan.kinds:
            yield Event(lowered, Fault.RESIZE, n=plan.n // 2)
            yield Event(raised, Fault.RESIZE, n=plan.n)


def _frozen(plan: Plan, chance: random.Random) -> Iterator[Frozen]:
    """One worker a round, unless it is the only one."""
    for begins in _round_starts(plan):
        since = begins + 0.1 * plan.round_seconds
        if Fault.FREEZE in plan.kinds and plan.workers > 1:
            yield Frozen(chance.choice(plan.crew), since, since + plan.freeze_seconds)


def _round_starts(plan: Plan) -> list[float]:
    return [number * plan.round_seconds for number in range(int(plan.seconds / plan.round_seconds))]


def _standing(plan: Plan, frozen: list[Frozen], at: float) -> list[str]:
    still = {one.name for one in frozen if one.since <= at <= one.until}
    return [name for name in plan.crew if name not in still]
