"""The hospital as processes of its Procfile, against the simulators, on a broker of the test's own choice."""

import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.db import connection
from rest_framework_simplejwt.tokens import AccessToken

from demo.home import ROOT
from demo.processes import Processes
from hospital.models import Patient, Session
from tasks import queues
from tests import factories
from tests.acceptance import scaled
from tests.acceptance.patients import Call, Json, Visitor
from tests.races import brokers
from tests.simulators import SECRET, Simulator, free_port

LOADER = "tests.acceptance.loading"

N = 15
WINDOW_SECONDS = 3
TIMEOUT_SECONDS = 1
LATE_SECONDS = 0.5
TIMER_SECONDS = 1.5

SCALE = {
    "INSURANCE_TRIAL_PER_MINUTE": str(N),
    "INSURANCE_SETTLEMENT_PER_MINUTE": str(N),
    "INSURANCE_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    "INSURANCE_BREAK_AFTER": "1000",  # a busy machine at this pace looks like an insurer that is down
    "WEB_WORKERS": "1",
    scaled.WINDOW: str(WINDOW_SECONDS),
    scaled.LATE: str(LATE_SECONDS),
    scaled.LEASE: str(3 * TIMEOUT_SECONDS + 2),
    scaled.TIMER: str(TIMER_SECONDS),
}


class Hospital:
    """A running hospital: its processes and its address."""

    def __init__(self, processes: Processes, url: str, prefix: str) -> None:
        self.processes, self.url, self.prefix = processes, url, prefix
        self.web = httpx.Client(base_url=f"{url}/api/v1/", trust_env=False, timeout=20)

    def visitor(self, patient: Patient, mode: str) -> Visitor:
        return Visitor(self._call(patient), patient.id_number, mode)

    def kill(self, name: str) -> None:
        """SIGKILL: no goodbye to the broker, no rollback."""
        process = self.processes.running.pop(name)
        process.kill()
        process.wait()

    def _call(self, patient: Patient) -> Call:
        token = {"Authorization": f"Bearer {AccessToken.for_user(patient.user)}"}

        def call(method: str, path: str, body: Json | None) -> Json:
            return dict(self.web.request(method, path, json=body, headers=token).json())

        return call


@contextmanager
def open_hospital(
    home: Path, broker_url: str, insurer: Simulator, payments: Simulator, *names: str
) -> Iterator[Hospital]:
    """These lines of the Procfile, scaled, on the test's database."""
    port, prefix = free_port(), f"test-{uuid.uuid4().hex[:6]}."
    url = f"http://127.0.0.1:{port}"
    environment = environment_of(home, broker_url, prefix) | {
        **SCALE,
        "INSURANCE_URL": insurer.url,
        "PAYMENT_URL": payments.url,
        "PORT": str(port),
        "PUBLIC_URL": url,
    }
    processes = Processes(ROOT / "Procfile", home, environment)
    processes.commands = {name: scaled_command(command, prefix) for name, command in processes.commands.items()}
    try:
        processes.start(*names)
        yield Hospital(processes, url, prefix)
    finally:
        processes.stop()
        delete_queues(broker_url, prefix)


def a_crowd(hospital: Hospital, size: int) -> list[Visitor]:
    """Booked patients, every third of whom pays without insurance."""
    session: Session = factories.session(seats=size)
    visitors = [
        hospital.visitor(factories.patient(), "self_pay" if number % 3 == 0 else "insurance") for number in range(size)
    ]
    for visitor in visitors:
        visitor.book(session.pk)
    return visitors


def environment_of(home: Path, broker_url: str, prefix: str) -> dict[str, str]:
    """What every process is told: the test's database, the broker, and queues of its own on it."""
    database: dict[str, Any] = connection.settings_dict
    at = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgres://{at}/{database['NAME']}",
        "BROKER_URL": broker_url,
        "PAYMENT_SECRET": SECRET,
        "FILING_EVERY_SECONDS": "1",
        "VAR": str(home),
        scaled.PREFIX: prefix,
    }


def scaled_command(command: str, prefix: str, runner: str = "tests.acceptance.scaled") -> str:
    """The same command line in the runner, on queues and under a node name of its own."""
    loaded = f"{sys.executable} -m {LOADER} {runner}"
    command = re.sub(r"\b(?:python -m )?(celery|config\.web)\b", rf"{loaded} \1", command, count=1)
    command = re.sub(r"--hostname (\w+)@", rf"--hostname {prefix}\1@", command)
    return re.sub(
        r"--queues (\S+)", lambda found: "--queues " + ",".join(prefix + q for q in found[1].split(",")), command
    )


def delete_queues(broker_url: str, prefix: str) -> None:
    """Delete what the processes have declared."""
    left = [f"{prefix}{name}" for name in (*queues.GENERAL_QUEUES, *queues.INSURANCE_QUEUES, queues.DEAD)]
    brokers.delete(broker_url, *left, f"{prefix}archives.waiting", f"{prefix}archives.waiting.dead")
