"""A day played through: bookings, filing, then each insurer's line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from operations.capacity import arrivals, filing
from operations.capacity.asked import Asked, check
from operations.capacity.course import NEVER, Course, chosen
from operations.capacity.facts import Facts
from operations.capacity.filing import Batch
from operations.capacity.interface import Interface


@dataclass(frozen=True)
class Day:
    """Everything that happened. One course for each insurer."""

    asked: Asked
    facts: Facts
    booked: Sequence[float]
    batches: Sequence[Batch]
    courses: Sequence[Course]

    def every(self, step: str) -> list[float]:
        """When this step happened to whom it happened, over all insurers, the first first."""
        return sorted(at for course in self.courses for at in getattr(course, step) if at < NEVER)

    def waits(self) -> list[float]:
        """How long those who had a turn waited for it: from their first asking. The shortest first."""
        return sorted(
            turn - asks
            for course in self.courses
            for asks, turn in zip(course.asks, course.turn, strict=True)
            if turn < NEVER
        )


def play(asked: Asked, facts: Facts) -> Day:
    """The whole day. Raises `Contradiction`."""
    check(asked)
    booked = arrivals.moments(asked)
    found = filing.batches(booked, asked, facts)
    courses = list(_courses(asked, facts, filing.filed_at(found)))
    for course in courses:
        Interface(asked, facts, course).play()
    return Day(asked, facts, booked, found, courses)


def holds(asked: Asked, facts: Facts, longest_wait: float) -> bool:
    """Whether nobody waits for longer (seconds) and everybody has a turn before it closes. Raises `Contradiction`.

    The first insurer has the most patients, so it speaks for all of them.
    """
    check(asked)
    filed = filing.filed_at(filing.batches(arrivals.moments(asked), asked, facts))
    course = next(_courses(asked, facts, filed))
    interface = Interface(asked, facts, course, longest_wait=longest_wait)
    interface.play()
    asking = sum(at < NEVER for at in course.asks)
    return not interface.exceeded and sum(at < NEVER for at in course.turn) == asking


def _courses(asked: Asked, facts: Facts, filed: Sequence[float]) -> Iterator[Course]:
    """The patients of each insurer, in turn, with the moment at which they ask for a trial."""
    away = chosen(len(filed), asked.no_show, start=0.25)
    asks = [NEVER if stays else at + facts.asks_after_seconds for at, stays in zip(filed, away, strict=True)]
    for first in range(asked.insurers):
        yield Course(asks[first :: asked.insurers], insured=asked.insured, give_up=asked.give_up)
