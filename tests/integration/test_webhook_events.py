"""The webhook to the hospital's own app: which events there are, a change of secret, and the receivers of the docs."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from config.openapi import examples
from hospital.appointments import booking
from hospital.archives import filing
from hospital.models import Notice
from hospital.notices import delivery, webhook
from hospital.notices.models import Kind
from insurance.settlement import giving_up, steps
from tests import factories
from tests.integration import doing
from tests.integration.receiver import Receiver, receiving
from tests.races.together import wait_until
from tests.simulators import Simulator, free_port

SECRET, OLD_SECRET = "a-secret-of-the-hospitals-own-app-0123456789", "the-secret-that-was-before-0123456789"
CLIENTS = Path(__file__).parents[2] / "docs" / "clients"
RECEIVERS = {"python": [sys.executable, str(CLIENTS / "webhook.py")], "node": ["node", str(CLIENTS / "webhook.mjs")]}


@pytest.fixture
def app(settings: LazySettings) -> Iterator[Receiver]:
    with receiving() as receiver:
        settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_SECRET = receiver.url, SECRET
        yield receiver


def came(app: Receiver) -> list[tuple[str, int | None]]:
    """Everything that is due is delivered; which events have come, each with its settlement."""
    delivery.send_due()
    told = [json.loads(body) for _, body in app.came]
    assert [one["id"] for one in told] == sorted({one["id"] for one in told})
    return [(one["event"], one.get("settlement")) for one in told]


def hmac_of(secret: str, timestamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def test_every_kind_of_notice_is_an_event_of_its_own() -> None:
    assert set(webhook.EVENTS) == set(Kind)
    assert len(set(webhook.EVENTS.values())) == len(Kind)


def test_an_appointment_that_is_cancelled_is_an_event(app: Receiver) -> None:
    booking.cancel(factories.booked())
    assert came(app) == [("appointment.cancelled", None)]
    assert not Notice.objects.filter(channel="inbox").exists(), "the patient knows"


def test_the_story_of_a_settlement_is_told_event_by_event(app: Receiver, insurer: Simulator) -> None:
    trial = doing.priced(doing.somebody_whose_account_covers())
    settlement = doing.insured(trial)
    doing.recovered(settlement, "completed")
    assert came(app) == [
        ("appointment.filed", None),
        ("trial.priced", None),
        ("settlement.completed", settlement.pk),
    ]
    assert json.loads(app.came[1][1])["trial"] == trial.pk
    assert set(json.loads(app.came[2][1])) == set(examples.EVENT), "as the schema says"


def test_a_refused_settlement_is_an_event(app: Receiver, insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    insurer.faults({"infno": "2207A", "kind": "refuse", "message": "余额不足"})
    assert steps.settle_one()
    assert came(app)[-1] == ("settlement.refused", settlement.pk)
    assert "余额不足" not in b"".join(body for _, body in app.came).decode()


def test_a_settlement_that_was_given_up_is_an_event(app: Receiver, insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    giving_up.give_up(settlement)
    assert came(app)[-1] == ("settlement.reversed", settlement.pk)


def test_without_an_app_no_event_is_written() -> None:
    booking.cancel(factories.booked())
    assert not Notice.objects.exists()


def test_while_the_secret_changes_both_sign(app: Receiver, settings: LazySettings) -> None:
    settings.NOTICE_WEBHOOK_OLD_SECRET = OLD_SECRET
    booking.cancel(factories.booked())
    delivery.send_due()
    ((headers, body),) = app.came
    expected = [hmac_of(secret, headers["X-Notice-Timestamp"], body) for secret in (SECRET, OLD_SECRET)]
    assert headers["X-Notice-Signature"].split(",") == expected


@contextmanager
def running(language: str, secret: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """A receiver of the docs as a process, and its address."""
    port = free_port()
    command = [*RECEIVERS[language], str(port)]
    environment = {**os.environ, "NOTICE_SECRET": secret}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}/", process
        finally:
            process.terminate()


def answers(port: int) -> bool:
    try:
        return httpx.post(f"http://127.0.0.1:{port}/", content=b"{}", trust_env=False).status_code == 403
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("language", RECEIVERS)
def test_the_receivers_of_the_docs_take_what_we_send(language: str, settings: LazySettings) -> None:
    settings.NOTICE_WEBHOOK_SECRET, settings.NOTICE_WEBHOOK_OLD_SECRET = SECRET, OLD_SECRET
    with running(language, OLD_SECRET) as (url, process):
        settings.NOTICE_WEBHOOK_URL = url
        first, second = factories.booked(), factories.booked()
        booking.cancel(first)
        delivery.send_due()
        again = Notice.objects.get()
        assert again.state == "sent"
        assert webhook.post(again) == "", "a repeat is answered like the first"
        booking.cancel(second)
        delivery.send_due()
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(2)]
        assert lines == [["appointment.cancelled", str(one.pk)] for one in (first, second)], "and done once"


@pytest.mark.parametrize("language", RECEIVERS)
def test_the_receivers_of_the_docs_take_nothing_else(language: str, settings: LazySettings) -> None:
    settings.NOTICE_WEBHOOK_SECRET = OLD_SECRET
    with running(language, SECRET) as (url, _):
        settings.NOTICE_WEBHOOK_URL = url
        booking.cancel(factories.booked())
        delivery.send_due()
        notice = Notice.objects.get()
        assert (notice.state, notice.last_error) == ("pending", "HTTP 403")
        body, old = b'{"id": 1, "event": "x", "appointment": 1}', str(int(time.time()) - 301)
        headers = {"X-Notice-Timestamp": old, "X-Notice-Signature": hmac_of(SECRET, old, body)}
        assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 403
        fresh = str(int(time.time()))
        headers = {"X-Notice-Timestamp": fresh, "X-Notice-Signature": hmac_of(SECRET, fresh, body)}
        assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 204


def test_a_redirect_is_not_followed(app: Receiver) -> None:
    factories.booked()
    filing.file_batch(10)
    app.statuses = [307]
    Notice.objects.filter(state="pending").update(due_at=Now())
    delivery.send_due()
    assert (Notice.objects.get(channel="webhook").last_error, len(app.came)) == ("HTTP 307", 1)
