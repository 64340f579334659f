"""A few threads that work, first come first served, and a short queue in front of them; one at a time, or together.

The server's own threads wait here, and there are many: so somebody is always free to say no at once. The threads that
work keep their connections to the database: as many as they are, and no more, however many ask.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

LONGEST_WAIT_SECONDS = 5.0
"""Whoever has waited so long has gone away or will come again: nothing is begun for them any more."""

Act = Callable[[Sequence[Any]], Sequence[Any]]
"""Serves many at once, in their order."""


class Busy(Exception):
    """More than the lane takes."""


class _Job:
    """What is asked for, and the lock that opens when it is answered."""

    __slots__ = ("asked", "asked_at", "done", "error", "result")

    def __init__(self, asked: Any) -> None:
        self.asked, self.asked_at = asked, time.monotonic()
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()

    @property
    def is_too_late(self) -> bool:
        return time.monotonic() - self.asked_at > LONGEST_WAIT_SECONDS


class Lane:
    """`threads` at work and at most `waiting` in front of them. The threads start with the first job of a process."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self.name, self.threads, self.most = name, threads, threads + waiting
        self._starting = threading.Lock()
        self._process_id = 0
        self._inside = 0
        self._jobs: SimpleQueue[_Job] = SimpleQueue()

    def run(self, asked: Any) -> Any:
        """What `asked` returns or raises, when its turn has come. Raises `Busy` at once when the lane is full."""
        if self._process_id != os.getpid():
            self._start()
        if self._inside >= self.most:
            raise Busy
        job = _Job(asked)
        self._inside += 1  # one too many now and then does no harm
        self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        return job.result

    def _start(self) -> None:
        with self._starting:
            if self._process_id == os.getpid():
                return
            self._jobs, self._inside = SimpleQueue(), 0
            for number in range(self.threads):
                threading.Thread(target=self._work, name=f"{self.name}-{number}", daemon=True).start()
            self._process_id = os.getpid()

    def _work(self) -> None:
        while True:
            self._serve([self._jobs.get()])

    def _serve(self, jobs: Sequence[_Job]) -> None:
        """Those who have waited too long are told so, the others are served; the locks open whatever happens."""
        served = []
        for job in jobs:
            if job.is_too_late:
                job.error = Busy()
            else:
                served.append(job)
        try:
            for job, result in zip(served, self._act([job.asked for job in served]), strict=True):
                job.result = result
        except BaseException as error:  # noqa: BLE001  it belongs to whoever asked
            for job in served:
                job.error = error
        finally:
            for job in jobs:
                job.done.release()
            self._inside -= len(jobs)

    def _act(self, asked: Sequence[Any]) -> Sequence[Any]:
        return [act() for act in asked]


class SharedLane(Lane):
    """Each thread serves all who wait, up to `most_together`, by one `act`: the more come, the less each costs.

    Nobody is waited for: who comes alone is served alone, and while one round works the next one gathers.
    """

    def __init__(self, name: str, act: Act, *, most_together: int, waiting: int, threads: int = 1) -> None:
        super().__init__(name, threads=threads, waiting=waiting)
        self.act, self.most_together = act, most_together

    def _work(self) -> None:
        while True:
            jobs = [self._jobs.get()]
            with suppress(Empty):
                while len(jobs) < self.most_together:
                    jobs.append(self._jobs.get_nowait())
            self._serve(jobs)

    def _act(self, asked: Sequence[Any]) -> Sequence[Any]:
        return self.act(asked) if asked else []
