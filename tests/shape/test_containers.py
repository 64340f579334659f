"""What runs in a container may do no more than run: not as root, nothing written, no powers, nothing gained."""

import re
from typing import Any

import pytest

from demo import engines
from tests.shape.test_deployment import DEPLOYMENTS, JOBS, ROOT, container, pod
from tests.shape.test_environment import COMPOSE

pytestmark = pytest.mark.security

SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("hospital-line")}
LAST_STAGES = ("demo", "production")


def test_every_image_that_runs_ends_as_somebody_else_than_root() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    last = {stage.splitlines()[0].rpartition(" AS ")[2]: stage for stage in stages}
    for name in LAST_STAGES:
        assert re.findall(r"^USER (\S+)$", last[name], re.MULTILINE) == ["hospital"], name
    assert "useradd --system" in last["base"] and "--uid 10001" in last["base"]


def test_ours_write_to_memory_alone_and_have_no_powers() -> None:
    assert len(OURS) >= 8
    for name, one in OURS.items():
        assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"]), name
        assert "/tmp" in one["tmpfs"], name
        assert "cap_add" not in one, name


def test_nobody_gains_anything() -> None:
    """Docker's own seccomp profile is in force unless it is taken away."""
    for name, one in SERVICES.items():
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(one), name
        assert not any("docker.sock" in volume for volume in one.get("volumes", [])), name


def test_stores_and_consoles_are_reached_from_this_machine_alone() -> None:
    for name, one in SERVICES.items():
        for port in one.get("ports", []):
            assert name in ("web", "push") or port.startswith("127.0.0.1:"), name


def test_kubernetes_filters_system_calls() -> None:
    for name, one in (DEPLOYMENTS | JOBS).items():
        assert pod(one)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert container(one)["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod(one)), name


def test_postgresql_is_made_as_the_one_that_every_test_runs_on() -> None:
    assert SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split() == list(engines.ORDER)
