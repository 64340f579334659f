"""A series as a picture of characters, for a terminal or a page of text. Pure."""

import math
from collections.abc import Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
HEIGHT = 8
WIDTH = 72
LABEL_EVERY = 12
"""Columns from one label of the time to the next."""


def drawn(values: Sequence[float], labels: Sequence[str], title: str) -> list[str]:
    """The title, HEIGHT lines with the axis, and the labels of every LABEL_EVERY columns."""
    top = round_up(max(values, default=0.0))
    lines = [f"{_axis(top, level):>8} ┤{_line(values, top, level)}".rstrip() for level in range(HEIGHT, 0, -1)]
    axis = "".join("┬" if place % LABEL_EVERY == 0 else "─" for place in range(len(values)))
    below = "".join(f"{label:<{LABEL_EVERY}}" for label in labels[::LABEL_EVERY])
    return [title, *lines, f"{'0':>8} └{axis}", f"{'':>10}{below}".rstrip()]


def round_up(value: float) -> float:
    """The next of 1, 2, 4, 8 times a power of ten: what the axis ends with. At least 1."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 1 else 0.1
    return next(power * step for step in (1, 2, 4, 8, 10, 20) if power * step >= max(value, 1.0))


def _axis(top: float, level: int) -> str:
    """The value at the upper edge of the highest line and of the middle one."""
    return f"{top * level / HEIGHT:,g}" if level in (HEIGHT, HEIGHT // 2) else ""


def _line(values: Sequence[float], top: float, level: int) -> str:
    """The part of each column that lies in this line, in eighths."""
    eighths = (round(8 * (value / top * HEIGHT - (level - 1))) for value in values)
    return "".join(BLOCKS[min(max(one, 0), 8)] for one in eighths)
