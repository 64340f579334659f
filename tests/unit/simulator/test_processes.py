"""The simulators as programs: options, environment, readiness, end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

PROGRAMS = {"insurer": "INSURER", "payments": "PAYMENT"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def program(name: str, *options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"insurance.simulator.{name}", *options]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def wait_until_up(url: str) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return httpx.get(url).text
        except httpx.ConnectError:
            time.sleep(0.02)
    raise TimeoutError(url)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_starts_by_environment_and_ends_quickly_though_a_call_hangs(name: str, end: signal.Signals) -> None:
    port, prefix = free_port(), PROGRAMS[name]
    environment = {f"{prefix}_PORT": str(port), f"{prefix}_SECRET": "s"}
    with program(name, **environment) as process:
        url = f"http://127.0.0.1:{port}"
        assert wait_until_up(url).startswith("simulated")
        if name == "insurer":
            httpx.post(f"{url}/_faults", json={"rules": [{"kind": "hang", "seconds": 60}]})
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(url, json={"infno": "9001", "msgid": "M", "input": {}}, timeout=0.2)
        begin = time.monotonic()
        process.send_signal(end)
        process.wait(timeout=10)
        assert time.monotonic() - begin < 4


def test_options_win_over_the_environment() -> None:
    port = free_port()
    options = ("--port", str(port), "--per-minute", "7", "--metered", "2206", "--seed", "5", "--lose", "0.5")
    with program("insurer", *options, INSURER_PER_MINUTE="9", INSURER_WINDOW_SECONDS="30", INSURER_ENFORCE="1"):
        wait_until_up(f"http://127.0.0.1:{port}")
        stats = httpx.get(f"http://127.0.0.1:{port}/_stats").json()
        assert (stats["per_minute"], stats["window_seconds"]) == (7, 30)
        assert stats["metered"].keys() == {"2206", "all"}
        faults = httpx.get(f"http://127.0.0.1:{port}/_faults").json()
        assert (faults["seed"], faults["rules"][0]["share"]) == (5, 0.5)


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ("insurer", {"INSURER_PORT": "x"}, "--port"),
        ("insurer", {"INSURER_LOSE": "2"}, "--lose"),
        ("payments", {}, "--secret"),
    ],
)
def test_a_wrong_or_missing_value_stops_the_start(name: str, environment: dict[str, str], said: str) -> None:
    with program(name, **environment) as process:
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 2
        assert said in errors
