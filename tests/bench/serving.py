"""Web servers side by side on ports of their own; those that are not asked cost nothing."""

import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil

from demo import children
from demo.engines import free_ports
from demo.home import ROOT
from demo.processes import commands

READY_SECONDS = 120


@dataclass(frozen=True)
class Served:
    """A server that runs: where, and its process."""

    at: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Of it and its workers."""
        every = [self.process, *self.process.children(recursive=True)]
        return float(sum(sum(one.cpu_times()[:2]) for one in every))


def ours() -> str:
    """The web as in the Procfile."""
    return commands(ROOT / "Procfile")["web"]


def gunicorn() -> str:
    """The same behind gunicorn."""
    return "gunicorn config.wsgi:application --bind $HOST:$PORT --workers 2 --threads 64 --no-control-socket"


def plain() -> str:
    """The plain project: gunicorn, as many workers as its documentation recommends for two cores."""
    return "gunicorn tests.bench.plain.wsgi:application --bind $HOST:$PORT --workers 5 --no-control-socket"


@contextmanager
def serving(command: str, **variables: str) -> Iterator[Served]:
    """Until the block ends; `variables` are added to the environment."""
    port = free_ports(1)[0]
    at = f"127.0.0.1:{port}"
    told = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "PUBLIC_URL": f"http://{at}", **variables}
    name = "web" if command == ours() else shlex.split(command)[0]
    home = ROOT / "var" / "bench"
    log = home / "log" / f"{name}-{port}.log"
    process = children.start(["/bin/sh", "-c", f"exec {command}"], home=home, log=log, environment=told, directory=ROOT)
    try:
        _wait(at, process, time.monotonic() + READY_SECONDS)
        yield Served(at, psutil.Process(process.pid))
    finally:
        children.stop([process], grace_seconds=20)


def _wait(at: str, process: "subprocess.Popen[bytes]", until: float) -> None:
    while True:
        try:
            if httpx.get(f"http://{at}/readyz", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"no answer at {at}")
        time.sleep(0.1)
