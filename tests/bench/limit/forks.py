"""Processes forked from this one: everything is imported once, and the memory of it is shared."""

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.races.together import leave_nothing_open

fork = multiprocessing.get_context("fork")

STOPPING = {signal.SIGINT, signal.SIGTERM}


class Ended(Exception):
    """A process ended that should have stayed."""


def settle() -> None:
    """Before the first fork: nothing is open, and what is here now is left alone, so that it stays shared."""
    leave_nothing_open()
    gc.collect()
    gc.freeze()


class Forks:
    """Processes that run until they are stopped. What they print goes to `log`."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.running: list[BaseProcess] = []

    def start(self, act: Callable[..., None], *arguments: Any) -> None:
        """One more, which runs `act(*arguments)`."""
        process = fork.Process(target=self._child, args=(act, *arguments), daemon=True)
        # What a signal raises in the middle of a fork would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            process.start()
            self.running.append(process)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def check(self) -> None:
        """Raise `Ended` if one has."""
        for process in self.running:
            if not process.is_alive():
                raise Ended(f"a process ended with {process.exitcode}; see {self.log}")

    def kill(self) -> None:
        """End them all at once: there is nothing to clean up."""
        for process in self.running:
            process.kill()
        for process in self.running:
            process.join(timeout=10)
        self.running.clear()

    def _child(self, act: Callable[..., None], *arguments: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log, stream.fileno())
        act(*arguments)
