"""Flower as in the Procfile: behind a login, remembering, and its hand on the brake reaches the worker."""

import os
import shelve
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from celery import Celery

from demo.home import ROOT
from demo.processes import commands
from tests.acceptance.hospital import Hospital, N, environment_of, open_hospital
from tests.races import brokers
from tests.races.together import wait_until
from tests.simulators import Simulator, free_port

LOGIN = ("operator", "a long password")
TASK = "tasks.insurance.trial"


@pytest.fixture
def flower(
    insurer: Simulator, payments: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Hospital, str]]:
    """A worker, Flower before it, and Flower's address."""
    port = free_port()
    for name, value in (("FLOWER_BASIC_AUTH", ":".join(LOGIN)), ("FLOWER_PORT", str(port)), ("FLOWER_URL_PREFIX", "f")):
        monkeypatch.setenv(name, value)
    broker = brokers.address("valkey")
    with open_hospital(tmp_path, broker, insurer, payments, "insurance", "flower") as hospital:
        yield hospital, f"http://127.0.0.1:{port}/f"


def ask(url: str, path: str, login: tuple[str, str] | None = LOGIN, **form: str) -> httpx.Response:
    method = "POST" if form else "GET"
    return httpx.request(method, f"{url}{path}", auth=login, data=form or None, trust_env=False, timeout=10)


def workers(hospital: Hospital, url: str) -> dict[str, Any]:
    hospital.processes.check()
    try:
        answer = ask(url, "/api/workers?refresh=1")
    except httpx.TransportError:
        return {}
    return dict(answer.json()) if answer.is_success else {}


def rates(remote: Celery) -> set[str]:
    """The trial task's rate limit, as each worker says."""
    told: dict[str, list[str]] = remote.control.inspect(timeout=2).registered("rate_limit") or {}
    return {task for tasks in told.values() for task in tasks if task.startswith(TASK)}


def test_it_asks_for_a_login_and_turns_the_brake_of_the_worker(flower: tuple[Hospital, str], tmp_path: Path) -> None:
    hospital, url = flower
    wait_until(lambda: len(workers(hospital, url)) == 1, seconds=60)
    worker = next(iter(workers(hospital, url)))
    turn = {"workername": worker, "ratelimit": "7/m"}
    remote = Celery(broker=hospital.processes.environment["BROKER_URL"])
    for nobody in (None, ("operator", "wrong")):
        assert ask(url, "/tasks", nobody).status_code == 401
        assert ask(url, "/api/workers", nobody).status_code == 401
        assert ask(url, f"/api/task/rate-limit/{TASK}", nobody, **turn).status_code == 401
    assert "7/m" not in str(rates(remote)) and f"{20 * 2 * N}/m" in str(rates(remote))
    assert ask(url, "/workers").is_success and "routing_key" in ask(url, "/tasks").text
    assert ask(url, f"/api/task/rate-limit/{TASK}", **turn).is_success
    wait_until(lambda: rates(remote) == {f"{TASK} [rate_limit=7/m]"}, seconds=10)
    hospital.processes.stop(["flower"])
    with shelve.open(str(tmp_path / "flower"), flag="r") as kept:
        assert worker in str(kept["events"].workers)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"FLOWER_BASIC_AUTH": ""}, "FLOWER_BASIC_AUTH"),
        ({"FLOWER_BASIC_AUTH": "operator"}, "FLOWER_BASIC_AUTH"),
        ({"FLOWER_BASIC_AUTH": "a:b", "FLOWER_UNAUTHENTICATED_API": "1"}, "FLOWER_UNAUTHENTICATED_API"),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_it_does_not_start_open_to_everybody(environment: dict[str, str], named: str, tmp_path: Path) -> None:
    everything = environment_of(tmp_path, "redis://127.0.0.1:9/0", "none.") | environment
    command = f"exec {commands(ROOT / 'Procfile')['flower']}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command], cwd=ROOT, env=everything, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0 and f"{named} must" in ended.stderr
    assert os.listdir(tmp_path) == []
