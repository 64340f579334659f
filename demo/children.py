"""Starting and stopping child processes so that none outlives the run.

Three nets: the run stops its children; on Linux the kernel stops them when the run dies without doing so; and every
child carries a mark in its environment by which the next run finds what both have missed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

RUN_MARK = "HOSPITAL_RUN"
"""The environment variable whose value is the home directory of the run a process belongs to."""

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def start(
    command: Sequence[str],
    *,
    home: Path,
    log: Path,
    environment: Mapping[str, str],
    directory: Path,
    user: int | None = None,
    when_orphaned: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command`, its output added to `log`, in a session of its own: Ctrl-C is for the run alone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env={**environment, RUN_MARK: str(home)},
            cwd=directory,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_tied_to_parent(when_orphaned),
        )


def _tied_to_parent(when_orphaned: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes its command: ask the kernel for a signal when its parent dies."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, when_orphaned)
        if os.getppid() != parent:  # it died before the kernel was asked
            os._exit(1)

    return tie


def stop(
    running: Sequence[subprocess.Popen[bytes]], *, grace_seconds: float, by: signal.Signals = signal.SIGTERM
) -> None:
    """Ask all to stop and wait; kill those, and every child of theirs, that are still there after the grace."""
    running = [child for child in running if child.poll() is None]
    families = [process for child in running for process in psutil.Process(child.pid).children(recursive=True)]
    for child in running:
        child.send_signal(by)
    deadline = time.monotonic() + grace_seconds
    for child in running:
        _wait_or_kill(child, deadline)
    end(families, grace_seconds=1)


def _wait_or_kill(child: subprocess.Popen[bytes], deadline: float) -> None:
    try:
        child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def end(processes: Sequence[psutil.Process], *, grace_seconds: float) -> None:
    """SIGTERM, and SIGKILL for those still there after the grace."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = [process for process in processes if not _is_gone(process)]
        for process in left:
            _signal(process, number)
        deadline = time.monotonic() + grace_seconds
        while not all(_is_gone(process) for process in left) and time.monotonic() < deadline:
            time.sleep(0.02)


def _is_gone(process: psutil.Process) -> bool:
    """Ended, or ended and only not yet collected: a container's first process may never collect."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return  # it has ended: what we wanted


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for a message about whoever wrote it."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
