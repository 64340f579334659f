"""A few threads that work, first come first served, and a short queue in front of them.

The server's own threads wait here, and there are many: so somebody is always free to say no at once. The threads that
work keep their connections to the database: as many as they are, and no more, however many ask.
"""

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

LONGEST_WAIT_SECONDS = 5.0
"""Whoever has waited so long has gone away or will come again: nothing is begun for them any more."""


class Busy(Exception):
    """More than the lane takes."""


class _Job:
    """What is to be done, and the lock that opens when it is done."""

    __slots__ = ("act", "asked_at", "done", "error", "result")

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act, self.asked_at = act, time.monotonic()
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def run(self) -> None:
        try:
            if time.monotonic() - self.asked_at > LONGEST_WAIT_SECONDS:
                raise Busy
            self.result = self.act()
        except BaseException as error:  # noqa: BLE001  it belongs to whoever asked
            self.error = error
        finally:
            self.done.release()


class Lane:
    """`threads` at work and at most `waiting` in front of them. The threads start with the first job of a process."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        self.name, self.threads, self.most = name, threads, threads + waiting
        self._starting = threading.Lock()
        self._process_id = 0
        self._inside = 0
        self._jobs: SimpleQueue[_Job] = SimpleQueue()

    def run(self, act: Callable[[], Any]) -> Any:
        """What `act` returns or raises, when its turn has come. Raises `Busy` at once when the lane is full."""
        if self._process_id != os.getpid():
            self._start()
        if self._inside >= self.most:
            raise Busy
        job = _Job(act)
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
            job = self._jobs.get()
            job.run()
            self._inside -= 1
