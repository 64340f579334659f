"""Step 4: deliver what was written. The inbox is a state; the webhook is a call with retries."""

import time

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes, wake, worklist
from hospital.changes import Who
from hospital.errors import Conflict
from hospital.notices import webhook
from hospital.notices.models import Channel, Notice
from hospital.notices.writing import SEND_TASK
from hospital.states import NoticeState

BATCH = 500
WEBHOOK_SECONDS_PER_RUN = 20


def send_due(most: int = BATCH) -> int:
    """Deliver the notices that are due, oldest first. Returns how many were delivered."""
    return _fill_inboxes(most) + _call_webhooks(most)


def recover_lapsed() -> int:
    """Give back notices whose sender has gone silent: they are sent again (the receiver knows them by their id)."""
    rows = list(worklist.lapsed(Notice, NoticeState.SENDING)[:BATCH])
    for row in rows:
        worklist.put_back(row, NoticeState.PENDING, wait_seconds=0, error="the sender went silent")
    return len(rows)


def send_again(notice: Notice, *, who: Who, why: str) -> None:
    """Staff try a notice once more that could not be sent. Raises `Conflict("not_failed")`, `Invalid("no_reason")`."""
    with transaction.atomic():
        row = Notice.objects.select_for_update().get(pk=notice.pk)
        if row.state != NoticeState.FAILED:
            raise Conflict("not_failed", _("Only a notice that could not be sent is sent again."))
        changes.record(f"notice {row.pk}", "state", row.state, NoticeState.PENDING, who=who, why=why)
        worklist.move(row, NoticeState.PENDING, reason=why.strip(), due_at=Now())
        wake.task(SEND_TASK)


def _fill_inboxes(most: int) -> int:
    with transaction.atomic():
        due = Notice.due(NoticeState.PENDING).filter(channel=Channel.INBOX).order_by("pk")
        rows = list(due.select_for_update(skip_locked=True)[:most])
        worklist.move_all(rows, NoticeState.SENT, sent_at=Now())
    return len(rows)


def _call_webhooks(most: int) -> int:
    """One after the other, but no longer than a task may take: the next tick goes on."""
    if not settings.NOTICE_WEBHOOK_URL:
        return 0  # switched off: what is still pending waits until it is back
    due = Notice.due(NoticeState.PENDING).filter(channel=Channel.WEBHOOK)[:most].count()
    give_up_at = time.monotonic() + WEBHOOK_SECONDS_PER_RUN
    return sum(_call_next() for _ in range(due) if time.monotonic() < give_up_at)


def _call_next() -> int:
    """Claim, call with no transaction open, record."""
    due = Notice.due(NoticeState.PENDING).filter(channel=Channel.WEBHOOK).order_by("due_at", "pk")
    lease_seconds = settings.NOTICE_WEBHOOK_TIMEOUT_SECONDS * 3
    notice = worklist.claim(due, NoticeState.SENDING, lease_seconds=lease_seconds)
    if notice is None:
        return 0
    problem = webhook.post(notice)
    if not problem:
        worklist.move(notice, NoticeState.SENT, sent_at=Now(), leased_until=None)
        return 1
    _try_later(notice, problem)
    return 0


def _try_later(notice: Notice, problem: str) -> None:
    waits = settings.NOTICE_RETRY_SECONDS
    if notice.attempt > len(waits):
        worklist.move(notice, NoticeState.FAILED, reason=problem, last_error=problem, leased_until=None)
    else:
        worklist.put_back(notice, NoticeState.PENDING, wait_seconds=waits[notice.attempt - 1], error=problem)
