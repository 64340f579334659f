"""The other side as real processes on free ports, for tests that speak over real HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

SECRET = "test-secret-of-the-payment-institution-0123456789"


class Simulator:
    """A running simulator and its own view of what happened."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ledger(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.url}/_ledger", trust_env=False).json())

    def stats(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.url}/_stats", trust_env=False).json())

    def faults(self, *rules: dict[str, Any], seed: int = 1) -> None:
        """Replace the fault script."""
        script = {"seed": seed, "rules": list(rules)}
        httpx.post(f"{self.url}/_faults", json=script, trust_env=False).raise_for_status()

    def reset(self) -> None:
        httpx.post(f"{self.url}/_reset", trust_env=False).raise_for_status()


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, *options: str, host: str = "127.0.0.1") -> Iterator[Simulator]:
    """`insurer` or `payments` as a process of its own."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        f"insurance.simulator.{name}",
        "--host",
        host,
        "--port",
        str(port),
        *options,
    ]
    process = subprocess.Popen(command, env={**os.environ, "PAYMENT_SECRET": SECRET})
    try:
        simulator = Simulator(f"http://{host}:{port}")
        _wait_until_it_answers(simulator, process)
        yield simulator
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_it_answers(simulator: Simulator, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            simulator.stats()
            return
        except httpx.TransportError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
