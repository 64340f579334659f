"""Staff are told by e-mail when something can only go on by a person: in one letter, however many there are.

Found by their rows: a settlement before a person, a refused refund, a frozen trial, a difference between the books that
no remedy fits, whose entry in the journal has no alert yet. So nothing is sent in a transaction or a request, and a
letter that could not be sent is sent later. A letter holds numbers, states and reasons, and never who the patient is.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from hospital import worklist
from hospital.stateful import Journal
from insurance.desk import cases
from insurance.desk.cases import Kind
from insurance.desk.models import Alert
from insurance.payment.models import Refund
from insurance.reconciliation.models import Difference
from insurance.reconciliation.rules import Remedy
from insurance.settlement.models import Settlement
from insurance.states import AlertState, DifferenceState, RefundState, SettlementState, TrialState
from insurance.trial.models import Trial

LINES_AT_MOST = 50
LEASE_SECONDS = 120
"""So long after an attempt that failed or died the letter is tried again."""

ALERTS_LOCK = 4_210
"""The advisory lock under which new cases are noted: each is noted once."""

_NOTE_LOCK = "SELECT pg_advisory_xact_lock(%s)"

DIFFERENCE = "difference"
"""Beside the kinds of cases: it stands in the book of its day."""

_NEEDS_A_PERSON: tuple[tuple[str, str, Callable[[], QuerySet[Any]]], ...] = (
    (Kind.SETTLEMENT, SettlementState.MANUAL, Settlement.objects.all),
    (Kind.REFUND, RefundState.REFUSED, Refund.objects.all),
    (Kind.TRIAL, TrialState.FROZEN, Trial.objects.all),
    (DIFFERENCE, DifferenceState.OPEN, lambda: Difference.objects.filter(remedy=Remedy.STAFF)),
)


def tell_staff() -> int:
    """The tick: one letter with what is new. Returns how many cases it names. Raises `OSError` (also `SMTPException`)
    when it cannot be sent; it is tried again when the lease is over."""
    if not settings.STAFF_ALERT_EMAIL:
        return 0
    _note()
    alerts = _take()
    if alerts:
        mail.send_mail(_subject(alerts), _text(alerts), None, settings.STAFF_ALERT_EMAIL)
        worklist.move_all(alerts, AlertState.SENT, sent_at=Now(), leased_until=None)
    return len(alerts)


def _note() -> None:
    """A row for each entry of the journal that nobody was told of."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_NOTE_LOCK, [ALERTS_LOCK])
        for kind, state, rows in _NEEDS_A_PERSON:
            worklist.enter_all([Alert(entry_id=entry) for entry in _new(kind, state, rows())])


def _new(kind: str, state: str, rows: QuerySet[Any]) -> list[int]:
    entry = Subquery(cases.entered(kind, state).values("pk")[:1])
    rows = rows.filter(state=state).annotate(entry=entry).exclude(entry=None)
    told = Alert.objects.filter(entry_id=OuterRef("entry"))
    return list(rows.filter(~Exists(told)).order_by("pk").values_list("entry", flat=True))


def _take() -> list[Alert]:
    """The oldest, for us alone until the lease is over."""
    with transaction.atomic():
        due = Alert.due(AlertState.DUE).select_related("entry").order_by("pk")
        alerts = list(due.select_for_update(skip_locked=True, of=("self",))[:LINES_AT_MOST])
        until = Now() + timedelta(seconds=LEASE_SECONDS)
        worklist.move_all(alerts, AlertState.DUE, due_at=until, leased_until=until)
    return alerts


def _subject(alerts: list[Alert]) -> str:
    return _("%(count)s cases need a person") % {"count": len(alerts)}


def _text(alerts: list[Alert]) -> str:
    lines = [_line(alert.entry) for alert in alerts]
    return "\n\n".join([*lines, f"{_('All cases')}: {_address('casefile_changelist')}"])


def _line(entry: Journal) -> str:
    at = f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}"
    return f"{at}  {entry.kind} {entry.item_id}: {entry.to_state}\n{_reason(entry)}\n{_page(entry)}"


def _reason(entry: Journal) -> str:
    if entry.kind != DIFFERENCE:
        return entry.reason
    row = Difference.objects.select_related("book").get(pk=entry.item_id)
    return f"{row.book}: {row}"


def _page(entry: Journal) -> str:
    match entry.kind:
        case Kind.TRIAL:
            return _address("casefile_trial", entry.item_id)
        case Kind.REFUND:
            return _address("casefile_change", Refund.objects.get(pk=entry.item_id).order.settlement.pk)
        case Kind.SETTLEMENT:
            return _address("casefile_change", entry.item_id)
        case _:
            return _address("daybook_change", Difference.objects.get(pk=entry.item_id).book_id)


def _address(page: str, *arguments: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'admin:insurance_{page}', args=arguments)}"
