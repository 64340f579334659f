"""Whatever a day leaves behind, no card and no ID number of anybody stands in it; and one id finds all of a request."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from hospital.models import Patient
from insurance.models import InterfaceCall
from tests import factories
from tests.acceptance.hospital import Hospital, a_crowd, open_hospital
from tests.acceptance.patients import until_all_have_ended
from tests.acceptance.test_celery import ready
from tests.integration.receiver import Receiver, receiving
from tests.races import brokers
from tests.races.together import wait_until
from tests.simulators import Simulator, free_port

PATIENTS = 8
LOGIN = "operator:a long password"
WRONG = "110101199001010000"
GIVEN = "proxy-0123456789"

Left = dict[str, str]
"""Where it was found, and all of its text."""


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        yield receiver


@pytest.fixture
def flower_port(monkeypatch: pytest.MonkeyPatch) -> int:
    port = free_port()
    chosen = {"FLOWER_BASIC_AUTH": LOGIN, "FLOWER_PORT": str(port), "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    return port


def test_nobody_is_named_in_anything_that_was_written(
    insurer: Simulator, payments: Simulator, tmp_path: Path, flower_port: int, traced: Receiver
) -> None:
    broker = brokers.address("valkey")
    with open_hospital(
        tmp_path, broker, insurer, payments, "web", "general", "insurance", "beat", "flower"
    ) as hospital:
        ready(hospital)
        a_day_with_trouble(hospital, insurer)
        left = {"metrics": httpx.get(f"{hospital.url}/metrics", trust_env=False).text}
        left |= {"broker": in_the_broker(broker), "flower": by_flower(flower_port)}
    left |= {str(file): file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file()}
    left["traces"] = b"".join(body for _, body in traced.came).decode("latin-1")
    numbers = [*Patient.objects.values_list("id_number", flat=True), WRONG]
    assert len(numbers) > PATIENTS and {"web.log", "insurance.log", "flower"} <= {Path(name).name for name in left}
    assert holding(left, numbers) == []
    assert_one_id_from_the_request_to_the_call(lines(tmp_path / "log"))
    assert_one_trace_from_the_request_to_the_call(traced)
    planted = left | {"planted": f"... {numbers[3]} ..."}  # negative control: it would have been found
    assert holding(planted, numbers) == ["planted"]


def a_day_with_trouble(hospital: Hospital, insurer: Simulator) -> None:
    """Everybody is carried to an end; some of what goes wrong speaks of the patient."""
    one = factories.told()[0]
    insurer.faults({"infno": "1101", "kind": "refuse", "message": f"{one.patient.id_number} 不存在", "times": 1})
    path = f"appointments/{one.pk}/trials/"
    headers = {"X-Request-ID": GIVEN}
    hospital.visitor(one.patient, "insurance").call("POST", path, {})
    for body in ({"insurance_card": {"type": "02", "number": WRONG}}, {"id_number": WRONG, "name": "张三"}):
        hospital.web.post("accounts/", json=body, headers=headers)
        hospital.web.post(f"appointments/?card={WRONG}", json=body, headers=headers)
    assert until_all_have_ended(a_crowd(hospital, PATIENTS), seconds=60).total() == PATIENTS


def in_the_broker(url: str) -> str:
    """Every key and everything in it: what waits, what was taken, what is kept of events."""
    server = redis.Redis.from_url(url)
    return " ".join(f"{key!r} {server.dump(key)!r}" for key in server.scan_iter())


def by_flower(port: int) -> str:
    """What Flower shows of tasks, the last of which it has seen by now."""

    def tasks() -> dict[str, Any]:
        login = LOGIN.split(":")
        answer = httpx.get(f"http://127.0.0.1:{port}/api/tasks", auth=(login[0], login[1]), trust_env=False)
        return dict(answer.json())

    wait_until(lambda: any(task["name"] == "tasks.insurance.settle" for task in tasks().values()))
    seen = tasks()
    assert {task["args"] or "()" for task in seen.values()} <= {"()", "[]", "('default',)", "['default']"}
    return json.dumps(seen, ensure_ascii=False)


def holding(left: Left, numbers: list[str]) -> list[str]:
    return [name for name, text in left.items() if any(number in text for number in numbers)]


def lines(logs: Path) -> Iterator[dict[str, Any]]:
    """Of the web, all of them JSON from gunicorn's first word on, and of the worker after its banner."""
    for line in (logs / "web.log").read_text().splitlines():
        yield json.loads(line) | {"process": "web"}
    for line in (logs / "insurance.log").read_text().splitlines():
        if line.startswith("{"):
            yield json.loads(line) | {"process": "insurance"}


def assert_one_id_from_the_request_to_the_call(everything: Iterator[dict[str, Any]]) -> None:
    """Somebody's trial was made at once, by the message that their own request had sent."""
    told = list(everything)
    asked = {
        line["request_id"]
        for line in told
        if line["process"] == "web" and re.search(r"POST /api/v1/appointments/\d+/trials/", line.get("request", ""))
    }
    calls = [line for line in told if line.get("infno") == "2206A" and line.get("outcome") == "answered"]
    assert any(call["request_id"] in asked for call in calls)
    assert all(call["request_id"] and call["purpose"].startswith("trial ") for call in calls)
    assert {call["msgid"] for call in calls} <= set(InterfaceCall.objects.values_list("msgid", flat=True))
    assert any(line["request_id"] == GIVEN for line in told if "request_id" in line)


def assert_one_trace_from_the_request_to_the_call(traced: Receiver) -> None:
    """The request, the task that its message started, and the call, with the path of each and no query."""
    names: dict[bytes, set[str]] = {}
    for span in spans(traced):
        names.setdefault(span.trace_id, set()).add(span.name)
        assert all("?" not in str(one.value) for one in span.attributes if one.key in ("url.path", "http.target"))
    wanted = {"POST api/v1/appointments/<int:pk>/trials/", "run/tasks.insurance.trial", "POST", "SELECT"}
    assert any(wanted <= found for found in names.values()), set().union(*names.values())


def spans(traced: Receiver) -> Iterator[Span]:
    for _, body in traced.came:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                yield from scope.spans
