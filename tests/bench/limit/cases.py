"""The rows of the table: what each consists of, and what is counted of it at the end."""

import math
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from insurance.simulator.insurer.app import Insurer, Settings
from insurance.simulator.server import build
from tests.bench.limit import senders, takings, wire
from tests.bench.limit.forks import Ended, Forks, fork
from tests.bench.limit.scale import ANSWER_SECONDS, Network, Scale
from tests.bench.limit.senders import Job

METERED = "2206A"
MINUTE = 60

OURS = "permits (ours)"
CELERY = "Celery rate_limit"
SHARED_OUT = "Celery rate_limit n/w"
MOVING_WINDOW = "limits moving window"


@dataclass(frozen=True)
class Limiter:
    """`shared`: whether the workers share n, or each of them may send n."""

    name: str
    act: Callable[[Job, int], None]
    shared: bool = True

    @property
    def is_celery(self) -> bool:
        return self.act is senders.by_celery


LIMITERS = (
    Limiter(OURS, senders.by_permits),
    Limiter(CELERY, senders.by_celery, shared=False),
    Limiter(SHARED_OUT, senders.by_celery),
    Limiter(MOVING_WINDOW, senders.by_moving_window),
)


@dataclass(frozen=True)
class Counted:
    """What the receiver counted of one row, and how long the senders waited for their answers."""

    times: list[float]
    over: int
    worst: int
    in_flight: int
    mean_answer_seconds: float | None
    waits: list[float]
    """Of ours: from a permit's coming free to its next message (`takings.waits`)."""


class Case:
    """One row: a limiter with so many worker processes on one network, its receiver and its wire."""

    def __init__(self, limiter: Limiter, workers: int, network: Network, scale: Scale, log: Path) -> None:
        self.limiter, self.workers, self.network, self.scale = limiter, workers, network, scale
        self.doors = [socket.create_server(("127.0.0.1", 0)) for _ in ("receiver", "wire")]
        self.receiver_port, self.wire_port = (door.getsockname()[1] for door in self.doors)
        self.ready, self.go, self.answers = fork.Semaphore(0), fork.Event(), fork.Array("d", [0.0, 0.0])
        self.receiver, self.senders = Forks(log / f"{self.name}.receiver.log"), Forks(log / f"{self.name}.log")
        self.job = self._job()

    @property
    def name(self) -> str:
        """For a database, a queue and a key."""
        words = self.limiter.name.replace("/", " ").replace("(", "").replace(")", "").lower().split()
        return "_".join((*words, str(self.workers), "calm" if self.network.is_calm else "rough"))

    def get_ready(self) -> None:
        """Everything is started: the receiver, the wire to it where the network is not calm, and the workers."""
        n, window = self.scale.n, self.scale.window
        counting = Settings(per_minute=n, window_seconds=float(window), latency_seconds=ANSWER_SECONDS)
        self.receiver.start(_receive, Insurer(counting), self.doors[0])
        if not self.network.is_calm:
            way = self.receiver_port, self.network.jitter, self.network.lose
            self.receiver.start(wire.carry, self.doors[1], *way, self.receiver_port)
        for door in self.doors:
            door.close()  # theirs now, and nobody else's
        for number in range(self.workers):
            self.senders.start(self.limiter.act, self.job, number)

    def wait_until_ready(self, deadline: float) -> None:
        """Until the receiver answers and every worker waits for the start. `deadline` is on the monotonic clock."""
        while not self._receiver_answers():
            self.check(deadline)
            time.sleep(0.05)
        for _ in range(self.workers):
            while not self.ready.acquire(timeout=0.5):
                self.check(deadline)

    def check(self, deadline: float = math.inf) -> None:
        """Raise `Ended` if a process has, or if it is too late."""
        self.receiver.check()
        self.senders.check()
        if time.monotonic() > deadline:
            raise Ended(f"{self.name} does not get ready; see {self.senders.log}")

    def supply(self) -> None:
        """Celery's messages: more than its workers can send in the time."""
        if self.limiter.is_celery:
            windows = self.scale.seconds / self.scale.window + 2
            held = self.workers * self.job.threads * senders.PREFETCH
            may_send = self.scale.n * (1 if self.limiter.shared else self.workers)
            senders.supply(self.job, round(may_send * windows + held))

    def begin(self) -> None:
        """The start."""
        self.go.set()
        if self.limiter.is_celery:
            senders.deliver(self.job)

    def end(self) -> None:
        """The workers stop where they stand."""
        self.senders.kill()

    def counted(self) -> Counted:
        """What came of it. To be asked when the workers have stopped."""
        stats = httpx.get(f"http://127.0.0.1:{self.receiver_port}/_stats?arrivals=1", trust_env=False).json()
        metered, arrivals = stats["metered"][METERED], stats["arrivals"][METERED]
        made = takings.calls(self.job.database) if self.job.database else []
        arrived = {row["msgid"]: row["at"] for row in arrivals} if self.network.is_calm else None
        times = [row["at"] for row in arrivals]
        over, worst = metered["over_limit"], metered["worst_window"]
        return Counted(
            times, over, worst, stats["in_flight_max"], self._mean_answer(made), takings.waits(made, arrived)
        )

    def _receiver_answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.receiver_port}/_stats", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _mean_answer(self, made: list[takings.Call]) -> float | None:
        answers, seconds = self.answers
        if made:
            taken = [call.answer_seconds for call in made if call.answer_seconds is not None]
            answers, seconds = len(taken), sum(taken)
        return seconds / answers if answers else None

    def _job(self) -> Job:
        scale = self.scale
        port = self.receiver_port if self.network.is_calm else self.wire_port
        share = self.workers if self.limiter.name == SHARED_OUT else 1
        server = os.environ["BROKER_URL"].removesuffix("/0")
        return Job(
            name=self.name,
            url=f"http://127.0.0.1:{port}",
            n=scale.n,
            window=scale.window,
            threads=scale.threads(self.workers, self.network, shared=self.limiter.shared),
            timeout_seconds=scale.timeout_seconds,
            database=takings.copied(self.name) if self.limiter.name == OURS else "",
            broker=f"{server}/2",
            store=f"{server}/3",
            rate=f"{scale.n * MINUTE / scale.window / share:g}/m",
            ready=self.ready,
            go=self.go,
            answers=self.answers,
        )


def _receive(insurer: Insurer, door: socket.socket) -> None:
    """The receiver's program: `insurance.simulator.insurer` on a port that is its already."""
    build(insurer).run(sockets=[door])


def cases(scale: Scale, log: Path) -> list[Case]:
    """Every limiter with every number of workers on every network; one worker has nobody to share n out to."""
    return [
        Case(limiter, workers, network, scale, log)
        for limiter in LIMITERS
        for network in scale.networks
        for workers in scale.workers
        if workers > 1 or limiter.name != SHARED_OUT
    ]
