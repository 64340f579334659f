"""One id from the request through the message: in the answer, in the error, in the headers of what is sent."""

import json
import logging
from typing import Any

import pytest
import redis
from celery import Celery
from django.test import Client
from structlog.contextvars import bound_contextvars

from config.correlation import begin_task, request_id
from hospital import wake
from tasks import queues
from tests import factories
from tests.integration import doing
from tests.races import brokers
from tests.races.together import wait_until

GIVEN = "proxy-0123456789"


def test_the_proxys_id_is_taken_and_given_back() -> None:
    assert Client().get("/healthz", headers={"X-Request-ID": GIVEN}).headers["X-Request-ID"] == GIVEN


@pytest.mark.parametrize(
    "unsound", ["", "short", "a" * 65, "a b c d e f", "x\r\ny: 12345", "110101199001010013", "张" * 9]
)
def test_an_unsound_id_is_replaced(unsound: str) -> None:
    client = Client()
    own = [client.get("/healthz", headers={"X-Request-ID": unsound}).headers["X-Request-ID"] for _ in range(2)]
    assert all(len(one) == 32 and one.isalnum() for one in own) and own[0] != own[1]


def test_an_error_names_it_for_support() -> None:
    answer = Client().get("/api/v1/notices/", headers={"X-Request-ID": GIVEN})
    assert (answer.status_code, answer.json()["request_id"]) == (401, GIVEN)


@pytest.mark.parametrize("sent", [{}, {"X-Request-ID": "unsound!"}], ids=["none", "unsound"])
def test_what_was_made_here_is_the_same_in_answer_error_and_log(
    sent: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = Client().get("/api/v1/notices/", headers=sent)
    own = answer.headers["X-Request-ID"]
    assert answer.json()["request_id"] == own and own in caplog.text


def test_nothing_is_left_of_it_for_the_next_one() -> None:
    Client().get("/healthz", headers={"X-Request-ID": GIVEN})
    assert request_id() is None


def test_the_line_of_a_request_has_no_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Client().get("/healthz?q=secret")
    assert "/healthz" in caplog.text and "secret" not in caplog.text


@pytest.fixture
def broker(valkey_url: str, hints: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Hints go to this one, by an application like ours."""
    app = Celery("tests", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url=valkey_url, broker_transport_options={}, task_queues=queues.queues(quorum=False))
    monkeypatch.setattr(wake, "current_app", app)
    brokers.close_pools()  # a connection that has declared queues does not look whether they are still there
    return valkey_url


def test_the_message_that_a_request_sends_carries_it(broker: str) -> None:
    appointment = factories.told()[0]
    client = doing.speaking_as(appointment.patient)
    path = f"{doing.API}/appointments/{appointment.pk}/trials/"
    assert client.post(path, {}, format="json", headers={"X-Request-ID": GIVEN}).status_code == 202
    carried = {"request_id": GIVEN}
    wait_until(lambda: carried in [one["__django_structlog__"] for one in headers_in(broker)])


def test_what_is_sent_by_nobody_carries_nobodys(broker: str) -> None:
    """Negative control, and: the thread that gives hints out keeps nothing of the hint before."""
    Client().get("/healthz", headers={"X-Request-ID": GIVEN})
    wake.task("tasks.insurance.trial")
    wait_until(lambda: len(headers_in(broker)) == 1)
    assert headers_in(broker)[0]["__django_structlog__"] == {}


def test_a_task_goes_under_the_id_it_carries_or_else_its_own() -> None:
    assert id_in_task({}) == "task-1"
    assert id_in_task({"request_id": GIVEN}) == GIVEN


def id_in_task(carried: dict[str, str]) -> str | None:
    """What Celery and django-structlog do around a task."""
    with bound_contextvars(task_id="task-1", **carried):
        begin_task()
        return request_id()


def headers_in(url: str) -> list[dict[str, Any]]:
    """Of every message in the trials' queue."""
    return [json.loads(raw)["headers"] for raw in redis.Redis.from_url(url).lrange("insurance.trial", 0, -1)]
