"""Step 4: the patient is told, through the inbox and the hospital's own app."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.utils import timezone

from hospital import worklist
from hospital.archives import entry, filing
from hospital.errors import Conflict, Invalid
from hospital.models import Appointment, Change, Notice
from hospital.notices import delivery
from tests import factories
from tests.integration.receiver import Receiver, receiving
from tests.simulators import free_port

SECRET = "a-secret-of-the-hospitals-own-app-0123456789"


@pytest.fixture
def app(settings: LazySettings) -> Iterator[Receiver]:
    """The hospital's own patient app, taking webhooks."""
    with receiving() as receiver:
        settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_SECRET = receiver.url, SECRET
        yield receiver


def filed() -> Appointment:
    appointment = factories.booked()
    filing.file_batch(10)
    return appointment


def webhook() -> Notice:
    return Notice.objects.get(channel="webhook")


def send_now() -> int:
    Notice.objects.filter(state="pending").update(due_at=Now())
    return delivery.send_due()


def test_the_inbox_is_filled() -> None:
    appointment = filed()
    assert (delivery.send_due(), delivery.send_due()) == (1, 0)
    notice = Notice.objects.get(appointment=appointment)
    assert (notice.channel, notice.state) == ("inbox", "sent")
    assert notice.sent_at is not None


def test_filed_is_not_told() -> None:
    appointment = filed()
    assert not entry.is_told(appointment)
    delivery.send_due()
    assert entry.is_told(appointment)


def test_no_more_than_asked_for_are_delivered() -> None:
    for _ in range(3):
        factories.booked()
    filing.file_batch(10)
    assert [delivery.send_due(2) for _ in range(3)] == [2, 1, 0]


def test_the_webhook_is_signed_over_time_and_body(app: Receiver) -> None:
    appointment = filed()
    assert delivery.send_due() == 2
    ((headers, body),) = app.came
    timestamp = headers["X-Notice-Timestamp"]
    expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Notice-Signature"] == expected
    assert abs(int(timestamp) - time.time()) < 60
    told = json.loads(body)
    assert (told["id"], told["kind"], told["appointment"]) == (webhook().pk, "filed", appointment.pk)
    assert told["event"] == "appointment.filed"
    assert set(told) == {"id", "event", "kind", "appointment", "patient", "title", "created_at"}
    assert webhook().state == "sent"


def test_the_webhook_carries_no_personal_data(app: Receiver) -> None:
    who = filed().patient
    delivery.send_due()
    body = app.came[0][1].decode()
    assert not any(secret in body for secret in (who.name, who.id_number, who.phone))


def test_a_failed_webhook_is_tried_again_later_and_then_given_up(app: Receiver, settings: LazySettings) -> None:
    settings.NOTICE_RETRY_SECONDS = [5, 30]
    filed()
    app.statuses = [500, 404, 302]
    for wait, attempt in ((5, 1), (30, 2)):
        send_now()
        notice = webhook()
        due_in = notice.due_at - timezone.now()
        assert (notice.state, notice.attempt) == ("pending", attempt)
        assert timedelta(seconds=wait - 4) < due_in <= timedelta(seconds=wait)
        assert delivery.send_due() == 0
    send_now()
    assert (webhook().state, webhook().attempt, webhook().last_error) == ("failed", 3, "HTTP 302")
    assert (send_now(), len(app.came)) == (0, 3)


def test_staff_send_again_what_was_given_up(app: Receiver, settings: LazySettings) -> None:
    settings.NOTICE_RETRY_SECONDS = []
    filed()
    app.statuses = [500]
    delivery.send_due()
    assert webhook().state == "failed"
    with pytest.raises(Invalid):
        delivery.send_again(webhook(), who="desk", why=" ")
    delivery.send_again(webhook(), who="desk", why="their server is back")
    assert delivery.send_due() == 1
    assert webhook().state == "sent"
    change = Change.objects.get()
    assert (change.subject, change.after, change.why) == (f"notice {webhook().pk}", "pending", "their server is back")


def test_only_what_was_given_up_is_sent_again(app: Receiver) -> None:
    filed()
    delivery.send_due()
    with pytest.raises(Conflict):
        delivery.send_again(webhook(), who="desk", why="once more")
    assert len(app.came) == 1


def test_a_repeat_has_the_same_id(app: Receiver) -> None:
    filed()
    app.statuses = [500]
    send_now()
    send_now()
    assert [json.loads(body)["id"] for _, body in app.came] == [webhook().pk] * 2
    assert webhook().state == "sent"


def test_nobody_there_is_tried_again(settings: LazySettings) -> None:
    settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_SECRET = f"http://127.0.0.1:{free_port()}/", SECRET
    appointment = filed()
    assert delivery.send_due() == 1
    assert (webhook().state, webhook().last_error) == ("pending", "ConnectError")
    assert entry.is_told(appointment), "the inbox is a channel of its own"


def test_a_patient_is_told_by_the_webhook_alone(app: Receiver) -> None:
    appointment = filed()
    Notice.objects.filter(channel="inbox").update(due_at=Now() + timedelta(hours=1))
    assert delivery.send_due() == 1
    assert entry.is_told(appointment)


def test_a_sender_gone_silent_is_followed_by_another(app: Receiver) -> None:
    filed()
    notice = worklist.claim(Notice.due("pending").filter(channel="webhook"), "sending", lease_seconds=15)
    assert notice is not None
    assert delivery.recover_lapsed() == 0
    Notice.objects.filter(pk=notice.pk).update(leased_until=Now() - timedelta(seconds=1))
    assert delivery.recover_lapsed() == 1
    assert delivery.send_due() == 2
    assert (webhook().state, webhook().attempt) == ("sent", 2)
    with pytest.raises(worklist.Overtaken):
        worklist.move(notice, "failed")
