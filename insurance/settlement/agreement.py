"""Does what the insurer says agree with what was agreed on? Field by field; what differs is named."""

from collections.abc import Iterator

from insurance.interface.identities import violations
from insurance.interface.messages import Bill
from insurance.settlement.models import Settlement
from insurance.trial.models import Visit


def differences(settlement: Settlement, bill: Bill) -> list[str]:
    """Every amount in which the insurer's bill is not what the patient agreed to, and every broken identity."""
    amounts = (
        ("total", settlement.total_fen, bill.total_fen),
        ("fund", settlement.fund_fen, bill.fund_fen),
        ("account", settlement.account_fen, bill.account_fen),
        ("cash", settlement.cash_fen, bill.cash_fen),
    )
    return [f"{name}: agreed {ours} fen, insurer {theirs} fen" for name, ours, theirs in amounts if ours != theirs] + [
        *violations(bill)
    ]


def contradictions(settlement: Settlement, visit: Visit, bill: Bill) -> list[str]:
    """Every field in which the insurer's record (5203, protocol 3.13) is not that of our settlement."""
    return [*_other_record(settlement, visit, bill), *differences(settlement, bill)]


def _other_record(settlement: Settlement, visit: Visit, bill: Bill) -> Iterator[str]:
    pairs = (
        ("setl_id", settlement.setl_id, bill.setl_id),
        ("mdtrt_id", visit.mdtrt_id, bill.mdtrt_id),
        ("psn_no", visit.psn_no, bill.psn_no),
        ("medins_setl_id", settlement.settle_msgid, bill.medins_setl_id),
    )
    for name, ours, theirs in pairs:
        if ours != theirs:
            yield f"{name} differs"
    if bill.refunded:
        yield "refunded at the insurer"
