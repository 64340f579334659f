"""How large a run is: n, the window, how long, on which networks, with how many senders."""

import math
from dataclasses import dataclass

from tests.bench.options import Options, Unusable

SHORT_MINUTES = 0.5
WORKERS = (1, 4, 8)
SHORT_WINDOW, SHORT_N = 6, 20
REAL_WINDOW, REAL_N = 60, 100

LEAST_WINDOWS = 2
"""Nothing can be said of a limit in less."""

LEAST_SENDERS, LEAST_THREADS = 8, 4
"""Of one row together, and of each worker process."""

ANSWER_SECONDS = 0.1
"""What the receiver takes for each answer."""


@dataclass(frozen=True)
class Network:
    """`jitter` delays each request by 0 to so many seconds; `lose` is the share of answers that never come."""

    jitter: float = 0.0
    lose: float = 0.0

    @property
    def is_calm(self) -> bool:
        return not (self.jitter or self.lose)

    def __str__(self) -> str:
        return "calm" if self.is_calm else f"0-{self.jitter:g} s, {100 * self.lose:g} % lost"


@dataclass(frozen=True)
class Scale:
    """n arrivals in any `window` seconds, measured for `seconds`."""

    n: int
    window: int
    seconds: float
    workers: tuple[int, ...]
    networks: tuple[Network, ...]

    @property
    def timeout_seconds(self) -> float:
        """How long a sender waits for an answer: 10 s where the window is a minute, and as a share of it."""
        return min(10.0, self.window / 6)

    def threads(self, workers: int, network: Network, *, shared: bool) -> int:
        """Of each worker process: four times as many as wait for an answer on average, so that a slow or lost one holds
        up nobody else. `shared`: whether the processes share n or each of them may send n."""
        answer_seconds = ANSWER_SECONDS + network.jitter / 2 + network.lose * self.timeout_seconds
        busy = self.n / self.window * answer_seconds / (workers if shared else 1)
        return max(LEAST_THREADS, math.ceil(LEAST_SENDERS / workers), math.ceil(4 * busy))


def scale_of(options: Options) -> Scale:
    """With --minutes the real scale, without it the short one; what is given wins. Raises `Unusable`."""
    real = options.minutes is not None
    window = options.window or (REAL_WINDOW if real else SHORT_WINDOW)
    seconds = 60 * (options.minutes or SHORT_MINUTES)
    if seconds < LEAST_WINDOWS * window:
        raise Unusable(f"limit: {seconds:g} s are less than {LEAST_WINDOWS} windows of {window} s; give --window")
    n = options.per_minute or (REAL_N if window == REAL_WINDOW else SHORT_N)
    rough = Network(options.jitter, options.lose)
    networks = (Network(),) if rough.is_calm else (Network(), rough)
    return Scale(n, window, seconds, options.workers or WORKERS, networks)
