"""What a list of arrivals says. Times in seconds, in order."""

from bisect import bisect_left
from collections.abc import Sequence


def used(times: Sequence[float], n: int, window: float) -> float | None:
    """The share of the allowance that was used, over whole windows from the first arrival on; None before one is full.

    n arrivals, a window long, n arrivals …: how long it took until the n-th of the last whole window, beside the
    shortest time that is allowed.
    """
    windows = (len(times) - 1) // n
    return windows * window / (times[windows * n] - times[0]) if windows > 0 else None


def worst_second(times: Sequence[float]) -> int:
    """The most arrivals in any half-open second."""
    return max((bisect_left(times, at + 1.0) - place for place, at in enumerate(times)), default=0)


def best(window: float, mean_answer_seconds: float) -> float:
    """The largest share that a sender can use who counts the window from the answer."""
    return window / (window + mean_answer_seconds)
