"""Threads and processes let loose at the same instant."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, connections

from insurance.quota import exchange
from tests.races import brokers

Result = TypeVar("Result")

THREADS = 40
"""Every thread has a database connection of its own, and a server takes only so many."""


def at_once(actions: Sequence[Callable[[], Result]], threads: int = THREADS) -> list[Result | Exception]:
    """What each action returned or raised. The threads start together; with more actions, each takes the next."""
    outcomes: list[Result | Exception] = [RuntimeError("not run")] * len(actions)
    places = iter(range(len(actions)))
    start = threading.Barrier(min(threads, len(actions)))

    def run() -> None:
        connection.ensure_connection()
        start.wait(timeout=30)
        for place in places:
            try:
                outcomes[place] = actions[place]()
            except Exception as error:  # noqa: BLE001  what went wrong is a result too
                outcomes[place] = error
        connections.close_all()

    running = [threading.Thread(target=run) for _ in range(start.parties)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(timeout=60)
    return outcomes


def good(outcomes: Sequence[Result | Exception]) -> list[Result]:
    """The outcomes that are no error."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def codes(outcomes: Sequence[object]) -> list[str]:
    """The codes of the refusals; any other error by its name, so that it shows."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return sorted(str(getattr(error, "code", type(error).__name__)) for error in errors)


@contextmanager
def processes(count: int, act: Callable[..., None], *arguments: Any) -> Iterator[list[Any]]:
    """`count` processes that run `act(*arguments)`: real ones, forked, with nothing shared but the servers."""
    leave_nothing_open()
    fork = multiprocessing.get_context("fork")
    children = [fork.Process(target=_child, args=(act, *arguments), daemon=True) for _ in range(count)]
    for child in children:
        child.start()
    try:
        yield children
    finally:
        for child in children:
            if child.is_alive():
                child.kill()
            child.join(timeout=10)


def dies(act: Callable[..., None], *arguments: Any) -> bool:
    """Whether a process that runs `act` is killed in the middle of it (it kills itself by `kill_myself`)."""
    with processes(1, act, *arguments) as (child,):
        child.join(timeout=30)
        return bool(child.exitcode == -signal.SIGKILL)


def kill_myself(*_: Any, **__: Any) -> None:
    """Stands where a process is to die: no clean-up, no goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def leave_nothing_open() -> None:
    """Connections may not be shared with a fork."""
    connections.close_all()
    brokers.close_pools()
    for kept in (exchange.profile, exchange._transport, exchange.dialect):
        kept.cache_clear()


def _child(act: Callable[..., None], *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    act(*arguments)
