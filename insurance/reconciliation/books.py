"""Our books: what was settled and collected, summed from the rows."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from insurance.payment.models import PaymentOrder
from insurance.settlement.models import Settlement
from insurance.states import PaymentState, SettlementState

AT_THE_INSURER = (
    SettlementState.INSURED,
    SettlementState.PAYING,
    SettlementState.PAID,
    SettlementState.CONFIRMING,
    SettlementState.COMPLETED,
    SettlementState.REVERSING,
    SettlementState.MANUAL,
)
"""States in which a settlement that has a `setl_id` stands at the insurer, as far as we know."""


def totals(since: datetime | None = None) -> dict[str, Any]:
    """Live settlements at the insurer by their amounts, money collected, and how many stand in each state."""
    settlements, orders = Settlement.objects.all(), PaymentOrder.objects.all()
    if since is not None:
        settlements, orders = settlements.filter(created_at__gte=since), orders.filter(created_at__gte=since)
    live = settlements.filter(state__in=AT_THE_INSURER).exclude(setl_id="")
    sums = live.aggregate(
        settlements=Count("pk"), fund_fen=Sum("fund_fen"), account_fen=Sum("account_fen"), cash_fen=Sum("cash_fen")
    )
    paid = orders.filter(state=PaymentState.PAID).aggregate(paid=Count("pk"), cash_fen=Sum("amount_fen"))
    states = settlements.values_list("state").annotate(Count("pk")).order_by("state")
    return {
        **{name: value or 0 for name, value in sums.items()},
        "payments": {name: value or 0 for name, value in paid.items()},
        "states": dict(states),
    }
