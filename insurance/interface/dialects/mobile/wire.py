"""How a message becomes an Exchange: the common envelope around a `data` in camelCase. Source: protocol 1, 3.15."""

from collections.abc import Callable, Mapping
from datetime import datetime

from insurance.interface.dialects.national.envelope import Payload, encode, wall_time
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.replies import output
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Answer, Exchange, Question, Reply, Request
from insurance.interface.messages import Insured, Order
from insurance.interface.profile import Operation, Profile

_IDENTITY_CARD = "01"

Data = Mapping[str, object]
Write = Callable[[Profile, str, datetime, Question], tuple[Insured, Data]]
"""write(profile, msgid, now, question): who is meant, and what stands under `data`."""


def said(
    operation: Operation, write: Write[Question], read: Callable[[Question, Node], Answer]
) -> Exchange[Question, Answer]:
    """One operation: `read` is given the output of a success."""

    def encode_question(profile: Profile, msgid: str, now: datetime, question: Question) -> Request:
        insured, data = write(profile, msgid, now, question)
        named = {"orgCodg": profile.institution_code, **_person(profile, insured), **data}
        return encode(profile, operation, msgid, now, Payload({"data": named}, insured.insuplc_admdvs))

    def decode(question: Question, reply: Reply) -> Answer:
        return read(question, _data(reply))

    return Exchange(operation, encode_question, decode)


def key(order: Order) -> dict[str, str]:
    """How an order is named: its number, and the token that was given with it."""
    return {"payOrdId": order.number, "payToken": order.token}


def order_of(insured: Insured, number: str) -> Order:
    """The visit's order of this number. Raises OutcomeUnknown where its token is not known."""
    found = next((order for order in insured.orders if order.number == number), None)
    if found is None:
        raise OutcomeUnknown("the token of the order is not known")
    return found


def order_named_by(insured: Insured, msgid: str) -> Order | None:
    """The order that a message of ours names: the newest that was opened before it. Message ids are in the order of
    time, in their last eighteen digits (yyyyMMddHHmmss and four)."""
    before = [order for order in insured.orders if _time(order.msgid) < _time(msgid)]
    return max(before, key=lambda order: _time(order.msgid), default=None)


def wall(moment: datetime) -> str:
    """`yyyy-MM-dd HH:mm:ss` at the centre."""
    return wall_time(moment)


def _person(profile: Profile, insured: Insured) -> dict[str, str]:
    """Where a centre wants to be told in every message whose order it is, as a client in Shanxi does."""
    if not profile.person_fields:
        return {}
    return {"idNo": insured.certno, "userName": insured.name, "idType": _IDENTITY_CARD}


def _time(msgid: str) -> str:
    return msgid[-18:]


def _data(reply: Reply) -> Node:
    """The node `data` (clients of 6202 and 6203), or the output itself; 6401 answers nothing."""
    value = output(reply.status, reply.headers, reply.body)
    answer = Node("output", value or {})
    return answer.node("data") if answer.present("data") else answer
