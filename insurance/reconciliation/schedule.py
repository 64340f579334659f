"""When days are compared: each night at RECONCILE_AT the day before, and every day that is still in doubt.

Settlement by settlement, since two errors can cancel in a total. Due in the database, so a tick may come never, late,
twice or at once with another.
"""

import time
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import changes, wake, worklist
from hospital.changes import Who
from hospital.errors import Conflict
from insurance.ledger.models import LedgerEntry
from insurance.reconciliation import days, reconcile
from insurance.reconciliation.models import DayBook, Difference
from insurance.states import DayBookState, DifferenceState

TASK = "tasks.reconciliation.run"
AGAIN_DAYS = 7
"""So long a day that is not closed is compared each night; with something in doubt, until that is resolved."""

MOST_DAYS = 62
"""So far back are days taken up that nobody has compared, say after a long stop."""

MOST_SECONDS = 30.0
"""After that no other day is begun: the next tick goes on."""


def run_due(now: datetime | None = None) -> int:
    """The tick: compare whatever is due. How many days were."""
    now = now or timezone.now()
    open_days(now)
    give_up_at = time.monotonic() + MOST_SECONDS
    compared = 0
    while time.monotonic() < give_up_at and (book := due(now).first()):
        try:
            reconcile.run(book.day, details=True, now=now)
        except Conflict:
            break  # somebody else was first; the next tick looks again
        compared += 1
    return compared


def open_days(now: datetime) -> None:
    """A book for every day that has ended and whose night has come."""
    last = days.last_night(now)
    begin = max(_first_day(last), last - timedelta(days=MOST_DAYS))
    known = set(DayBook.objects.filter(day__gte=begin).values_list("day", flat=True))
    for day in days.each(begin, last):
        if day not in known:
            reconcile.book_of(day, now)


def due(now: datetime) -> QuerySet[DayBook]:
    """The days to compare now, the longest due first."""
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    doubted = Exists(Difference.objects.filter(book=OuterRef("pk")).exclude(state=DifferenceState.RESOLVED))
    again = Q(so_far=True) | Q(day__gte=days.local_day(now) - timedelta(days=AGAIN_DAYS)) | doubted
    wanted = Q(state=DayBookState.OPEN) | Q(state=DayBookState.RECONCILED) & again
    return DayBook.objects.filter(free, wanted, due_at__lte=now).order_by("due_at", "day")


def ask_for(book: DayBook, *, who: Who, why: str, details: bool = False) -> None:
    """Have the day compared now. Raises `Conflict("day_closed" | "being_compared")`, `Invalid("no_reason")`."""
    with transaction.atomic():
        row = DayBook.objects.select_for_update().get(pk=book.pk)
        if row.state == DayBookState.CLOSED:
            raise Conflict("day_closed", _("This day is closed: what is found later belongs to the next."))
        if row.leased_until and row.leased_until > timezone.now():
            raise Conflict("being_compared", _("This day is being compared already."))
        changes.record(f"day {row.day}", "reconciliation", "", "now", who=who, why=why)
        if row.state == DayBookState.RECONCILED:
            worklist.move(row, DayBookState.OPEN, reason=why.strip())
        DayBook.objects.filter(pk=row.pk).update(due_at=Now(), details=details)
        wake.task(TASK)


def _first_day(last: date) -> date:
    """The first day that can have something in it."""
    booked = LedgerEntry.objects.order_by("at").values_list("at", flat=True).first()
    known = DayBook.objects.order_by("day").values_list("day", flat=True).first()
    return min(days.local_day(booked) if booked else last, known or last, last)
