"""2,000 patients who wait in line and look when they were told to: how much of one core does that take?

They stand along the whole line and ask with the ETag of their last answer. Meanwhile trials are made at n a minute, as
in a busy hour, by this process: what that costs is not counted. Everything else that web and database do is.
"""

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import psutil
from django.db import connection
from rest_framework_simplejwt.tokens import AccessToken

from demo.home import ROOT
from insurance.quota import permits
from insurance.trial import admission, turns
from tests.bench import figures, measure, procfile, rows
from tests.bench.figures import Figure
from tests.bench.options import Options

PATIENTS = 2_000
SETTLE_SECONDS = 200
"""Longer than anybody is told to wait before the next look: from then on they come as on an ordinary day. Everybody's
first look is at a moment of their own in this time, and none of it is measured."""


class Turns(threading.Thread):
    """One trial after the other, evenly: the line moves on at n a minute."""

    def __init__(self, per_minute: int) -> None:
        super().__init__(daemon=True)
        self.gap_seconds = permits.cooling_seconds() / per_minute
        self.over = threading.Event()
        self.backend_id = 0

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.backend_id = cursor.fetchone()[0]
        next_at = time.monotonic()
        while not self.over.wait(max(next_at - time.monotonic(), 0)):
            turns.take_one()
            next_at += self.gap_seconds


def run(options: Options) -> list[Figure]:
    """Measured for --minutes, or 75 seconds."""
    seconds = round((options.minutes or 1.25) * 60)
    per_minute = int(os.environ["INSURANCE_TRIAL_PER_MINUTE"])
    crowd = _in_line(PATIENTS + round((SETTLE_SECONDS + seconds / 2) * per_minute / 60))  # who has had a turn by then
    moving = Turns(per_minute)
    with procfile.running("insurer", "web", LOG_LEVEL="INFO") as processes:
        moving.start()
        web = psutil.Process(processes.running["web"].pid)
        asking = _started(crowd | {"seconds": seconds})
        time.sleep(SETTLE_SECONDS)
        began, before = time.monotonic(), _cpu_seconds(web, moving.backend_id)
        seen: dict[str, Any] = json.loads(asking.communicate()[0])
        lasted, after = time.monotonic() - began, _cpu_seconds(web, moving.backend_id)
        moving.over.set()
        moving.join()
    return _figures(seen, lasted, [late - early for early, late in zip(before, after, strict=True)])


def _in_line(count: int) -> dict[str, Any]:
    """So many with a place each."""
    who = rows.told(count)
    trials = [admission.enter(one).pk for one in who]
    return {"trials": trials, "tokens": [str(AccessToken.for_user(one.patient.user)) for one in who]}


def _started(job: dict[str, Any]) -> "subprocess.Popen[str]":
    """The crowd, in a process of its own."""
    told = job | {"hospital": os.environ["PUBLIC_URL"], "settle_seconds": SETTLE_SECONDS}
    command = [sys.executable, "-m", "tests.bench.polling_crowd", str(ROOT / "var" / "bench" / "polling.json")]
    (ROOT / "var" / "bench" / "polling.json").write_text(json.dumps(told))
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _cpu_seconds(web: psutil.Process, apart: int) -> tuple[float, float]:
    """Of the web processes, and of the database without the backend that makes the trials."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    assert postmaster is not None
    return _used(web, 0), _used(postmaster, apart)


def _used(parent: psutil.Process, apart: int) -> float:
    """With its children, and with those that have ended since."""
    own = parent.cpu_times()
    children = [one.cpu_times() for one in parent.children() if one.pid != apart]
    ended = own.children_user + own.children_system
    return float(own.user + own.system + ended + sum(one.user + one.system for one in children))


def _figures(seen: dict[str, Any], seconds: float, used: list[float]) -> list[Figure]:
    asked, web, database = len(seen["latencies"]), used[0] / seconds, used[1] / seconds
    each = f"{sum(used) / asked * 1000:.1f} ms a request; web {web:.1%}, database {database:.1%}"
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(seen["statuses"].items()))
    return [
        figures.alone(f"polling: {PATIENTS:,} wait", "% of a core", [100 * (web + database)], f"goal: < 20; {each}"),
        figures.alone("polling: requests", "requests/s", [asked / seconds], statuses),
        figures.alone("polling: answer", "ms", [measure.median(seen["latencies"]) * 1000], _latency(seen)),
    ]


def _latency(seen: dict[str, Any]) -> str:
    return measure.spread_ms(seen["latencies"])
