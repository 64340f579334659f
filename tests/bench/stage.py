"""The servers, the fresh database and the environment of a run, all under `var/bench`."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import children, databases, engines
from demo.environment import Ports, Servers, environment
from demo.home import ROOT, CannotStart
from demo.options import Options

DEMO = Options(patients=1, per_minute=100, insurer=None, lose=0.0, report=None, serve=False, lang="en")
"""The demo's environment with its standard n: what is measured is configured like what is shown."""


@contextmanager
def environment_for(home: Path) -> Iterator[dict[str, str]]:
    """Start the servers, make the database, and yield what every benchmark's process is told. `home` must be held."""
    if (home / "valkey").exists():
        shutil.rmtree(home / "valkey")
    with engines.postgres(home) as maintenance, engines.valkey(home) as broker:
        database = databases.renewed(maintenance, "hospital", keep=False)
        servers = Servers(database, broker, f"{broker.removesuffix('/0')}/1")
        variables = {
            **environment(DEMO, servers, Ports.free(), home),
            children.RUN_MARK: str(home),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",  # on the terminal stand the figures
        }
        _migrate(variables)
        yield variables


def _migrate(variables: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise CannotStart(f"manage.py migrate failed:\n{done.stderr.strip()}")
