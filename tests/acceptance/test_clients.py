"""The clients of the docs, each against a hospital that runs: from the account to the end of the settlement."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from demo.home import ROOT
from tests import factories
from tests.acceptance.hospital import Hospital, open_hospital
from tests.races import brokers
from tests.races.together import wait_until
from tests.simulators import Simulator

CLIENTS = ROOT / "docs" / "clients"
COMMANDS = {
    "curl": ["sh", str(CLIENTS / "patient.sh")],
    "python": [sys.executable, str(CLIENTS / "patient.py")],
    "node": ["node", str(CLIENTS / "patient.mjs")],
}


def test_each_client_of_the_docs_comes_to_the_end(insurer: Simulator, payments: Simulator, tmp_path: Path) -> None:
    broker = brokers.address("valkey")
    factories.session(seats=len(COMMANDS))
    with open_hospital(tmp_path, broker, insurer, payments, "web", "general", "insurance", "beat") as hospital:
        wait_until(answering(hospital))
        running = {name: start(name, hospital) for name in COMMANDS}
        ended = {name: (process, *process.communicate(timeout=80)) for name, process in running.items()}
    for name, (process, said, complained) in ended.items():
        assert (process.returncode, complained) == (0, ""), (name, said, complained)
        assert said.splitlines()[-1] == "completed", (name, said)
    assert len(insurer.ledger()["settlements"]) == len(COMMANDS)


def start(name: str, hospital: Hospital) -> "subprocess.Popen[str]":
    """A new patient with this client."""
    person = [f"from.{name}", "wo-de-mi-ma-2026", "张三", factories.id_number()]
    return subprocess.Popen(
        [*COMMANDS[name], f"{hospital.url}/api/v1", *person],
        env={**os.environ, "SIMULATED": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answering(hospital: Hospital) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            return hospital.web.get("line/").is_success
        except httpx.TransportError:
            return False

    return answers
