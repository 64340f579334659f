"""The question: how many patients, when they book, and the limits they meet. What contradicts itself is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

DAY_SECONDS = 86_400.0


class Shape(StrEnum):
    """How bookings are spread over their time."""

    UNIFORM = "uniform"
    SURGE = "surge"
    MORNING = "morning"


class Wrong(StrEnum):
    """Why a question has no answer."""

    NO_PATIENTS = "no_patients"
    NO_TIME = "no_time"
    NO_LIMIT = "no_limit"
    M_NOT_ABOVE_N = "m_not_above_n"
    NO_TICK = "no_tick"
    NO_INSURERS = "no_insurers"
    NO_WORKERS = "no_workers"
    NO_SUCH_SHARE = "no_such_share"
    CLOSES_BEFORE_OPENS = "closes_before_opens"
    BOOKINGS_AFTER_CLOSE = "bookings_after_close"


class Contradiction(Exception):
    """The question contradicts itself; `wrong` says how."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(str(wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be played through. Times are seconds; `opens` and `closes` count from midnight.

    Every insurer has limits of its own, and as many of the patients as every other.
    """

    patients: int
    over_seconds: float = 7_200.0
    """All bookings are made within this time."""
    shape: Shape = Shape.UNIFORM
    curve: tuple[float, ...] = ()
    """How many book in each part of the time, in place of `shape`."""
    opens: float = 8 * 3_600.0
    closes: float | None = None
    """From then on no turn begins; None: until the last has had theirs."""
    n: int = 100
    m: int = 200
    tick_seconds: float = 5.0
    insurers: int = 1
    settlement_per_minute: int | None = 100
    shared_per_minute: int | None = None
    """All calls draw on one quota of so many; `n` and `settlement_per_minute` are not used then."""
    line_minutes: float = 30.0
    """Who would wait longer is held back (TRIAL_LINE_MINUTES)."""
    insured: float = 0.85
    """The share that settles with the insurance; the others pay themselves."""
    no_show: float = 0.0
    """The share that books and never asks for a trial."""
    give_up: float = 0.0
    """The share that leaves when held back, in place of coming again."""
    workers: int = 1
    """Processes `insurance` for each insurer."""

    @property
    def trials_per_minute(self) -> int:
        """The limit that trials meet."""
        return self.shared_per_minute or self.n

    @property
    def close_after_seconds(self) -> float:
        """How long after the opening the last turn may begin."""
        return float("inf") if self.closes is None else self.closes - self.opens


def check(asked: Asked) -> None:
    """Raises `Contradiction`."""
    for wrong in _wrong(asked):
        raise Contradiction(wrong)


def _wrong(asked: Asked) -> Iterator[Wrong]:
    limits = (asked.n, asked.settlement_per_minute, asked.shared_per_minute)
    checks = {
        Wrong.NO_PATIENTS: asked.patients < 1,
        Wrong.NO_TIME: asked.over_seconds <= 0,
        Wrong.NO_LIMIT: any(limit is not None and limit < 1 for limit in limits),
        Wrong.M_NOT_ABOVE_N: asked.m <= asked.trials_per_minute,
        Wrong.NO_TICK: asked.tick_seconds <= 0,
        Wrong.NO_INSURERS: asked.insurers < 1,
        Wrong.NO_WORKERS: asked.workers < 1,
        Wrong.NO_SUCH_SHARE: not all(0 <= share <= 1 for share in (asked.insured, asked.no_show, asked.give_up)),
        Wrong.CLOSES_BEFORE_OPENS: asked.close_after_seconds <= 0,
        Wrong.BOOKINGS_AFTER_CLOSE: asked.over_seconds > asked.close_after_seconds,
    }
    yield from (wrong for wrong, holds in checks.items() if holds)
