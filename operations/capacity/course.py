"""What befell the patients of one insurer: seconds after the opening, NEVER for what did not happen."""

import math
from collections.abc import Sequence

NEVER = math.inf
EVENLY = 0.618_033_988_749_895
"""Multiples of the golden ratio fall evenly between 0 and 1: any stretch of patients holds its share of each kind."""


class Course:
    """One list for each step, by the number of the patient at this insurer."""

    def __init__(self, asks: Sequence[float], *, insured: float, give_up: float) -> None:
        count = len(asks)
        self.asks = list(asks)
        self.insured = chosen(count, insured)
        self.gives_up = chosen(count, give_up, start=0.5)
        self.held_back = [False] * count
        self.joined, self.turn, self.priced = ([NEVER] * count for _ in range(3))
        self.settled, self.completed = ([NEVER] * count for _ in range(2))
        self.knocks: list[tuple[float, int]] = []
        """When those who were held back came again, and how many they were."""


def chosen(count: int, share: float, start: float = 0.0) -> list[bool]:
    """Which of so many belong to this share: evenly among them, and always the same ones."""
    return [(start + (number + 0.5) * EVENLY) % 1 < share for number in range(count)]
