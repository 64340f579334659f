"""The work of the day minute by minute: what is asked of the web, and the processor time of each kind of process."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from operations.capacity import rows
from operations.capacity.course import NEVER, Course
from operations.capacity.day import Day
from operations.capacity.facts import Facts
from operations.capacity.rows import Step
from operations.capacity.series import a_bucket

MINUTE = 60.0
SOONEST_LOOK, LATEST_LOOK = 1, 180
"""As in `insurance/trial/line.py`: who waits looks after two thirds of the wait that is left, 1 to 180 s."""


@dataclass(frozen=True, slots=True)
class Need:
    """What the busiest minute takes: of which kind of process, cores, and hosts that are not more than so full."""

    kind: str
    cores: float
    hosts: int


@dataclass(frozen=True)
class Load:
    """Minute by minute from the opening."""

    requests: Sequence[float]
    """Everything that is asked of the web."""
    knocks: int
    """Those of them from patients who were held back and come again."""
    needs: Sequence[Need]


def of(day: Day) -> Load:
    """The whole day's."""
    minutes = int(_end(day) // MINUTE) + 1
    requests = _requests(day, minutes)
    written = _written(day, minutes)
    filed = [sum(b.filed for b in day.batches if int(b.at // MINUTE) == minute) for minute in range(minutes)]
    calls = _calls(day, minutes)
    facts = day.facts
    seconds = {
        "web": [one * facts.web_ms / 1_000 for one in requests],
        "general": [one * facts.general_ms / 1_000 for one in filed],
        "insurance": [one * facts.insurance_ms / 1_000 for one in calls],
        "database": [
            (asked * facts.database_request_ms + row * facts.database_row_ms) / 1_000
            for asked, row in zip(requests, written, strict=True)
        ],
    }
    needs = [need(kind, max(one) / MINUTE, facts) for kind, one in seconds.items()]
    return Load(requests, sum(count for course in day.courses for _, count in course.knocks), needs)


def need(kind: str, cores: float, facts: Facts) -> Need:
    """Hosts of `cores_a_host` cores, none fuller than `full_share`."""
    return Need(kind, cores, max(math.ceil(cores / (facts.cores_a_host * facts.full_share)), 1))


def looks(joined: float, turn: float) -> Iterator[float]:
    """When who waits looks how far it is: after two thirds of the wait that is left."""
    at = joined
    while (left := turn - at) > 0:
        at += min(max(math.ceil(left) * 2 // 3, SOONEST_LOOK), LATEST_LOOK)
        yield at


def _requests(day: Day, minutes: int) -> list[float]:
    """Signing in, looking at sessions and booking; joining; looking in line and while it settles; coming again."""
    facts = day.facts
    found = [one * facts.requests_to_book for one in a_bucket(day.booked, MINUTE, minutes)]
    for course in day.courses:
        in_line = [
            at
            for joined, turn in zip(course.joined, course.turn, strict=True)
            if turn < NEVER
            for at in looks(joined, turn)
        ]
        _add(found, a_bucket(in_line, MINUTE, minutes), 1.0)
        _add(found, a_bucket(_known(course, "joined"), MINUTE, minutes), facts.requests_to_join)
        _add(found, a_bucket(_known(course, "priced"), MINUTE, minutes), facts.requests_to_settle)
        for at, count in course.knocks:
            found[min(int(at // MINUTE), minutes - 1)] += count
    return found


def _written(day: Day, minutes: int) -> list[float]:
    """Rows written: at booking and filing, and at the turns."""
    found = [0.0] * minutes
    early = sum(sum(rows.A_STEP[step].values()) for step in (Step.BOOKED, Step.FILED, Step.JOINED))
    priced = sum(rows.A_STEP[Step.PRICED].values())
    settled = sum(sum(rows.A_STEP[step].values()) for step in (Step.INSURED, Step.PAID, Step.INSURED_TOLD))
    _add(found, a_bucket(day.booked, MINUTE, minutes), early)
    _add(found, a_bucket(day.every("priced"), MINUTE, minutes), priced)
    _add(found, a_bucket(day.every("completed"), MINUTE, minutes), settled)
    return found


def _calls(day: Day, minutes: int) -> list[float]:
    """Messages to the insurers."""
    facts, found = day.facts, [0.0] * minutes
    _add(found, a_bucket(day.every("priced"), MINUTE, minutes), facts.calls_a_trial)
    _add(found, a_bucket(day.every("settled"), MINUTE, minutes), facts.calls_a_settlement)
    _add(found, a_bucket(day.every("completed"), MINUTE, minutes), facts.calls_a_confirmation)
    return found


def _add(found: list[float], counts: Sequence[int], each: float) -> None:
    for minute, count in enumerate(counts):
        found[minute] += count * each


def _known(course: Course, step: str) -> list[float]:
    return [at for at in getattr(course, step) if at < NEVER]


def _end(day: Day) -> float:
    """When the last thing happened."""
    steps = (day.booked, day.every("turn"), day.every("priced"), day.every("completed"))
    return max(one[-1] for one in steps if one)
