"""What stands at a visit, and undoing by message: in one word where the interface has one, else by looking.

Nothing here is a guess: a message is only taken back once it was seen to stand.
"""

from collections.abc import Iterable, Iterator

from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refusal, Refused
from insurance.interface.messages import Bill, Insured


def settlements(
    client: InsuranceClient, insured: Insured, mdtrt_id: str, invono: str, msgids: Iterable[str], setl_id: str = ""
) -> tuple[Bill, ...]:
    """Every settlement of the visit that the insurer shows, taken back or not, and the one of this number.

    Where the visit cannot be asked about (5204), each of our messages is: what others settled is then not seen. Raises
    `InterfaceError`.
    """
    if client.dialect.settled_ids is not None:
        named = dict.fromkeys([*client.settled_ids(insured, mdtrt_id), setl_id])
        return tuple(client.query(insured, mdtrt_id, each) for each in named if each)
    made = _made(client, insured, mdtrt_id, invono, sorted(msgids))
    return tuple({bill.setl_id: bill for bill in made}.values())  # two messages may have asked for the same one


def undo_message(
    client: InsuranceClient, insured: Insured, mdtrt_id: str, invono: str, omsgid: str, oinfno: str
) -> None:
    """Undo whatever the message made (2601), or find it and cancel it.

    Raises `InterfaceError`; Refused with "nothing_to_reverse" or "already_reversed" as `InsuranceClient.reverse`.
    """
    if client.dialect.reverse is not None:
        client.reverse(insured, omsgid, oinfno)
        return
    made = list(_made(client, insured, mdtrt_id, invono, [omsgid]))
    if not made:
        raise Refused("the message made no settlement", code=Refusal.NOTHING_TO_REVERSE)
    if made[0].refunded:
        raise Refused("what the message made was taken back", code=Refusal.ALREADY_REVERSED)
    client.cancel(insured, mdtrt_id, made[0].setl_id, reversal=made[0].reversal)


def _made(
    client: InsuranceClient, insured: Insured, mdtrt_id: str, invono: str, msgids: Iterable[str]
) -> Iterator[Bill]:
    for msgid in msgids:
        try:
            yield client.by_message(insured, mdtrt_id, invono, msgid)
        except Refused as refused:
            if refused.code != Refusal.NO_SUCH_SETTLEMENT:
                raise
