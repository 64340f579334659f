"""What is told of a day: the line, the waits, the filing, the database."""

from collections.abc import Iterator
from dataclasses import dataclass

from operations.capacity import rows, series
from operations.capacity.arrivals import most_a_minute
from operations.capacity.course import NEVER, Course
from operations.capacity.day import Day
from operations.capacity.rows import Step


@dataclass(frozen=True, slots=True)
class Filing:
    """The tick's load. `most`, `backlog`: of one that comes late; `busy`: the part of it that its largest takes."""

    ticks: int
    mean: float
    most: int
    backlog: int
    busy: float
    last_seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """All insurers' lines together. Waits are seconds from the first asking to the turn, moments after the opening.

    `held_back`: who was told to come again, once or more often; `outside`: how many of them there were at once.
    """

    longest: int
    longest_at: float
    wait_p50: float
    wait_p90: float
    wait_longest: float
    held_back: int
    outside: int
    outside_at: float
    knocks: int


@dataclass(frozen=True, slots=True)
class Ends:
    """How many came how far, and when the last did. Whoever booked is in one of the first four."""

    had_a_turn: int
    no_show: int
    gave_up: int
    left_over: int
    completed: int
    last_turn: float
    last_priced: float
    last_completed: float


@dataclass(frozen=True, slots=True)
class Database:
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Figures:
    bookings_most_a_minute: int
    filing: Filing
    line: Line
    ends: Ends
    database: Database


def of(day: Day) -> Figures:
    """Everything but the load of the machines (`load.py`)."""
    left = rows.of(steps(day))
    database = Database(sum(left.values()), round(rows.size(left)))
    return Figures(most_a_minute(day.booked), _filing(day), _line(day), _ends(day), database)


def steps(day: Day) -> dict[Step, float]:
    """How many patients came through each step."""
    insured, completed = len(day.every("settled")), len(day.every("completed"))
    self_pay = sum(_self_pay(day))
    return {
        Step.BOOKED: len(day.booked),
        Step.FILED: len(day.booked),
        Step.JOINED: len(day.every("joined")),
        Step.PRICED: len(day.every("priced")),
        Step.INSURED: insured,
        Step.SELF_PAY: self_pay,
        Step.PAID: self_pay + insured * day.facts.cash_share,
        Step.INSURED_TOLD: completed - self_pay,
        Step.SELF_PAY_TOLD: self_pay,
    }


def _self_pay(day: Day) -> Iterator[int]:
    for course in day.courses:
        yield sum(not insured and at < NEVER for insured, at in zip(course.insured, course.completed, strict=True))


def _filing(day: Day) -> Filing:
    found, tick = day.batches, day.asked.tick_seconds
    filed, backlog = [batch.filed for batch in found], max(batch.waiting_if_late for batch in found)
    return Filing(
        ticks=len(found),
        mean=sum(filed) / len(filed),
        most=min(backlog, day.asked.m),
        backlog=backlog,
        busy=max(batch.ends - batch.at for batch in found) / tick,
        last_seconds=found[-1].ends,
    )


def _line(day: Day) -> Line:
    waits = day.waits()
    longest, longest_at = series.peak(day.every("joined"), day.every("turn"))
    outside, outside_at = series.peak(*outside_of(day))
    return Line(
        longest=longest,
        longest_at=longest_at,
        wait_p50=series.percentile(waits, 50),
        wait_p90=series.percentile(waits, 90),
        wait_longest=waits[-1] if waits else 0.0,
        held_back=sum(sum(course.held_back) for course in day.courses),
        outside=outside,
        outside_at=outside_at,
        knocks=sum(count for course in day.courses for _, count in course.knocks),
    )


def outside_of(day: Day) -> tuple[list[float], list[float]]:
    """When those who were held back and come again first asked, and when they joined (or never)."""
    held = [pair for course in day.courses for pair in _outside(course)]
    return [asks for asks, _ in held], [joined for _, joined in held]


def _outside(course: Course) -> Iterator[tuple[float, float]]:
    for patient, held in enumerate(course.held_back):
        if held and not course.gives_up[patient]:
            yield course.asks[patient], course.joined[patient]


def _ends(day: Day) -> Ends:
    turns, priced, completed = (day.every(step) for step in ("turn", "priced", "completed"))
    asking = len(day.every("asks"))
    gave_up = sum(
        held and gives_up for one in day.courses for held, gives_up in zip(one.held_back, one.gives_up, strict=True)
    )
    return Ends(
        had_a_turn=len(turns),
        no_show=len(day.booked) - asking,
        gave_up=gave_up,
        left_over=asking - gave_up - len(turns),
        completed=len(completed),
        last_turn=max(turns, default=0.0),
        last_priced=max(priced, default=0.0),
        last_completed=max(completed, default=0.0),
    )
