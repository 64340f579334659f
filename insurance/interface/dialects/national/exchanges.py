"""How an operation becomes an Exchange: nodes into the envelope, and the output of a success read."""

from collections.abc import Callable
from datetime import datetime

from insurance.interface.dialects.national.envelope import Payload, encode
from insurance.interface.dialects.national.replies import output
from insurance.interface.exchange import Answer, Exchange, Question, Reply, Request
from insurance.interface.profile import Operation, Profile


def enveloped(
    operation: Operation,
    write: Callable[[Profile, Question], Payload],
    read: Callable[[Question, object], Answer],
) -> Exchange[Question, Answer]:
    """An operation in the common envelope."""
    return Exchange(operation, writing(operation, write), reading(read))


def writing(
    operation: Operation, write: Callable[[Profile, Question], Payload]
) -> Callable[[Profile, str, datetime, Question], Request]:
    """Encode a question with `write` into the common envelope."""

    def encode_question(profile: Profile, msgid: str, now: datetime, question: Question) -> Request:
        return encode(profile, operation, msgid, now, write(profile, question))

    return encode_question


def reading(read: Callable[[Question, object], Answer]) -> Callable[[Question, Reply], Answer]:
    """Decode a reply with `read` once it is known to be a success."""

    def decode(question: Question, reply: Reply) -> Answer:
        return read(question, output(reply.status, reply.headers, reply.body))

    return decode


def no_output(question: object, value: object) -> None:
    """For transactions that answer nothing but infcode 0 (2202, 2203, 2205, 2601, 9002)."""
