"""One comparison of a day: our book read, the insurer and the payment institution asked with no transaction open, what
differs kept in one transaction, and the safe remedies carried out.

Whoever compares a day holds its book by a lease, so that two do not interleave. When a side is away the day stays open
with the reason, what could be compared is kept, and the schedule repeats it.
"""

import logging
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import worklist
from hospital.errors import Conflict, Invalid
from insurance.reconciliation import days, keeping, lease, remedies
from insurance.reconciliation.comparing import Compared, with_all
from insurance.reconciliation.models import DayBook
from insurance.reconciliation.rules import Remedy
from insurance.states import DayBookState, DifferenceState

log = logging.getLogger(__name__)

RETRY_SECONDS = 600
"""When a side was away, and when a remedy was carried out: so long until it is looked at again."""

_ANEW: dict[str, str] = {DayBookState.OPEN: DayBookState.OPEN, DayBookState.RECONCILED: DayBookState.OPEN}


def run(day: date, *, details: bool = False, now: datetime | None = None) -> DayBook:
    """Compare the day. `details`: settlement by settlement also where the totals agree (two errors can cancel).

    Raises `Invalid("not_begun")`, `Conflict("day_closed" | "being_compared")`.
    """
    now = now or timezone.now()
    book = _taken(day, now)
    again = now + timedelta(seconds=RETRY_SECONDS)
    try:
        compared = with_all(book, details=details or book.details)
        _keep(book, compared, so_far=not days.is_over(day, now))
        remedied = remedies.carry_out(book)
        if not (remedied or compared.problems):
            again = days.next_night(now)
    finally:
        _give_back(book, again)
    return book


def until_settled(day: date, *, details: bool = False) -> DayBook:
    """Compare it, and where remedies were carried out once more: has it helped? Raises as `run`."""
    book = run(day, details=details)
    if book.differences.filter(state=DifferenceState.REMEDIED).exists():
        book = run(day, details=True)
    return book


def book_of(day: date, now: datetime | None = None) -> DayBook:
    """The book of a day, made when it is not there yet. Raises `Invalid("not_begun")`."""
    now = now or timezone.now()
    if not days.is_begun(day, now):
        raise Invalid("not_begun", _("That day has not begun yet."))
    found = DayBook.objects.filter(day=day).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return worklist.enter(DayBook(day=day, due_at=now))
    except IntegrityError:
        return DayBook.objects.get(day=day)


def _taken(day: date, now: datetime) -> DayBook:
    book_of(day, now)
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    books = DayBook.objects.filter(free, day=day, state__in=_ANEW).order_by("pk")
    book = worklist.claim(books, _ANEW, lease_seconds=lease.LEASE_SECONDS)
    if book is not None:
        return book
    if DayBook.objects.filter(day=day, state=DayBookState.CLOSED).exists():
        raise Conflict("day_closed", _("This day is closed: what is found later belongs to the next."))
    raise Conflict("being_compared", _("This day is being compared already."))


def _keep(book: DayBook, compared: Compared, *, so_far: bool) -> None:
    """All of it in one transaction; nothing when somebody else has taken the day over. Raises `Overtaken`."""
    problem = "; ".join(compared.problems)
    to = DayBookState.OPEN if problem else DayBookState.RECONCILED
    with transaction.atomic():
        worklist.move(
            book,
            to,
            reason=problem or "compared",
            ours=compared.ours.sums(),
            insurer=compared.insurer,
            payments=compared.payments,
            totals=compared.asked,
            reconciled_at=Now(),
            so_far=so_far,
            last_error=problem[:300],
        )
        keeping.keep(book, compared.found, compared.sides)


def _give_back(book: DayBook, again: datetime) -> None:
    """Nobody is at it any more; it is due again then. Without effect when somebody else has taken it over."""
    mine = DayBook.objects.filter(pk=book.pk, attempt=book.attempt).exclude(state=DayBookState.CLOSED)
    mine.update(leased_until=None, due_at=again, details=False)
    book.refresh_from_db()
    waiting = book.differences.filter(remedy=Remedy.STAFF).exclude(state=DifferenceState.RESOLVED)
    if count := waiting.count():
        log.error("%s: %s differences wait for a person", book.day, count)
