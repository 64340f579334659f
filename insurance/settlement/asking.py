"""The way out of UNKNOWN, first half: ask. Reading changes nothing, so it may be repeated as often as the plan says."""

from insurance.interface.client import InsuranceClient
from insurance.interface.messages import Bill
from insurance.ledger import entries
from insurance.settlement import agreement
from insurance.settlement.heard import Heard, of_bill, settled
from insurance.settlement.models import Settlement
from insurance.settlement.saga import Event
from insurance.settlement.standing import SETTLED_BY, standing
from insurance.trial.models import Visit


def ask(client: InsuranceClient, settlement: Settlement) -> Heard:
    """Has the insurer settled? (protocol 4: 5204 by visit, 5203 by what it names.) Raises `InterfaceError`.

    An answer is not believed while a message of ours may still arrive and make it wrong: "none stands", while a
    settlement is on its way; "one stands", while a reversal is.
    """
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    there = standing(client, settlement, visit)
    if there.ours:
        if there.may_undo:
            return Heard(Event.UNCLEAR, reason="it stands, but a reversal may still arrive")
        return _found(settlement, visit, there.ours)
    if there.may_settle:
        return Heard(Event.UNCLEAR, reason="the insurer shows none, but it may still arrive")
    return Heard(Event.ABSENT, reason="the insurer shows none")


def _found(settlement: Settlement, visit: Visit, bills: tuple[Bill, ...]) -> Heard:
    """It was carried out. If twice, the surplus is taken back before anybody is told (`confirming`)."""
    known = [bill for bill in bills if bill.setl_id == settlement.setl_id]
    bill = (known or bills)[0]
    learnt = of_bill(bill) | {"settle_msgid": bill.medins_setl_id}
    booked = tuple(entries.settled(each, SETTLED_BY) for each in bills)
    if not settlement.wanted:
        return Heard(Event.UNWANTED, learnt, "settled, and given up meanwhile", booked)
    if problems := agreement.differences(settlement, bill):
        return Heard(Event.SETTLED_OTHERWISE, learnt, "; ".join(problems), booked)
    return Heard(settled(settlement), learnt, "found by asking", booked)
