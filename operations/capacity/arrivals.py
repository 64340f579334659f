"""When patients book: evenly, in a surge, over a morning, or as a file tells."""

import csv
from collections.abc import Iterable, Sequence

from operations.capacity.asked import Asked, Shape

SURGE = (10.0, *(10.0 / 9,) * 9)
"""Half of all come in the first tenth of the time, the others evenly."""

MORNING = (1.0, 2.0, 4.0, 7.0, 9.0, 10.0, 9.0, 7.0, 5.0, 4.0, 3.0, 3.0, 2.0, 2.0, 2.0, 1.0)
"""A rise to a crowd in the middle of the morning, and a long way down."""

CURVES = {Shape.UNIFORM: (1.0,), Shape.SURGE: SURGE, Shape.MORNING: MORNING}


class Unreadable(ValueError):
    """The file does not say how many book in each minute; `line` is the first that does not."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


def moments(asked: Asked) -> list[float]:
    """When each patient books, in seconds after the opening, the first first. Within a part they come evenly."""
    curve = asked.curve or CURVES[asked.shape]
    part, a_patient = asked.over_seconds / len(curve), sum(curve) / asked.patients
    found: list[float] = []
    before = 0.0
    for place, weight in enumerate(curve):
        come = weight / a_patient
        until = round(before + come)
        found += [part * (place + (number + 0.5 - before) / come) for number in range(len(found), until)]
        before += come
    return found


def read(lines: Iterable[str]) -> tuple[float, ...]:
    """How many book in each minute: one number a line, the last of its columns; a first line of words is a heading.

    Raises `Unreadable`.
    """
    rows = [row for row in csv.reader(lines) if row]
    if rows and not _is_number(rows[0][-1]):
        del rows[0]
    for number, row in enumerate(rows, start=1):
        if not _is_number(row[-1]):
            raise Unreadable(number)
    return tuple(float(row[-1]) for row in rows)


def most_a_minute(booked: Sequence[float]) -> int:
    """The most bookings in any minute of the clock."""
    counts: dict[int, int] = {}
    for at in booked:
        counts[int(at // 60)] = counts.get(int(at // 60), 0) + 1
    return max(counts.values(), default=0)


def _is_number(text: str) -> bool:
    return text.strip().replace(".", "", 1).isdigit()
