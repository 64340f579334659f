"""The threads of a worker, shared out: each insurer has its part of them, so that one that hangs takes no other's.

A turn that finds no room ends at once: it is sent again while its permit lies free. With one insurer all are its own.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import bootsteps

from insurance.quota import directory

_busy: dict[str, int] = {}
_lock = threading.Lock()
_threads: int | None = None
"""How many this worker has; None outside of a worker: nothing is shared out."""


class Shared(bootsteps.StartStopStep):
    """Notes how many threads the worker has, before it takes its first turn."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, parent: Any) -> None:
        share_out(int(parent.pool.limit))


def share_out(threads: int | None) -> None:
    """So many are there from now on."""
    global _threads
    _threads = threads


@contextmanager
def of(insurer: str) -> Iterator[bool]:
    """Whether the insurer has a thread left; if so it is taken until the end."""
    has_room = _enter(insurer)
    try:
        yield has_room
    finally:
        if has_room:
            _leave(insurer)


def _part() -> float:
    """At least one: more insurers than threads share as they come."""
    return float("inf") if _threads is None else max(_threads // len(directory.names()), 1)


def _enter(insurer: str) -> bool:
    with _lock:
        has_room = _busy.get(insurer, 0) < _part()
        _busy[insurer] = _busy.get(insurer, 0) + has_room
        return has_room


def _leave(insurer: str) -> None:
    with _lock:
        _busy[insurer] -= 1
