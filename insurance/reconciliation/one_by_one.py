"""A day compared where the insurer lays out no statement (3202): it is asked about each settlement of ours (5203).

What only the insurer has does not show so; its totals tell that there is something.
"""

from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refusal, Refused, scrub
from insurance.interface.messages import Bill
from insurance.interface.statements import StatementDifference
from insurance.ledger.models import Kind, LedgerEntry
from insurance.reconciliation.ours import Held, numbered
from insurance.reconciliation.rules import Movement
from insurance.trial import conversation
from insurance.trial.models import Visit

NOT_THERE = (Refusal.NO_SUCH_SETTLEMENT, Refusal.NO_SUCH_VISIT)
TAKEN_BACK = "taken back at the insurer"


def look(held: Held, client: InsuranceClient) -> StatementDifference:
    """What the insurer says of one row of our book. Raises `InterfaceError`."""
    try:
        visit = Visit.objects.get(appointment__settlements=numbered(held.row.number))
        bill = client.query(conversation.insured_of(visit), held.mdtrt_id, held.row.key)
    except Refused as refused:
        if refused.code not in NOT_THERE:
            raise
        return _answer(held, None, memo=scrub(str(refused)))
    if held.row.movement is Movement.UNDONE:
        return _answer(held, bill if bill.refunded else None, memo="")
    entries = LedgerEntry.objects.filter(number=held.row.number, source=held.row.key, kind=Kind.UNDONE)
    return _answer(held, bill, memo=TAKEN_BACK if bill.refunded and not entries.exists() else "")


def _answer(held: Held, bill: Bill | None, *, memo: str) -> StatementDifference:
    """As 3202 would tell it: without a message it is a row that the insurer does not have."""
    undone = held.row.movement is Movement.UNDONE
    sign = -1 if undone else 1
    amounts = (sign * bill.total_fen, sign * bill.fund_fen, sign * bill.account_fen) if bill else (0, 0, 0)
    return StatementDifference(
        psn_no=held.psn_no,
        mdtrt_id=held.mdtrt_id,
        setl_id=held.row.key,
        msgid=bill.medins_setl_id if bill else "",
        balanced=bill is not None and amounts == held.row.amounts and not memo,
        stmt_rslt="",
        is_refund=undone,
        memo=memo,
        total_fen=amounts[0],
        fund_fen=amounts[1],
        account_fen=amounts[2],
    )
