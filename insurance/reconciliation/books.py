"""Our books: what stands at the insurer and what money is with us, summed from the ledger."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Q, Sum, Value
from django.db.models.functions import Cast, Concat, LPad

from insurance.ledger.models import Kind, LedgerEntry, Leg
from insurance.settlement.models import Settlement

_AT_THE_INSURER = {"fund_fen": Leg.FUND, "account_fen": Leg.ACCOUNT, "cash_fen": Leg.OWN}
_DIGITS = 12
"""Of `Settlement.number`."""


def totals(since: datetime | None = None, insurer: str = "") -> dict[str, Any]:
    """Settlements that stand at the insurer with their amounts, money collected and not given back, and how many
    settlements are in each state; of all insurers unless one is named. A settlement of which we do not know whether it
    stands is in none of the sums."""
    settlements, entries = Settlement.objects.all(), LedgerEntry.objects.all()
    if since is not None:
        settlements = settlements.filter(created_at__gte=since)
    if insurer:
        settlements = settlements.filter(insurer=insurer)
    if insurer or since is not None:
        entries = entries.filter(number__in=_numbers(settlements))
    sums = entries.aggregate(
        **{name: Sum("amount_fen", filter=Q(leg=leg)) for name, leg in _AT_THE_INSURER.items()},
        settled=_count(Kind.SETTLED, Leg.FUND),
        undone=_count(Kind.UNDONE, Leg.FUND),
        paid=_count(Kind.PAID, Leg.CASH),
        money=Sum("amount_fen", filter=Q(leg__in=[Leg.CASH, Leg.REFUND])),
    )
    states = settlements.values_list("state").annotate(Count("pk")).order_by("state")
    return {
        "settlements": sums["settled"] - sums["undone"],
        **{name: sums[name] or 0 for name in _AT_THE_INSURER},
        "payments": {"paid": sums["paid"], "cash_fen": sums["money"] or 0},
        "states": dict(states),
    }


def _count(kind: Kind, leg: Leg) -> Count:
    """Each has one entry on every leg of its side."""
    return Count("pk", filter=Q(kind=kind, leg=leg))


def _numbers(settlements: Any) -> Any:
    """`Settlement.number` of these, in the database."""
    digits = LPad(Cast("pk", CharField()), _DIGITS, Value("0"))
    return settlements.annotate(ledger_number=Concat(Value("S"), digits)).values("ledger_number")
