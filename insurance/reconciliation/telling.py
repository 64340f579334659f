"""How a day stands, told by patient: appointment and settlement numbers, never a name or a card."""

from collections.abc import Iterator
from typing import Any

from insurance.reconciliation import totals
from insurance.reconciliation.closing import Standing
from insurance.reconciliation.models import DayBook, Difference
from insurance.reconciliation.ours import numbered
from insurance.settlement.models import Settlement


def lines(stands: Standing) -> Iterator[str]:
    """For people: one line for each that stands in the way."""
    for reason in stands.reasons:
        yield f"  {reason}"
    for settlement in stands.unknown:
        yield f"  unknown: {_patient(settlement)}: {settlement.state} since {settlement.since:%Y-%m-%d %H:%M:%S%z}"
    for difference in stands.one_sided:
        yield f"  one-sided: {told(difference)}"
    for wrong in stands.unproved:
        settlement = Settlement.objects.get(pk=numbered(wrong.number))
        yield f"  one-sided: {_patient(settlement)}: {wrong.told}"


def told(row: Difference) -> str:
    """One difference."""
    whose = _patient(row.settlement) if row.settlement else "nobody we know"
    amounts = f"ours {_fen(row.ours_fen)}, theirs {_fen(row.theirs_fen)}"
    return f"{whose}: {row.classed} {row.movement} {row.key}: {amounts}; {row.remedy}, for {row.age_days} days"


def figures(stands: Standing) -> dict[str, Any]:
    """For programs."""
    return {
        "day": f"{stands.book.day}",
        "state": stands.book.state,
        "unknown": len(stands.unknown),
        "one_sided": len(stands.one_sided) + len(stands.unproved),
        "reasons": [str(reason) for reason in stands.reasons],
        **columns(stands.book),
        "settlements": [_numbers(row) | {"state": row.state, "since": f"{row.since}"} for row in stands.unknown],
        "differences": [_difference(row) for row in stands.one_sided],
        "unproved": [{"settlement": wrong.number, "told": wrong.told} for wrong in stands.unproved],
    }


def columns(book: DayBook) -> dict[str, Any]:
    """The three books of the day."""
    books = {"ours": book.ours, "insurer": book.insurer, "payments": book.payments}
    order = (*totals.AT_THE_INSURER, *totals.MONEY)
    return {name: {row: sums[row] for row in order if row in sums} for name, sums in books.items()}


def _difference(row: Difference) -> dict[str, Any]:
    fields = ("classed", "movement", "key", "ours_fen", "theirs_fen", "says", "remedy", "state", "age_days")
    told = {name: getattr(row, name) for name in fields}
    numbers = _numbers(row.settlement) if row.settlement else {"appointment": None, "settlement": None}
    return numbers | told | {"first_seen": f"{row.first_seen}", "evidence": row.evidence}


def _numbers(settlement: Settlement) -> dict[str, Any]:
    return {"appointment": settlement.appointment_id, "settlement": settlement.number}


def _patient(settlement: Settlement) -> str:
    return f"appointment {settlement.appointment_id}, settlement {settlement.number}"


def _fen(amount: int | None) -> str:
    return "-" if amount is None else f"{amount} fen"
