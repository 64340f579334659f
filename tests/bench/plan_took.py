"""What the processes took of the processor, by name."""

from collections.abc import Mapping
from subprocess import Popen
from typing import Any

import psutil
from django.db import connection

DATABASE = "postgres"


def used(running: Mapping[str, "Popen[Any]"]) -> dict[str, float]:
    """Seconds of processor time so far: each process with its children, and the database with all its backends."""
    found = {name: _of(psutil.Process(process.pid)) for name, process in running.items()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    assert postmaster is not None
    return found | {DATABASE: _of(postmaster)}


def _of(parent: psutil.Process) -> float:
    """With its children, and with those that have ended since."""
    own = parent.cpu_times()
    children = [one.cpu_times() for one in parent.children(recursive=True)]
    ended = own.children_user + own.children_system
    return float(own.user + own.system + ended + sum(one.user + one.system for one in children))
