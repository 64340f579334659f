"""Day close: what still stands in its way, by patient; then the day is closed, and nothing of it changes any more."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from hospital import changes, worklist
from hospital.changes import Who
from hospital.errors import Conflict
from insurance.calls.models import InterfaceCall
from insurance.ledger.models import LedgerEntry
from insurance.reconciliation import days, proof_of_books, totals
from insurance.reconciliation.models import DayBook, Difference
from insurance.reconciliation.proof_of_books import Unproved
from insurance.settlement.models import Settlement
from insurance.settlement.standing import purpose
from insurance.states import DayBookState, DifferenceState, SettlementState

NOT_KNOWN = (
    SettlementState.CALLING,
    SettlementState.UNKNOWN,
    SettlementState.REVERSING,
    SettlementState.REFUNDING,
    SettlementState.MANUAL,
)
"""States of which nobody can say yet how the settlement ends."""

# Whoever has booked something is waited for, and nobody books until the day is closed: so what the closed day holds are
# exactly the entries up to the last one.
_NOTHING_IS_BOOKED = "LOCK TABLE insurance_ledgerentry IN SHARE MODE"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a day stands. It may be closed when nothing of this is there."""

    book: DayBook
    reasons: list[str] = field(default_factory=list)
    unknown: list[Settlement] = field(default_factory=list)
    one_sided: list[Difference] = field(default_factory=list)
    unproved: list[Unproved] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return not (self.reasons or self.unknown or self.one_sided or self.unproved)

    @property
    def verdict(self) -> str:
        """What an operator looks for."""
        return f"{len(self.unknown)} unknown, {len(self.one_sided) + len(self.unproved)} one-sided"


def standing(book: DayBook, now: datetime) -> Standing:
    """What stands in the way of closing the day."""
    if book.state == DayBookState.CLOSED:
        return Standing(book)
    one_sided = _one_sided(book)
    told = {row.key for row in one_sided}
    return Standing(
        book,
        reasons=list(_reasons(book, now)),
        unknown=_unknown(book.day),
        one_sided=one_sided,
        unproved=[each for each in proof_of_books.unproved(book.day) if each.number not in told],
    )


def close(book: DayBook, *, who: Who, why: str, now: datetime | None = None) -> DayBook:
    """Close the day for good. Raises `Conflict("day_closed" | "not_ready")`, `Invalid("no_reason")`, `Overtaken`."""
    now = now or timezone.now()
    stands = _ready(standing(DayBook.objects.get(pk=book.pk), now))
    with transaction.atomic(), connection.cursor() as cursor:
        row = DayBook.objects.select_for_update().get(pk=book.pk)
        cursor.execute(_NOTHING_IS_BOOKED)
        _ready(Standing(row, list(_reasons(row, now)), one_sided=_one_sided(row)))
        change = changes.record(f"day {row.day}", "state", row.state, DayBookState.CLOSED, who=who, why=why)
        return worklist.move(
            row,
            DayBookState.CLOSED,
            reason=why.strip(),
            closed_at=now,
            closed_by=change.who_name,
            verdict=stands.verdict,
            last_entry_id=LedgerEntry.objects.aggregate(last=Max("pk"))["last"] or 0,
        )


def _ready(stands: Standing) -> Standing:
    if stands.book.state == DayBookState.CLOSED:
        raise Conflict("day_closed", _("This day is closed: what is found later belongs to the next."))
    if not stands.is_ready:
        why = "; ".join([*stands.reasons, stands.verdict])
        raise Conflict("not_ready", _("%(day)s is not closed: %(why)s") % {"day": stands.book.day, "why": why})
    return stands


def _one_sided(book: DayBook) -> list[Difference]:
    differing = book.differences.exclude(state=DifferenceState.RESOLVED)
    return list(differing.select_related("settlement").order_by("pk"))


def _reasons(book: DayBook, now: datetime) -> Iterator[str]:
    """Of the day as a whole."""
    if not days.is_over(book.day, now):
        yield _("the day is not over")
    if book.leased_until and book.leased_until > timezone.now():
        yield _("it is being compared")
    elif book.state != DayBookState.RECONCILED:
        yield _("it is not reconciled: %(why)s") % {"why": book.last_error or _("not compared yet")}
    elif book.so_far:
        yield _("it was compared before it was over")
    elif totals.read(book.day).sums() != book.ours:
        yield _("something was booked since it was compared")


def _unknown(day: date) -> list[Settlement]:
    """Settlements that were begun on the day, or of which something was said to the insurer on it."""
    begin, end = days.bounds(day)
    waiting = Settlement.objects.filter(state__in=NOT_KNOWN, created_at__lt=end).order_by("pk")
    said = InterfaceCall.objects.filter(sent_at__gte=begin, sent_at__lt=end)
    return [row for row in waiting if row.created_at >= begin or said.filter(purpose=purpose(row)).exists()]
