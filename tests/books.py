"""The three books laid side by side: our ledger, the insurer's, the payment institution's. All amounts in fen."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

from django.db.models import Sum

from insurance.ledger.models import LedgerEntry, Leg
from insurance.models import Settlement
from insurance.settlement.models import Mode
from insurance.states import SettlementState

Ledger = Mapping[str, Any]

NEVER = "9999"
LEGS = {Leg.FUND: "fund_fen", Leg.ACCOUNT: "account_fen", Leg.OWN: "cash_fen"}


def differences(insurer: Ledger, payments: Ledger) -> dict[str, int]:
    """By how much ours differ from theirs, where they do. Nothing may be under way any more."""
    ours = dict(LedgerEntry.objects.values_list("leg").annotate(Sum("amount_fen")))
    completed = Settlement.objects.filter(state=SettlementState.COMPLETED)
    by_oneself = completed.filter(mode=Mode.SELF_PAY).aggregate(cash=Sum("cash_fen"))["cash"] or 0
    found = {
        "settlements": completed.filter(mode=Mode.INSURANCE).count() - insurer["totals"]["settlements"],
        "reported": by_oneself - insurer["self_pay"]["cash_fen"],
        "cash": ours.get(Leg.CASH, 0) + ours.get(Leg.REFUND, 0) - payments["totals"]["cash_fen"],
        "due": (completed.aggregate(cash=Sum("cash_fen"))["cash"] or 0) - payments["totals"]["cash_fen"],
        **{name: ours.get(leg, 0) - insurer["totals"][name] for leg, name in LEGS.items()},
    }
    return {name: by for name, by in found.items() if by}


def settled_by_two_messages(insurer: Ledger) -> list[str]:
    """Visits of which settlements by two messages of ours stood at once, however shortly. (What one message made twice
    was the network's doing; that it is taken back shows at the end.)"""
    undone_at = {row["reverses"]: row["at"] for row in insurer["settlements"] if row["reverses"]}
    by_visit: dict[str, list[dict[str, Any]]] = {}
    for row in insurer["settlements"]:
        if not row["reverses"]:
            by_visit.setdefault(row["mdtrt_id"], []).append(row)
    return [
        visit
        for visit, made in by_visit.items()
        if any(
            one["msgid"] != other["msgid"] and one["at"] <= other["at"] < undone_at.get(one["setl_id"], NEVER)
            for one, other in permutations(made, 2)
        )
    ]
