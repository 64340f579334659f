"""Rows that should have moved on: nobody works on them, or only a person can."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from hospital import tuning
from hospital.models import Archive, Notice
from hospital.states import ArchiveState, NoticeState
from insurance.desk import cases
from insurance.desk.cases import Choice
from insurance.payment.models import Refund
from insurance.quota.clock import database_now
from insurance.settlement.models import Settlement
from insurance.states import RefundState, SettlementState, TrialState
from insurance.trial.models import Trial
from operations.doctor.finding import Finding, bad, ok, warning

COUNTED_AT_MOST = 10_000
LEFT_LYING = timedelta(minutes=1)
"""The sweep comes every five seconds: what it has not picked up by then, it does not pick up."""

FILING_TICKS = 3
FILING_LATE, FILING_STOPPED = timedelta(minutes=1), timedelta(minutes=10)
NOTICE_LATE = timedelta(minutes=5)
LATELY = timedelta(days=1)
REFUND_LATE = timedelta(hours=1)


def check() -> Iterable[Finding]:
    """Oldest step first, as a patient goes through them."""
    found = [*_filing(), *_notices(), *_turns(), *_cases(), *_refunds()]
    return found or [ok("strays", _("nothing is left lying"))]


def _filing() -> Iterator[Finding]:
    oldest = (
        Archive.objects.filter(state=ArchiveState.QUEUED).order_by("pk").values_list("created_at", flat=True).first()
    )
    age = database_now() - oldest if oldest else timedelta()
    late = FILING_LATE + FILING_TICKS * timedelta(seconds=tuning.value("FILING_EVERY_SECONDS"))
    do = _("See the ticks and the worker general; m and the tick are set in the admin.")
    if age > FILING_STOPPED:
        yield bad("strays", _("the oldest archive has waited for filing for over 10 minutes"), do)
    elif age > late:
        yield warning("strays", _("the oldest archive has waited for filing for over a minute"), do)


def _notices() -> Iterator[Finding]:
    if failed := _count(Notice.objects.filter(state=NoticeState.FAILED, created_at__gt=Now() - LATELY)):
        says = _("%(count)s notices of the last day were given up") % {"count": failed}
        yield warning(
            "strays", says, _("Put the receiver at NOTICE_WEBHOOK_URL right. The patients have them in their inbox.")
        )
    late = Notice.objects.filter(state=NoticeState.PENDING, due_at__lt=Now() - NOTICE_LATE)
    if count := _count(late):
        says = _("%(count)s notices have been due for over 5 minutes") % {"count": count}
        yield bad("strays", says, _("See that the worker general runs."))


def _turns() -> Iterator[Finding]:
    do = _("See that the worker general runs: its sweep picks them up.")
    past = Now() - LEFT_LYING
    if count := _count(Trial.objects.filter(state=TrialState.CALLING, leased_until__lt=past)):
        yield bad("strays", _("%(count)s trials are calling past their time") % {"count": count}, do)
    if count := _count(Settlement.objects.filter(state=SettlementState.CALLING, leased_until__lt=past)):
        yield bad("strays", _("%(count)s settlements are calling past their time") % {"count": count}, do)


def _cases() -> Iterator[Finding]:
    counted = cases.counts()
    for choice, says, do in (
        (
            Choice.UNKNOWN,
            _("%(count)s settlements are unknown"),
            _("They are asked about by themselves; watch the desk."),
        ),
        (Choice.PERSON, _("%(count)s cases wait for a person"), _("Decide them at the desk in the admin.")),
        (
            Choice.OVERDUE,
            _("%(count)s settlements are overdue"),
            _("Open them at the desk: it says what they wait for."),
        ),
    ):
        if counted[choice]:
            yield warning("strays", says % {"count": counted[choice]}, do)


def _refunds() -> Iterator[Finding]:
    if count := _count(Refund.objects.filter(state=RefundState.DUE, created_at__lt=Now() - REFUND_LATE)):
        says = _("%(count)s refunds have been due for over an hour") % {"count": count}
        yield warning("strays", says, _("See whether the payment institution answers; they are tried again."))


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:COUNTED_AT_MOST].count()
