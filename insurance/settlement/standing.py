"""What stands at the insurer for a visit, as the insurer tells it: 5204 names the settlements, 5203 shows each.

Neither knows our message ids as a key (protocol 3.13), but each record carries the one that made it: so ours are told
from others, also when one message was carried out twice. Another interface is asked message by message (`looking`).
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from insurance.calls.models import InterfaceCall
from insurance.interface import looking
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.messages import Bill
from insurance.interface.profile import Operation
from insurance.quota import clock
from insurance.quota.exchange import profile
from insurance.settlement.models import Settlement
from insurance.trial import conversation
from insurance.trial.models import Visit

SETTLED_BY, UNDONE_BY, REVERSED_BY = "2207", "2208", "2601"
"""How the ledger names the transactions, whatever their numbers are in a region."""

_SETTLEMENT = "settlement "


@dataclass(frozen=True, slots=True)
class Standing:
    """The live settlements of a visit at the insurer: those that our messages made, and others. `known`: the one whose
    number we have, live or not. `may_settle`, `may_undo`: before the look, something of that kind was still on its way,
    so the look may be wrong by now."""

    ours: tuple[Bill, ...]
    others: tuple[Bill, ...]
    known: Bill | None
    may_settle: bool
    may_undo: bool


def standing(client: InsuranceClient, settlement: Settlement, visit: Visit) -> Standing:
    """What stands there now; also what we know the number of, should 5204 not name it. Raises `InterfaceError`."""
    insured, own = conversation.insured_of(visit), own_msgids(settlement)
    may_settle = _may_still_arrive(settlement, Operation.SETTLE)
    may_undo = _may_still_arrive(settlement, Operation.CANCEL, Operation.REVERSE)
    bills = looking.settlements(client, insured, visit.mdtrt_id, settlement.invono, own, settlement.setl_id)
    live = [bill for bill in bills if not bill.refunded]
    if any(not bill.medins_setl_id and bill.setl_id != settlement.setl_id for bill in live):
        raise OutcomeUnknown("a settlement stands there that does not say whose message made it")
    return Standing(
        ours=tuple(bill for bill in live if bill.medins_setl_id in own),
        others=tuple(bill for bill in live if bill.medins_setl_id not in own),
        known=next((bill for bill in bills if bill.setl_id == settlement.setl_id), None),
        may_settle=may_settle,
        may_undo=may_undo,
    )


def own_msgids(settlement: Settlement) -> frozenset[str]:
    """Every message with which this settlement was asked for: after a reversal it may be asked for again."""
    calls = _calls(settlement).filter(infno=profile(settlement.insurer).infno(Operation.SETTLE))
    return frozenset(calls.values_list("msgid", flat=True))


def tries(settlement: Settlement) -> int:
    """How many messages that asked for it may have been carried out."""
    calls = _calls(settlement).filter(infno=profile(settlement.insurer).infno(Operation.SETTLE))
    return calls.exclude(outcome__in=(Outcome.NOT_SENT, Outcome.THROTTLED)).count()


def _may_still_arrive(settlement: Settlement, *operations: Operation) -> bool:
    """Whether one of our messages of these kinds, of which nothing was heard, may still be on its way to the insurer:
    until the settling time is over."""
    kinds = [profile(settlement.insurer).infno(operation) for operation in operations]
    silent = _calls(settlement).filter(infno__in=kinds, outcome__in=("", Outcome.UNKNOWN))
    now, settling = clock.database_now(), settings.SETTLEMENT_SETTLING_SECONDS
    return any(_age_seconds(sent_at, now) < settling for sent_at in silent.values_list("sent_at", flat=True))


def _age_seconds(sent_at: datetime, now: datetime) -> float:
    """By the database's clock, less whatever it was set forward meanwhile."""
    return (now - sent_at).total_seconds() - clock.set_forward_seconds(since=sent_at)


def _calls(settlement: Settlement) -> QuerySet[InterfaceCall]:
    return InterfaceCall.objects.filter(purpose=purpose(settlement))


def purpose(settlement: Settlement) -> str:
    """What the messages of a settlement are written down under."""
    return f"{_SETTLEMENT}{settlement.pk}"


def settlement_id(purpose: str) -> int | None:
    """The settlement whose message was written down under this; None: it was no settlement's."""
    return int(purpose.removeprefix(_SETTLEMENT)) if purpose.startswith(_SETTLEMENT) else None
