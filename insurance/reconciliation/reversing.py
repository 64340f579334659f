"""The remedies that change something at the insurer; each looks at once more what our settlement says.

2601 by a message of ours takes back everything that this message made (protocol 3.10, 3.12): only where nothing of it
is to stand. Beside a settlement that is relied on, a surplus of the same message is taken back by its number (2208).
"""

from functools import partial

from insurance.calls.models import InterfaceCall
from insurance.interface import looking
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refusal, Refused
from insurance.interface.profile import Operation
from insurance.ledger import entries
from insurance.quota.exchange import profile
from insurance.reconciliation import says
from insurance.reconciliation.conclusion import Conclusion, as_it_was, ended, helped, staff
from insurance.reconciliation.models import Difference
from insurance.reconciliation.rules import Says
from insurance.reconciliation.speaking import turn
from insurance.settlement import undoing
from insurance.settlement.models import Settlement
from insurance.settlement.standing import purpose, standing
from insurance.trial import conversation
from insurance.trial.models import Visit

MAY_GO = (Says.WITHOUT_EFFECT, Says.ANOTHER)


def reverse(difference: Difference) -> Conclusion:
    """Written down among the settlement's own messages: whoever asks about it sees that it may be on its way.

    Raises `InterfaceError`.
    """
    settlement = Settlement.objects.get(differences=difference)
    said = says.of_settlement(settlement, difference.msgid)
    if said not in MAY_GO:
        return as_it_was(f"not reversed: our settlement says {said} by now")
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    about = conversation.insured_of(visit), visit.mdtrt_id, settlement.invono

    def say(client: InsuranceClient) -> Conclusion:
        try:
            looking.undo_message(client, *about, difference.msgid, _infno(difference.msgid, settlement))
        except Refused as refused:
            return _refused(client, settlement, visit, difference.msgid, refused)
        return helped("2601 was carried out")

    return turn(settlement.insurer, purpose(settlement), say, about=settlement.appointment.archive.name)


def take_back(difference: Difference) -> Conclusion:
    """A copy of the message that settled: it came when the settlement was complete, so nobody had looked any more.

    What was taken back is booked with its number, as settled and undone. Raises `InterfaceError`.
    """
    settlement = Settlement.objects.get(differences=difference)
    said = says.of_settlement(settlement, difference.msgid)
    if said != Says.COUNTS:
        return as_it_was(f"nothing taken back: our settlement says {said} by now")
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    about = settlement.appointment.archive.name
    say = partial(_but_the_one, settlement=settlement, visit=visit)
    return turn(settlement.insurer, purpose(settlement), say, about=about)


def _but_the_one(client: InsuranceClient, settlement: Settlement, visit: Visit) -> Conclusion:
    there = standing(client, settlement, visit)
    if there.may_settle or there.may_undo:
        return as_it_was("something that was sent may still arrive")
    if there.known is None or there.known.refunded:
        return staff("the one that is relied on does not stand at the insurer")
    surplus = [bill for bill in there.ours if bill.setl_id != settlement.setl_id]
    if not surplus:
        return ended("nothing of it stands but the one that is relied on")
    for bill in surplus:
        entries.book(settlement.number, undoing.take_back(client, visit, (bill,)))
    return helped(f"{len(surplus)} taken back by number (2208)")


def _refused(client: InsuranceClient, settlement: Settlement, visit: Visit, msgid: str, refused: Refused) -> Conclusion:
    """Taken back already: then nothing of it stands, and the statement shows it because it was a 2208 that did it."""
    if refused.code != Refusal.ALREADY_REVERSED:
        return staff(f"2601 was refused: {refused}")
    there = standing(client, settlement, visit)
    if any(bill.medins_setl_id == msgid for bill in there.ours):
        return staff("2601 was refused as carried out already, and it stands all the same")
    return ended("it was taken back at the insurer already, and nothing of it stands")


def _infno(msgid: str, settlement: Settlement) -> str:
    """The transaction that the message was."""
    sent = InterfaceCall.objects.filter(msgid=msgid).values_list("infno", flat=True).first()
    return sent or profile(settlement.insurer).infno(Operation.SETTLE)
