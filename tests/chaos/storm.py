"""Everything that can go wrong around settlements, in an order drawn from a seed. No Django, no processes."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.chaos.plan import Pace

SCALED = Pace(window_seconds=3, timeout_seconds=1, late_seconds=0.5, lease_seconds=5, timer_seconds=1.5)

INSURER: tuple[dict[str, Any], ...] = (
    {"kind": "lose", "share": 0.05},
    {
        "infno": ["1101", "2203A", "2206A", "2207A", "2208", "2601", "4261", "5203", "5204"],
        "kind": "duplicate",
        "share": 0.02,
    },
    {"kind": "slow", "seconds": 0.1, "share": 0.3},
)
"""One answer in twenty is lost, one message in fifty is carried out twice."""

PAYMENTS = (
    {"call": ["create", "query", "cancel", "refund"], "kind": "lose_answer", "share": 0.05},
    {"call": "callback", "kind": "lose_callback", "share": 0.05},
    {"call": "callback", "kind": "duplicate_callback", "share": 0.02},
    {"call": "callback", "kind": "late_callback", "share": 0.05, "seconds": 1},
    {"call": "callback", "kind": "forge", "share": 0.02},
)

LATE_MONEY = {"call": "pay", "kind": "late_payment"}
"""What was begun in time is carried out although the order was closed meanwhile."""

THROTTLE = {"infno": ["2206A", "2207A", "2208", "2601", "5204"], "kind": "throttle", "share": 0.5, "times": 20}
"""So few, since n is halved by them and comes back at the pace of real minutes."""

DOWN_SECONDS = 2.0


class Ill(StrEnum):
    KILL = "a worker is killed"
    KILL_ALL = "everybody is killed at once"
    WIPE = "the broker forgets everything"
    FULL = "the broker takes no writes"
    POISON = "messages that nobody can read"
    BEATS = "a second beat"
    DOWN = "the insurer is down"
    THROTTLE = "the insurer has had too much"
    DATABASE = "the database crashes"


class Way(StrEnum):
    """What a patient does."""

    PAYS = "pays"
    NEVER = "does not pay"
    LATE = "pays when it is too late"
    GIVES_UP = "gives up"


@dataclass(frozen=True)
class Storm:
    """A run: so many patients at n a window, a kill every few seconds, and in between everything else in turn."""

    seed: int
    patients: int
    n: int
    seconds: float
    """It is over then, or when nearly everybody has settled."""
    every_seconds: float
    pace: Pace = SCALED
    workers: int = 2
    kinds: frozenset[Ill] = frozenset(Ill)
    insurer: tuple[dict[str, Any], ...] = INSURER
    """What goes wrong with its answers all the time."""
    pays_within_seconds: int = 10
    calm_seconds: float = 60.0

    @property
    def crew(self) -> tuple[str, ...]:
        """The names of the workers."""
        return tuple(f"insurance{number}" for number in range(1, self.workers + 1))

    def ills(self) -> Iterator[Ill]:
        """One after the other, without end: every second one is a kill, the others come round in turn."""
        chance, others = random.Random(self.seed), sorted(self.kinds - {Ill.KILL})
        while True:
            chance.shuffle(others)
            for ill in others or [Ill.KILL]:
                yield Ill.KILL
                yield ill

    def way(self, number: int) -> Way:
        """What the patient of this number does."""
        return random.Random(f"{self.seed} {number}").choices(tuple(Way), (80, 7, 6, 7))[0]

    def by_insurance(self, number: int) -> bool:
        return random.Random(f"{self.seed} {number} mode").random() < 0.75
