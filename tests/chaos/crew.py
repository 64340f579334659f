"""The hospital's processes under fire: lines of the Procfile, several `insurance` workers of different names."""

import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from django.db import connection

from demo import children
from demo.home import ROOT
from demo.processes import Processes
from tests.acceptance.hospital import delete_queues, environment_of, scaled_command
from tests.chaos.plan import Pace
from tests.chaos.story import Span
from tests.races.together import wait_until

ORDINARY = "tests.acceptance.scaled"
"""What runs a command line (see there)."""

READY_SECONDS = 240
SILENT = ("beat", "web", "pgbouncer")
"""Who does not say that it takes work, by name or by a name and a number."""


Lines = Callable[[Mapping[str, str]], dict[str, str]]


class Manned(Protocol):
    """A plan says how fast time goes, and how the workers are called."""

    @property
    def pace(self) -> Pace: ...

    @property
    def crew(self) -> tuple[str, ...]: ...


class Crew:
    """Processes that are killed, frozen and thawed by name."""

    def __init__(self, processes: Processes, prefix: str) -> None:
        self.processes, self.prefix = processes, prefix
        self.frozen: set[str] = set()
        self.begun: dict[str, int] = {}
        """How long the log of each was when it was started."""
        self.deaths: list[Span] = []
        """Of processes inside a transaction, from its beginning."""

    def start(self, *names: str) -> None:
        for name in names:
            self.begun[name] = len(self._words(name))
        self.processes.start(*names)

    def wait_until_ready(self, *names: str) -> None:
        """Until they have said that they take work; some say nothing."""
        for name in names:
            wait_until(lambda name=name: self.is_ready(name), READY_SECONDS)

    def is_ready(self, name: str) -> bool:
        """Whether it takes work, as far as it says."""
        return name.rstrip("0123456789") in SILENT or b" ready." in self._words(name)[self.begun[name] :]

    def revive(self) -> list[str]:
        """Start again what has ended by itself, as a supervisor does (`restart` in docker-compose.yml)."""
        ended = [name for name, process in self.processes.running.items() if process.poll() is not None]
        self.start(*ended)
        return ended

    def kill(self, *names: str) -> None:
        """SIGKILL: no goodbye to the broker, no rollback. And at once new ones in their places. Only who has begun to
        work is killed: on a slow machine there would be nobody else."""
        self.wait_until_ready(*names)
        for name in names:  # they stand still for as long as it takes to see what they were at
            self._signal(name, signal.SIGSTOP)
        begun = locking_since(*names)
        killed = [self.processes.running.pop(name) for name in names]
        for process in killed:
            process.kill()
        for process in killed:
            process.wait()
        self.deaths += [Span(since, time.time()) for since in begun]
        self.start(*names)

    def freeze(self, name: str) -> None:
        """SIGSTOP between two transactions. What a process holds inside one, the database itself takes from it after a
        time (`idle_in_transaction_session_timeout`), and that is another matter."""
        self.wait_until_ready(name)
        self.frozen.add(name)
        wait_until(lambda: self._is_frozen_outside_of_transactions(name))

    def thaw(self, *names: str) -> None:
        """SIGCONT."""
        for name in names:
            self._signal(name, signal.SIGCONT)
        self.frozen.difference_update(names)

    def stop(self) -> None:
        """End as it went: by SIGKILL, whoever is frozen too. What the database is still busy with for them, it ends."""
        children.stop(list(self.processes.running.values()), grace_seconds=10, by=signal.SIGKILL)
        wait_until(lambda: not _connected(*self.processes.running))

    def _is_frozen_outside_of_transactions(self, name: str) -> bool:
        self._signal(name, signal.SIGSTOP)
        if not locking_since(name):
            return True
        self._signal(name, signal.SIGCONT)
        return False

    def _words(self, name: str) -> bytes:
        log = self.processes.log(name)
        return log.read_bytes() if log.exists() else b""

    def _signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.processes.running[name].pid, number)


@contextmanager
def at_work(
    plan: Manned,
    home: Path,
    broker_url: str,
    others: Mapping[str, str],
    runner: str = ORDINARY,
    also: tuple[str, ...] = (),
    lines: Lines | None = None,
) -> Iterator[Crew]:
    """`general`, `beat` and the plan's workers, at its pace, until the end, and `also` others of the Procfile.
    `others`: where the simulators are. `lines` makes other command lines of the Procfile's than the usual."""
    prefix = f"chaos-{uuid.uuid4().hex[:6]}."
    environment = {**environment_of(home, broker_url, prefix), **plan.pace.variables(), **others}
    processes = Processes(ROOT / "Procfile", home, environment)
    processes.commands = {
        name: f"env PGAPPNAME={name} {scaled_command(command, prefix, runner)}"
        for name, command in (lines or partial(_commands, plan))(processes.commands).items()
    }
    crew = Crew(processes, prefix)
    try:
        crew.start("general", "beat", *plan.crew, *also)
        crew.wait_until_ready("general", *plan.crew)
        yield crew
    finally:
        crew.stop()
        delete_queues(broker_url, prefix)


def named(worker: str, name: str) -> str:
    """The command line of a worker, under a node name of its own."""
    return re.sub(r"--hostname \w+@", f"--hostname {name}@", worker)


def _commands(plan: Manned, procfile: Mapping[str, str]) -> dict[str, str]:
    """The Procfile's line `insurance` once for each worker; and beat a second time."""
    workers = {name: named(procfile["insurance"], name) for name in plan.crew}
    twice = procfile["beat"].replace("beat-schedule", "beat2-schedule")
    return {**{name: procfile[name] for name in ("general", "beat", "web")}, "beat2": twice, **workers}


def locking_since(*names: str) -> list[float]:
    """When the transactions of these processes began that have locked something, or are about to."""
    condition = "xact_start IS NOT NULL AND (backend_xid IS NOT NULL OR state = 'active')"
    return _asked("SELECT extract(epoch FROM xact_start)::float8", condition, names)


def _connected(*names: str) -> bool:
    return bool(_asked("SELECT pid", "true", names))


def _asked(what: str, condition: str, names: tuple[str, ...]) -> list[Any]:
    """Of the database's connections to these processes; libpq tells it PGAPPNAME."""
    with connection.cursor() as cursor:
        sql = f"{what} FROM pg_stat_activity WHERE application_name = ANY(%s) AND {condition}"
        cursor.execute(sql, [list(names)])
        return [row[0] for row in cursor.fetchall()]
