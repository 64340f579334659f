"""What was booked of a closed day after its close: it belongs to the next day, and is shown there."""

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from insurance.ledger.models import LedgerEntry
from insurance.reconciliation.models import DayBook
from insurance.states import DayBookState


def booked_late(book: DayBook) -> QuerySet[LedgerEntry]:
    """Entries of days that were closed already, booked since the last close before this book's own: those of an open
    day go to the oldest open one."""
    closed = DayBook.objects.filter(state=DayBookState.CLOSED)
    entries = LedgerEntry.objects.order_by("pk")
    if book.state == DayBookState.CLOSED:
        before = closed.filter(closed_at__lt=book.closed_at)
        entries = entries.filter(pk__lte=book.last_entry_id)
    elif DayBook.objects.filter(day__lt=book.day).exclude(state=DayBookState.CLOSED).exists():
        return LedgerEntry.objects.none()
    else:
        before = closed
    since = before.aggregate(last=Max("last_entry_id"))["last"]
    if since is None:
        return LedgerEntry.objects.none()
    own_day = closed.filter(day=OuterRef("day"), last_entry_id__lt=OuterRef("pk"))
    local = TruncDate("at", tzinfo=timezone.get_default_timezone())
    return entries.filter(pk__gt=since).annotate(day=local).filter(Exists(own_day))
