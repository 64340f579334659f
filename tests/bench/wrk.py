"""wrk, the load generator (Debian: `apt install wrk`): in a process of its own, every request another patient's."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.options import Unusable

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Ask:
    """One request. `extra` is the Idempotency-Key of a POST, the If-None-Match of a GET; `address` whose it is, where
    the server believes a proxy before it (TRUSTED_PROXIES)."""

    method: str
    path: str
    token: str = "-"
    extra: str = "-"
    body: str = "-"
    address: str = "-"

    @property
    def line(self) -> str:
        """As wrk.lua reads it."""
        return "\t".join((self.method, self.path, self.token, self.extra, self.address, self.body)) + "\n"


@dataclass(frozen=True)
class Load:
    """What wrk saw. Times in seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    most: float
    socket_errors: int
    statuses: Mapping[str, int]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    def count(self, status: int) -> int:
        return self.statuses.get(str(status), 0)


def run(
    asks: Sequence[Ask], at: str, *, connections: int, seconds: int, delay_ms: float = 0, once: bool = False
) -> Load:
    """Ask these in turn by so many connections, for `seconds` or, `once`, until each was answered."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Unusable("wrk is not installed (Debian: apt install wrk)")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as job:
        job.writelines(one.line for one in asks)
        job.flush()
        told = {"JOB": job.name, "AT": at, "DELAY_MS": str(delay_ms), "ONCE": "1" if once else "0"}
        load = [f"--connections={connections}", "--threads=1", f"--duration={seconds}s", "--timeout=30s"]
        command = [wrk, *load, f"--script={SCRIPT}", f"http://{at}"]
        done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True)
    if done.returncode or not done.stderr.strip():
        raise RuntimeError(f"wrk failed ({done.returncode}): {done.stderr[-500:]}{done.stdout[-500:]}")
    return Load(**json.loads(done.stderr.strip().splitlines()[-1]))
