"""Book what moved. What is learnt a second time is booked once; nothing is ever changed, a correction is an entry."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.utils import timezone

from insurance.interface.messages import Bill
from insurance.ledger.models import Kind, LedgerEntry, Leg

CASH_LEGS = (Leg.CASH, Leg.REFUND)

BY_STAFF = "staff"
"""What two persons have decided with evidence, where no transaction says so."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """One event on one side, by leg, in fen. `source`, `by`, `at` as in `LedgerEntry`."""

    kind: Kind
    source: str
    by: str
    at: datetime
    legs: tuple[tuple[Leg, int], ...]


def settled(bill: Bill, by: str) -> Amounts:
    """The insurer holds this bill."""
    return Amounts(Kind.SETTLED, bill.setl_id, by, bill.settled_at or timezone.now(), _legs(bill, 1))


def undone(bill: Bill, by: str, at: datetime | None = None) -> Amounts:
    """It was taken back: the same amounts, negative."""
    return Amounts(Kind.UNDONE, bill.setl_id, by, at or timezone.now(), _legs(bill, -1))


def is_undone(number: str, source: str) -> bool:
    """Whether what stood under this number at the insurer was taken back from the settlement."""
    return LedgerEntry.objects.filter(number=number, kind=Kind.UNDONE, source=source).exists()


def still_settled(number: str, but: Collection[str] = ()) -> tuple[Amounts, ...]:
    """What the ledger holds as settled and not as undone, except these sources, as the entries that undo it.

    Whoever took it back could die before it was booked; that nothing stands any more is known all the same.
    """
    held: dict[str, list[tuple[Leg, int]]] = {}
    for entry in LedgerEntry.objects.filter(number=number, kind=Kind.SETTLED).exclude(source__in=but):
        held.setdefault(entry.source, []).append((Leg(entry.leg), -entry.amount_fen))
    now = timezone.now()
    return tuple(Amounts(Kind.UNDONE, source, "2208", now, tuple(legs)) for source, legs in held.items())


def paid(order_no: str, amount_fen: int) -> Amounts:
    """The patient has paid."""
    return Amounts(Kind.PAID, order_no, "pay", timezone.now(), ((Leg.CASH, amount_fen),))


def refunded(refund_no: str, amount_fen: int, by: str = "refund") -> Amounts:
    """The patient has it back."""
    return Amounts(Kind.REFUNDED, refund_no, by, timezone.now(), ((Leg.REFUND, -amount_fen),))


def book(number: str, all_amounts: Iterable[Amounts]) -> None:
    """Enter them for this settlement, in the transaction that records what happened."""
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(number=number, kind=one.kind, leg=leg, amount_fen=fen, source=one.source, by=one.by, at=one.at)
            for one in all_amounts
            for leg, fen in one.legs
        ],
        ignore_conflicts=True,
    )


def balance(number: str) -> dict[str, int]:
    """What stands on each leg of a settlement, in fen."""
    sums = LedgerEntry.objects.filter(number=number).values_list("leg").annotate(Sum("amount_fen"))
    return {leg: total for leg, total in sums if total}


def balances(numbers: Collection[str]) -> dict[str, dict[str, int]]:
    """`balance` of many at once."""
    found: dict[str, dict[str, int]] = {number: {} for number in numbers}
    sums = LedgerEntry.objects.filter(number__in=numbers).values_list("number", "leg").annotate(Sum("amount_fen"))
    for number, leg, total in sums:
        if total:
            found[number][leg] = total
    return found


def _legs(bill: Bill, sign: int) -> tuple[tuple[Leg, int], ...]:
    amounts = (
        (Leg.FUND, bill.fund_fen),
        (Leg.ACCOUNT, bill.account_fen),
        (Leg.OWN, bill.cash_fen),
        (Leg.HOSPITAL, bill.hospital_fen),
    )
    return tuple((leg, sign * fen) for leg, fen in amounts)
