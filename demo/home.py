"""The directory of one run, `var/NAME`: held by one run at a time, and rid of what a killed run left behind."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from demo.children import RUN_MARK, end

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: processes run here, whatever directory the command was called from."""


class CannotStart(Exception):
    """The run cannot begin; the message is one plain sentence for whoever called it."""


@contextmanager
def held(home: Path) -> Iterator[Path]:
    """Make `home` and hold it for this process. The lock goes with the process, also after `kill -9`."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"another run is using {home}; end it first") from None
        end_strays(home)
        if (home / "log").exists():
            shutil.rmtree(home / "log")  # the last run's words would be taken for this one's
        try:
            yield home
        finally:
            end_strays(home)


def end_strays(home: Path) -> None:
    """Stop what a killed run left running. Whoever carries our mark while we hold the lock belongs to nobody."""
    strays = [process for process in psutil.process_iter() if _mark_of(process) == str(home)]
    end([process for process in strays if process.pid != os.getpid()], grace_seconds=5)


def _mark_of(process: psutil.Process) -> str | None:
    try:
        mark: str | None = process.environ().get(RUN_MARK)
    except (psutil.Error, OSError):
        return None  # ended meanwhile, or another user's: not one of ours
    return mark
