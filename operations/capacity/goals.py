"""What it takes that nobody waits for longer than so long: each found by bisection on the day itself.

The more n, insurers or time, the shorter the waits: so there is a least that is enough.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from operations.capacity import day
from operations.capacity.asked import DAY_SECONDS, Asked
from operations.capacity.facts import Facts

STEP_SECONDS = 300.0
"""Hours are told to five minutes."""

MOST_INSURERS, MOST_STEPS = 1_000, int(DAY_SECONDS / STEP_SECONDS)


@dataclass(frozen=True, slots=True)
class Answers:
    """The least that is enough, the rest as asked. None: no n (insurers, hours) is enough.

    `n_needs_m`: the m that goes with that n where the one asked for is not above it. `over_seconds`: the time over
    which bookings are to be spread. `enough_already`: nothing needs to change.
    """

    goal_seconds: float
    enough_already: bool
    n: int | None
    n_needs_m: int
    insurers: int | None
    over_seconds: float | None


def answer(asked: Asked, facts: Facts, goal_seconds: float) -> Answers:
    """The three questions. Raises `Contradiction`."""

    def holds(**change: object) -> bool:
        return day.holds(replace(asked, **change), facts, goal_seconds)  # type: ignore[arg-type]

    n = least(lambda n: holds(**_with_n(asked, n)), 1, asked.patients)
    insurers = least(lambda count: holds(insurers=count), 1, min(asked.patients, MOST_INSURERS))
    steps = least(lambda steps: holds(over_seconds=steps * STEP_SECONDS, closes=None), 1, MOST_STEPS)
    over = None if steps is None else steps * STEP_SECONDS
    return Answers(goal_seconds, holds(), n, m_for(asked, n or 0), insurers, over)


def least(enough: Callable[[int], bool], low: int, high: int) -> int | None:
    """The least whole number from `low` to `high` that is enough, if all greater ones are; None: not even `high`."""
    tried = low
    while not enough(tried):  # small ones are quick to try: soon somebody waits too long
        if tried >= high:
            return None
        low, tried = tried + 1, min(2 * tried, high)
    high = tried
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return high


def m_for(asked: Asked, n: int) -> int:
    """m must stay above n."""
    return max(asked.m, n + 1)


def _with_n(asked: Asked, n: int) -> dict[str, object]:
    """n of whatever trials draw on, and an m above it."""
    limit = "shared_per_minute" if asked.shared_per_minute else "n"
    return {limit: n, "m": m_for(asked, n)}
