"""Bookings a second through real HTTP, gunicorn as in the Procfile. Baseline: the same inserts by pgbench.

Every round begins with no appointments at all. `Idempotency-Key` is measured on its own: it stores a row more.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import psutil
from django.db import connection
from django.db.models import F
from rest_framework_simplejwt.tokens import AccessToken

from demo.home import ROOT
from hospital.archives import queue
from hospital.models import Appointment, Patient, Session
from tests.bench import booking_sql, figures, measure, pgbench, procfile, rows
from tests.bench.figures import Figure
from tests.bench.options import Options

AT_ONCE = 16
"""Connections and pgbench's clients: as many as the web processes have threads, 2 × 8."""

SESSIONS = 40
QUIET_SECONDS = 0.3


class Bench:
    """The web processes, the crowd and its tokens."""

    def __init__(self, web: psutil.Process, who: Sequence[Patient], sessions: Sequence[Session], seconds: int) -> None:
        self.web = web
        self.who = who
        self.sessions = sessions
        self.seconds = seconds
        self.tokens = [str(AccessToken.for_user(one.user)) for one in who]
        self.cpu_ms: list[float] = []
        """CPU time of all web processes for one booking, without a key, of each round."""

    def load(self, *, keyed: bool) -> dict[str, Any]:
        """One round of bookings over HTTP."""
        forget()
        before = self._cpu_seconds()
        result = self._loaded(keyed)
        if set(result["statuses"]) != {"201"}:
            raise RuntimeError(f"not every booking was taken: {result['statuses']}")
        quiet()
        if not keyed:
            self.cpu_ms.append((self._cpu_seconds() - before) * 1000 / len(result["latencies"]))
        return result

    def bare(self) -> pgbench.Run:
        """One round of the same inserts by pgbench."""
        forget()
        variables = {
            "n": 0,
            "clients": AT_ONCE,
            "first_patient": self.who[0].pk,
            "patients": len(self.who),
            "first_session": self.sessions[0].pk,
            "sessions": len(self.sessions),
        }
        run = pgbench.run(booking_sql.SCRIPT, clients=AT_ONCE, seconds=self.seconds, variables=variables)
        if (made := Appointment.objects.count()) != len(run.latencies):
            raise RuntimeError(f"pgbench tells of {len(run.latencies)} bookings, the table holds {made}")
        return run

    def memory(self) -> str:
        """Resident memory of the gunicorn master and of each web process."""
        sizes = [process.memory_info().rss // 2**20 for process in (self.web, *self.web.children())]
        return f"RSS {' + '.join(map(str, sizes))} MiB (master, web processes)"

    def _loaded(self, keyed: bool) -> dict[str, Any]:
        job = {
            "host": os.environ["HOST"],
            "port": int(os.environ["PORT"]),
            "connections": AT_ONCE,
            "seconds": self.seconds,
            "keyed": keyed,
            "tokens": self.tokens,
            "cards": [one.id_number for one in self.who],
            "sessions": [session.pk for session in self.sessions],
        }
        command = [sys.executable, "-m", "tests.bench.load"]
        done = subprocess.run(command, cwd=ROOT, input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def _cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self.web.children()]
        return float(sum(one.user + one.system for one in times))


def run(options: Options) -> list[Figure]:
    """Two comparisons; each side is measured for `seconds`."""
    rounds, each = measure.turns(options.seconds)
    who = rows.patients(max(2_000, 400 * each))
    sessions = rows.sessions(SESSIONS, seats=1_000_000)
    with procfile.running("web") as processes:
        bench = Bench(psutil.Process(processes.running["web"].pid), who, sessions, each)
        bench.load(keyed=True)  # the first requests import and connect
        bench.cpu_ms.clear()
        plain, bare, keyed = measure.interleaved(
            rounds, lambda: bench.load(keyed=False), bench.bare, lambda: bench.load(keyed=True)
        )
        return [
            _figure("booking over HTTP", plain, bare, bench.memory()),
            _figure("booking, Idempotency-Key", keyed, bare, "one row and two savepoints more"),
            figures.alone(
                "booking: CPU of web", "ms/booking", bench.cpu_ms, "user + system, hints to the broker included"
            ),
        ]


def forget() -> None:
    """No appointments, every seat free."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE hospital_appointment, hospital_journal, hospital_idempotentrequest CASCADE")
    Session.objects.update(free=F("capacity"))
    rows.tidy(Session)


def quiet() -> None:
    """Wait until the web processes have given their hints to the broker: the baseline must not run beside them."""
    last = -1
    while (depth := queue.depth()) != last:
        last = depth
        time.sleep(QUIET_SECONDS)


def _figure(name: str, ours: Sequence[dict[str, Any]], bare: Sequence[pgbench.Run], notes: str) -> Figure:
    latency = measure.spread_ms([one for run in ours for one in run["latencies"]])
    bare_latency = measure.spread_ms([one for run in bare for one in run.latencies])
    cpu = measure.median([run["cpu_share"] for run in ours])
    notes = f"{latency}; SQL {bare_latency}; {notes}; load generator {cpu:.0%} of a core"
    return figures.compared(
        name, "bookings/s", [run["per_second"] for run in ours], [run.per_second for run in bare], notes
    )
