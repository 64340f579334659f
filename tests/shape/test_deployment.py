"""What runs on Kubernetes is what the Procfile, the Dockerfile and the settings say, and is what Kubernetes takes."""

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config.environment import Environment
from config.settings import CELERY_TASK_TIME_LIMIT
from demo.processes import commands
from operations.metrics import lines
from tests.shape.test_environment import COMPOSE, READ, TOLD

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy" / "kubernetes"
SCHEMAS = json.loads((ROOT / "tests" / "samples" / "kubernetes" / "schemas-1.33.json").read_text())
PROCFILE = commands(ROOT / "Procfile")
SIMULATORS = {"insurer", "payments"}

OF_THE_PROCFILE = {"HOST", "VAR"}
OF_FLOWER_AND_TRACES = {
    "FLOWER_ADDRESS",
    "FLOWER_URL_PREFIX",
    "FLOWER_READ_ONLY",
    "FLOWER_BASIC_AUTH",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
}
OF_COMPOSE = {
    *("POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "DATABASE_HOST"),
    *("WEB_REPLICAS", "GENERAL_REPLICAS", "INSURANCE_REPLICAS", "BEAT_REPLICAS"),
}

Resource = dict[str, Any]


def resources(folder: str = "base") -> Iterator[Resource]:
    """Everything that the kustomization names, lists opened."""
    for name in yaml.safe_load((DEPLOY / folder / "kustomization.yaml").read_text())["resources"]:
        if name.endswith(".yaml"):
            for one in yaml.safe_load_all((DEPLOY / folder / name).read_text()):
                yield from one["items"] if one["kind"] == "List" else [one]


ALL = [*resources(), *resources("example")]


def of_kind(kind: str) -> dict[str, Resource]:
    return {one["metadata"]["name"]: one for one in ALL if one["kind"] == kind}


DEPLOYMENTS, JOBS = of_kind("Deployment"), of_kind("Job")
OURS = {name: one for name, one in (DEPLOYMENTS | JOBS).items() if name != "pgbouncer"}
SETTINGS = of_kind("ConfigMap")["hospital"]["data"]


def pod(resource: Resource) -> Resource:
    return dict(resource["spec"]["template"]["spec"])


def container(resource: Resource) -> Resource:
    (only,) = pod(resource)["containers"]
    return dict(only)


def names_of(resource: Resource) -> set[str]:
    """Of the variables that a process is given."""
    return {*SETTINGS, *(one["name"] for one in container(resource)["env"])}


def complaints(resource: Resource) -> list[str]:
    schema = {**SCHEMAS["kinds"][resource["kind"]], "definitions": SCHEMAS["definitions"]}
    found = jsonschema.Draft7Validator(schema).iter_errors(resource)
    return [f"{resource['metadata']['name']}: {error.json_path} {error.message[:200]}" for error in found]


def test_kubernetes_takes_every_resource() -> None:
    known = [one for one in ALL if one["kind"] != "ScaledObject"]
    assert len(known) > 20
    assert [complaint for one in known for complaint in complaints(one)] == []


def test_a_slip_is_found() -> None:
    """Negative control: a word that Kubernetes does not know, and a number where it wants a word."""
    slipped = json.loads(json.dumps(DEPLOYMENTS["web"]))
    slipped["spec"]["template"]["spec"]["terminationGracePeriod"] = 40
    slipped["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "DEBUG", "value": 0}]
    assert len(complaints(slipped)) == 2


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed here; the base needs no rendering")
def test_kustomize_makes_an_installation_of_it() -> None:
    command = ["kubectl", "kustomize", str(DEPLOY / "example")]
    rendered = list(yaml.safe_load_all(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    assert {one["metadata"]["namespace"] for one in rendered} == {"hospital"}
    assert len(rendered) == len(ALL) + 1  # and PgBouncer's file


def test_every_process_is_there_by_the_line_of_the_procfile() -> None:
    assert set(DEPLOYMENTS) == {*PROCFILE, "pgbouncer"} - SIMULATORS
    for name in set(PROCFILE) - SIMULATORS:
        assert container(DEPLOYMENTS[name])["command"] == ["/bin/sh", "-c", f"exec {PROCFILE[name]}"]
    assert container(JOBS["migrate"])["command"] == COMPOSE["services"]["migrate"]["command"]


def test_the_dockerfile_has_the_image_and_the_user_that_they_run_as() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    for one in OURS.values():
        assert container(one)["image"] == COMPOSE["services"]["web"]["image"]
        assert f"--uid {pod(one)['securityContext']['runAsUser']} " in dockerfile


def test_every_setting_reaches_every_process_and_nothing_else_does() -> None:
    wanted = READ | TOLD - OF_COMPOSE | OF_THE_PROCFILE | OF_FLOWER_AND_TRACES
    for name in set(PROCFILE) - SIMULATORS:
        given = names_of(DEPLOYMENTS[name])
        assert wanted - given == (set() if name == "flower" else {"FLOWER_BASIC_AUTH"}), name
        assert given - wanted == set(), name


def test_no_secret_stands_in_a_file() -> None:
    in_compose = (ROOT / "docker-compose.yml").read_text()
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", in_compose)) - OF_COMPOSE
    secret = {one["name"] for one in container(DEPLOYMENTS["flower"])["env"]}
    assert demanded <= secret
    assert secret & set(SETTINGS) == set()
    for one in OURS.values():
        written = {each["name"] for each in container(one)["env"] if "value" in each}
        assert written <= {"DATABASE_POOLED"}


def test_the_settings_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a secret for each that is demanded, and none for the others."""
    secrets = dict.fromkeys(("SECRET_KEY", "PII_KEY", "PAYMENT_SECRET"), "x" * 40)
    addresses = {"DATABASE_URL": "postgres://h@h/h", "BROKER_URL": "amqp://h//", "CACHE_URL": "redis://h"}
    monkeypatch.setattr(Environment, "ENVIRON", {**SETTINGS, **secrets, **addresses})
    made = runpy.run_path(str(ROOT / "config" / "settings.py"))
    assert (made["DEBUG"], made["DATABASE_POOLED"], made["TRUSTED_PROXIES"]) == (False, True, 1)


def test_nobody_may_do_more_than_run() -> None:
    for one in (DEPLOYMENTS | JOBS).values():
        assert pod(one)["securityContext"]["runAsNonRoot"] is True
        assert pod(one)["automountServiceAccountToken"] is False
        narrowed = container(one)["securityContext"]
        assert (narrowed["readOnlyRootFilesystem"], narrowed["allowPrivilegeEscalation"]) == (True, False)
        assert narrowed["capabilities"] == {"drop": ["ALL"]}
        assert container(one)["resources"].keys() == {"requests", "limits"}


def test_a_new_version_takes_nobody_away_before_another_is_there() -> None:
    for name, one in DEPLOYMENTS.items():
        assert one["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, name
        assert one["spec"]["selector"]["matchLabels"].items() <= one["spec"]["template"]["metadata"]["labels"].items()
        (spread,) = pod(one).get("topologySpreadConstraints", [])
        assert spread["labelSelector"] == one["spec"]["selector"], name


def test_a_task_is_given_the_time_to_end() -> None:
    for name in ("general", "insurance"):
        assert pod(DEPLOYMENTS[name])["terminationGracePeriodSeconds"] > CELERY_TASK_TIME_LIMIT


def test_every_process_is_watched_under_a_name_that_the_settings_know() -> None:
    for name, one in DEPLOYMENTS.items():
        assert "livenessProbe" in container(one), name
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            for header in container(one).get(probe, {}).get("httpGet", {}).get("httpHeaders", []):
                assert header["value"] in SETTINGS["ALLOWED_HOSTS"].split(",")


def test_whatever_is_named_is_there() -> None:
    for kind, where in (("PodDisruptionBudget", "selector"), ("Service", "selector")):
        for name, one in of_kind(kind).items():
            chosen = one["spec"][where]
            assert chosen.get("matchLabels", chosen) == {"app.kubernetes.io/name": name} and name in DEPLOYMENTS
    scaled = [*of_kind("HorizontalPodAutoscaler").values(), *of_kind("ScaledObject").values()]
    assert {one["spec"]["scaleTargetRef"]["name"] for one in scaled} == {"web", "general"}
    assert all("replicas" not in DEPLOYMENTS[name]["spec"] for name in ("web", "general"))


def test_it_is_scaled_by_metrics_that_there_are() -> None:
    exported = set(re.findall(r'"(hospital_\w+_oldest_wait_seconds)"', Path(lines.__file__).read_text()))
    triggers = of_kind("ScaledObject")["general"]["spec"]["triggers"]
    assert {re.sub(r"max\((\w+)\)", r"\1", one["metadata"]["query"]) for one in triggers} == exported
