"""`/metrics`: who may read it, that Prometheus can, and that it says what the rows say."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from hospital import ticks
from hospital.archives import filing
from hospital.models import Notice
from insurance.models import InterfaceCall, Trial
from insurance.quota import insurers
from insurance.settlement.models import Settlement
from insurance.trial import accuracy, admission, turns
from operations import broker
from operations.metrics import calls, page
from operations.metrics.collector import Collector
from tasks import second_path
from tests import factories
from tests.integration import doing
from tests.races import brokers
from tests.simulators import Simulator

TOKEN = "a-token-for-metrics-0123456789"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    for collector in list(page.registry._collector_to_names):
        assert isinstance(collector, Collector)
        collector.forget()


def scrape() -> Samples:
    """Every sample as Prometheus reads it."""
    forget()
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    families = list(text_string_to_metric_families(answer.content.decode()))
    assert all(family.documentation for family in families if not family.name.endswith("_gsum"))
    found = [sample for family in families for sample in family.samples]
    samples = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(samples) == len(found), "a sample twice"
    return samples


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def staying_up(settings: LazySettings) -> None:
    settings.DEBUG, settings.METRICS_TOKEN = False, ""


def test_without_a_token_only_this_machine_may_read(client: Client, settings: LazySettings) -> None:
    staying_up(settings)
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.1.2.3"}).status_code == 403
    settings.DEBUG = True
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200


def test_with_a_token_it_is_needed_everywhere(client: Client, settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
    for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
        refused = client.get("/metrics", headers=shown)
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert refused.json()["code"] == "metrics_token"
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/metrics", headers=shown, REMOTE_ADDR="10.1.2.3").status_code == 200


def test_an_empty_hospital_has_nothing_that_waits() -> None:
    samples = scrape()
    assert value(samples, "hospital_database_up") == 1
    assert value(samples, "hospital_archives_waiting") == value(samples, "hospital_archives_oldest_wait_seconds") == 0
    assert value(samples, "insurance_settlements", state="unknown") == 0
    assert value(samples, "hospital_ticks_missing") == len(second_path.TICKS)


def test_a_database_that_is_away_is_a_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        samples = scrape()
    assert value(samples, "hospital_database_up") == 0
    assert not any(name.startswith("insurance_") for name, _ in samples)


def test_backlogs_have_a_length_and_an_age() -> None:
    first = factories.booked()
    factories.booked()
    type(first.archive).objects.filter(pk=first.archive.pk).update(created_at=Now() - timedelta(minutes=5))
    samples = scrape()
    assert value(samples, "hospital_archives_waiting") == 2
    assert 300 <= value(samples, "hospital_archives_oldest_wait_seconds") < 330
    filing.file_batch(10)
    samples = scrape()
    assert value(samples, "hospital_archives_waiting") == 0
    assert value(samples, "hospital_notices_waiting") == 2
    Notice.objects.update(state="failed")
    samples = scrape()
    assert (value(samples, "hospital_notices_waiting"), value(samples, "hospital_notices_failed")) == (0, 2)
    Notice.objects.update(created_at=Now() - timedelta(days=2))
    assert value(scrape(), "hospital_notices_failed") == 0


def test_the_line_the_permits_and_the_calls(insurer: Simulator) -> None:
    for appointment in factories.told(3):
        admission.enter(appointment)
    Trial.objects.update(created_at=Now() - timedelta(seconds=90))
    assert turns.take_one()
    samples, here = scrape(), {"insurer": "default"}
    assert value(samples, "insurance_line_waiting", line="common", **here) == 2
    assert 90 <= value(samples, "insurance_line_oldest_wait_seconds", line="common", **here) < 120
    trial = {"quota": "trial", **here}
    assert value(samples, "insurance_permits", state="cooling", **trial) == 1
    assert value(samples, "insurance_permits", state="free", **trial) == 99
    assert value(samples, "insurance_quota_limit_calls", **trial) == 100
    assert value(samples, "insurance_quota_in_force_calls", **trial) == 100
    assert value(samples, "insurance_quota_worst_window_calls", **trial) == 1
    assert value(samples, "insurance_quota_over_limit_calls", **trial) == 0
    assert value(samples, "insurance_quota_used_ratio", **trial) == pytest.approx(1 / 500)
    assert value(samples, "insurance_recent_calls", infno="2206A", outcome="answered") == 1
    assert value(samples, "insurance_recent_answer_seconds_bucket", infno="2206A", le="+Inf") == 1


def test_answer_times_are_cumulative_and_only_the_last_minutes_count(insurer: Simulator) -> None:
    admission.enter(factories.told()[0])
    assert turns.take_one()
    call = InterfaceCall.objects.filter(infno="2206A")
    call.update(answered_at=Now(), sent_at=Now() - timedelta(seconds=2))
    samples, of = scrape(), {"infno": "2206A"}
    buckets = [value(samples, "insurance_recent_answer_seconds_bucket", le=le, **of) for le in ("1.0", "2.5", "10.0")]
    assert buckets == [0, 1, 1]
    assert value(samples, "insurance_recent_answer_seconds_gsum", **of) == pytest.approx(2, abs=0.01)
    call.update(answered_at=Now(), sent_at=Now() - timedelta(seconds=301))
    assert ("insurance_recent_calls", frozenset({("infno", "2206A"), ("outcome", "answered")})) not in scrape()


def test_old_calls_are_not_looked_at_however_many_there_are() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_OLD_CALLS)
        cursor.execute("ANALYZE insurance_interfacecall")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, FORMAT JSON) {calls._CALLS}", ASKED)
        ((plan,),) = cursor.fetchall()
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in nodes(plan[0]["Plan"]) if "Relation Name" in node)
    assert read < 500
    assert not [node for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"]


ASKED = {"bounds": list(calls.BOUNDS_SECONDS), "lately": calls.LATELY_SECONDS}
_OLD_CALLS = """
    INSERT INTO insurance_interfacecall (msgid, infno, lane, purpose, metered, sent_at, outcome, note, request, reply)
    SELECT 'call' || i, (ARRAY['1101', '2201', '2206A'])[1 + i % 3], 'trial', '', false,
           now() - make_interval(secs => 2 * i), 'answered', '', '', '' FROM generate_series(1, 20000) AS i
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_settlements_and_cases(insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(doing.somebody_whose_account_covers()))
    assert value(scrape(), "insurance_settlements", state="waiting") == 1
    Settlement.objects.filter(pk=settlement.pk).update(state="manual", since=Now() - timedelta(hours=1))
    samples = scrape()
    assert value(samples, "insurance_settlements", state="manual") == 1
    assert 3600 <= value(samples, "insurance_settlements_oldest_age_seconds", state="manual") < 3630
    assert value(samples, "insurance_cases", choice="person") == 1


