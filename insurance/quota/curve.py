"""A number over time as SVG: points to a path. Pure; labels are handed in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""A moment and the number that holds from then on."""

Step = tuple[float, float | None]
"""The same, where there may be no number."""

Label = tuple[str, str]
"""Where it stands on its axis, and what it says."""

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, ABOVE, BELOW = 36, 8, 8, 20
ROUND = (1, 2, 5)
MOST_LINES = 5
AIR = 1.1
"""So much higher than the highest number is the picture."""


@dataclass(frozen=True, slots=True)
class Frame:
    """From `begin` to `end` from left to right, from 0 to `top` upwards."""

    begin: float
    end: float
    top: float

    def x(self, at: float) -> float:
        """Where a moment stands."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - self.begin) / (self.end - self.begin)

    def y(self, number: float) -> float:
        """Where a number stands; SVG counts downwards."""
        return ABOVE + (HEIGHT - ABOVE - BELOW) * (1 - number / self.top)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a template needs: paths, and the lines and labels of both axes."""

    line: str
    area: str
    limit: str
    numbers: list[Label]
    times: list[Label]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BELOW


def drawing(points: Sequence[Point], limit: Sequence[Step], end: float, times: Iterable[tuple[float, str]]) -> Drawing:
    """The curve from its first point to `end`, the limit over it (None: no line), and labels at these moments.

    Raises `IndexError` when there are no points.
    """
    highest = max((number for _, number in (*points, *limit) if number is not None), default=0)
    frame = Frame(points[0][0], end, max(highest, 1) * AIR)
    line = path(frame, points)
    return Drawing(
        line=line,
        area=f"{line} V{frame.y(0):.1f} H{frame.x(frame.begin):.1f} Z",
        limit=path(frame, limit),
        numbers=[(f"{frame.y(number):.1f}", str(number)) for number in round_numbers(frame.top)],
        times=[(f"{frame.x(at):.1f}", text) for at, text in times],
    )


def path(frame: Frame, steps: Iterable[Step]) -> str:
    """A step line: each number holds until the next one's moment, the last until the end. What repeats is left out."""
    parts: list[str] = []
    before: float | None = None
    for at, number in steps:
        if number == before:
            continue
        x = f"{frame.x(max(at, frame.begin)):.1f}"
        if before is not None:
            parts.append(f"H{x}")
        if number is not None:
            parts.append(f"{'M' + x + ' ' if before is None else 'V'}{frame.y(number):.1f}")
        before = number
    if before is not None:
        parts.append(f"H{frame.x(frame.end):.1f}")
    return " ".join(parts)


def columns(begin: float, width: float, numbers: Iterable[float]) -> list[Point]:
    """The points of columns of equal width."""
    return [(begin + place * width, number) for place, number in enumerate(numbers)]


def round_numbers(top: float) -> Iterator[int]:
    """From 0 upwards below `top`, in the smallest round steps that make no more than MOST_LINES lines above 0."""
    step = next(unit * ten for ten in _tens() for unit in ROUND if top / (unit * ten) <= MOST_LINES)
    yield from range(0, int(top) + 1, step)


def _tens() -> Iterator[int]:
    ten = 1
    while True:
        yield ten
        ten *= 10
