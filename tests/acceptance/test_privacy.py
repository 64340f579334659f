"""Whatever a day leaves behind, nobody's card, number, name or phone stands in it; one id finds all of a request."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from hospital import changes
from hospital.models import Archive, Notice, Patient
from insurance.models import InterfaceCall, Visit
from tests import factories
from tests.acceptance.hospital import Hospital, a_crowd, open_hospital
from tests.acceptance.left import Left, holding, in_a_store, in_the_tables
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
CACHE_URL = settings.CACHE_URL


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
        left |= {"broker": in_a_store(broker), "cache": in_a_store(CACHE_URL), "flower": by_flower(flower_port)}
        left |= in_the_tables()
    left |= {str(file): file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file()}
    left["traces"] = b"".join(body for _, body in traced.came).decode("latin-1")
    secrets = everybodys()
    places = {Path(name).name for name in left}
    assert len(secrets) > 2 * PATIENTS and {"web.log", "insurance.log", "flower", "cache"} <= places
    assert all(left[place] for place in ('"public"."hospital_archive"', '"public"."insurance_interfacecall"', "broker"))
    assert holding(left, secrets) == []
    assert_one_id_from_the_request_to_the_call(lines(tmp_path / "log"))
    assert_one_trace_from_the_request_to_the_call(traced)
    assert_it_would_have_been_found(left, secrets, broker)


def a_day_with_trouble(hospital: Hospital, insurer: Simulator) -> None:
    """Everybody is carried to an end; some of what goes wrong speaks of the patient."""
    one = factories.told()[0]
    said = f"{one.patient.id_number} {one.patient.name} 不存在"
    insurer.faults({"infno": "1101", "kind": "refuse", "message": said, "times": 1})
    path = f"appointments/{one.pk}/trials/"
    headers = {"X-Request-ID": GIVEN}
    hospital.visitor(one.patient, "insurance").call("POST", path, {})
    for body in ({"insurance_card": {"type": "02", "number": WRONG}}, {"id_number": WRONG, "name": "张三"}):
        hospital.web.post("accounts/", json=body, headers=headers)
        hospital.web.post(f"appointments/?card={WRONG}", json=body, headers=headers)
    assert until_all_have_ended(a_crowd(hospital, PATIENTS), seconds=60).total() == PATIENTS


def everybodys() -> set[str]:
    """Names, numbers, phones and cards of all patients, and what they are to the insurer."""
    people = Patient.objects.values_list("name", "id_number", "phone")
    cards = Archive.objects.values_list("card_number", flat=True)
    at_the_insurer = Visit.objects.exclude(psn_no="").values_list("psn_no", flat=True)
    found = {*(text for person in people for text in person), *cards, *at_the_insurer, WRONG}
    return {text for text in found if text}


def assert_it_would_have_been_found(left: Left, secrets: set[str], broker: str) -> None:
    """Negative control: put where it may not be, in a table, in JSON, in the cache, in a queue and in a log."""
    number, name = next(one for one in secrets if len(one) == 18), Patient.objects.all()[0].name
    assert holding(left | {"planted": f"... {number} ..."}, secrets) == ["planted"]
    changes.record("line 1", "weight", "1", "2", who="somebody", why=f"because of {name}")
    first = Notice.objects.all()[0]
    Notice.objects.filter(pk=first.pk).update(facts={"reason": {"in": [number]}})
    planted = holding(in_the_tables(), secrets)
    assert planted == ['"public"."hospital_change"', '"public"."hospital_notice"']
    cache.set("planted", {"name": name})
    redis.Redis.from_url(broker).rpush("planted", json.dumps({"body": base64.b64encode(number.encode()).decode()}))
    assert holding({"cache": in_a_store(CACHE_URL), "broker": in_a_store(broker)}, secrets) == ["broker", "cache"]
    cache.delete("planted")
    redis.Redis.from_url(broker).delete("planted")


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


def lines(logs: Path) -> Iterator[dict[str, Any]]:
    """Of the web, all of them JSON from the server's first word on, and of the worker after its banner."""
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