def test_a_pause_is_seen_and_so_is_an_open_circuit() -> None:
    insurer = insurers.default()
    assert value(scrape(), "insurance_interface_paused", insurer="default") == 0
    insurers.pause(insurer, who=None, why="test")
    type(insurer).objects.update(circuit="open", circuit_opened_at=Now())
    samples = scrape()
    assert value(samples, "insurance_interface_paused", insurer="default") == 1
    assert value(samples, "insurance_circuit_open", insurer="default") == 1


def test_a_tick_that_came_has_an_age() -> None:
    ticks.seen("tasks.upkeep.sweep")
    samples = scrape()
    assert 0 <= value(samples, "hospital_tick_age_seconds", tick="tasks.upkeep.sweep") < 30
    assert value(samples, "hospital_ticks_missing") == len(second_path.TICKS) - 1


def test_the_error_of_the_expected_waits_is_that_of_the_last_day() -> None:
    accuracy.LineDay.objects.create(
        day=accuracy.timezone.localdate(), turns=70, median_wait_seconds=60, median_error=0.02, p90_error=0.05
    )
    samples = scrape()
    assert value(samples, "insurance_eta_error_ratio", quantile="0.9") == 0.05
    assert value(samples, "insurance_eta_turns") == 70


def test_a_scrape_asks_as_many_questions_however_many_wait() -> None:
    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            scrape()
        return len(asked)

    factories.booked()
    scrape()
    few = questions()
    for _ in range(5):
        factories.booked()
    assert questions() == few < 40


def test_who_asks_again_within_seconds_is_given_the_same_reading(client: Client) -> None:
    first = client.get("/metrics").content
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/metrics").content == first
    assert len(asked) == 0


def test_no_patient_is_named(insurer: Simulator) -> None:
    appointment = factories.told()[0]
    admission.enter(appointment)
    turns.take_one()
    said = Client().get("/metrics").content.decode()
    patient = appointment.patient
    assert patient.id_number not in said and patient.name not in said and patient.phone not in said


def test_a_broker_that_is_away_is_a_metric() -> None:
    assert value(scrape(), "hospital_broker_up", kind="amqp") == 0


def test_the_depths_of_a_broker_that_answers(settings: LazySettings) -> None:
    brokers.use(settings, brokers.address("valkey"))
    with broker.Connection(settings.BROKER_URL) as there:
        there.SimpleQueue("filing").put("one")
    samples = scrape()
    assert value(samples, "hospital_broker_up", kind="redis") == 1
    assert value(samples, "hospital_queue_messages", queue="filing") == 1
    assert value(samples, "hospital_queue_messages", queue="insurance.trial") == 0


@pytest.mark.parametrize("url", ["amqp://guest@127.0.0.1:{port}//", "redis://127.0.0.1:{port}/0"])
def test_a_broker_that_takes_the_connection_and_says_nothing_makes_nobody_wait(
    settings: LazySettings, url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        brokers.use(settings, url.format(port=silent.getsockname()[1]))
        began = time.monotonic()
        for _ in range(3):
            assert not broker.ask(limit_seconds=0.3).up
        assert time.monotonic() - began < 3
        assert sum(thread.name == "asking the broker" for thread in threading.enumerate()) <= 1
