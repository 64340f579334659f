"""Invented answers for every decoder there is, made from the recorded ones: of every dialect, also of later ones."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from insurance.interface.amounts import to_fen
from insurance.interface.dialects import DIALECTS, load
from insurance.interface.dialects.national import files
from insurance.interface.errors import InterfaceError
from insurance.interface.exchange import Exchange, Reply
from insurance.interface.messages import Order
from insurance.interface.questions import (
    ChargeBatch,
    ChargeUpload,
    FileKey,
    FileUpload,
    MessageKey,
    PersonQuestion,
    Pricing,
    Registration,
    RegistrationKey,
    Reversal,
    SettlementKey,
    Settling,
    VisitKey,
    VisitSearch,
    VisitUpload,
)
from insurance.interface.statements import DayDetails, DayTotals
from insurance.payment import day_file
from tests.unit.interface import fhir_words
from tests.unit.interface.words import CARD, INSURED, LINE, NOW, SAMPLES, SPLIT, VISIT, sample

MDTRT_ID = str(json.loads(sample("2206-response-openhis.json"))["output"]["setlinfo"]["mdtrt_id"])
"""The recorded one: an answer of another visit is not read any further."""

MSGID = "H99999900001202401020900200001"
PRICING = Pricing(INSURED, CARD, MDTRT_ID, "1", 452, "11", True)
KEY = SettlementKey(INSURED, MDTRT_ID, f"B0001/{MSGID[-16:]}")  # as the older dialect numbers them
ORDER = Order("ORD330100202401020900000000001", "T", "H99999900001202401020900000001")
"""That of the mobile centre's golden replies, so that an invented one is read to its end."""
PAID_BY = "H99999900001202401020905000001"
OF_ORDER = SettlementKey(replace(INSURED, orders=(ORDER,)), "M1", ORDER.number)
OF_ORDERS: dict[str, Any] = {
    "trial": replace(PRICING, insured=OF_ORDER.insured),
    "order_bill": OF_ORDER,
    "settle": Settling(replace(PRICING, insured=OF_ORDER.insured), "1", SPLIT, PAID_BY),
    "cancel": OF_ORDER,
    "query": OF_ORDER,
    "by_message": MessageKey(OF_ORDER.insured, "M1", "1", PAID_BY),
}
QUESTIONS: dict[str, Any] = {
    "person": PersonQuestion(CARD),
    "register": Registration(INSURED, CARD, VISIT),
    "cancel_registration": RegistrationKey(INSURED, MDTRT_ID, "V1"),
    "upload_visit": VisitUpload(INSURED, MDTRT_ID, VISIT),
    "upload_charges": ChargeUpload(INSURED, MDTRT_ID, "1", VISIT, (LINE,)),
    "withdraw_charges": ChargeBatch(INSURED, MDTRT_ID, "1"),
    "trial": PRICING,
    "settle": Settling(PRICING, "1", SPLIT, PAID_BY),
    "cancel": KEY,
    "reverse": Reversal(INSURED, "O1", "2207"),
    "find_visits": VisitSearch(INSURED, NOW, NOW, "11"),
    "query": KEY,
    "by_message": MessageKey(INSURED, MDTRT_ID, "1", MSGID),
    "settled_ids": VisitKey(INSURED, MDTRT_ID),
    "day_totals": DayTotals("310", "11", "330100", NOW, NOW, 0, 0, 0, 0),
    "day_details": DayDetails("330100", NOW, NOW, 0, 0, 0, 0, "F1"),
    "upload": FileUpload("f", b""),
    "download": FileKey("F1", "f"),
}


@dataclass(frozen=True)
class Decoder:
    """A decoder, and the only failures that it may have."""

    name: str
    decode: Callable[[Reply], object]
    may_raise: tuple[type[Exception], ...]


def _question(dialect: str, name: str, exchange: Exchange[Any, Any]) -> Any:
    """What the samples answer: FHIR's are golden messages with questions of their own."""
    golden = {asked.operation: question for asked, question in fhir_words.QUESTIONS.values()}
    own = {"fhir": golden.get(exchange.operation), "mobile": OF_ORDERS.get(name)}.get(dialect)
    return own or QUESTIONS.get(name)


def decoders() -> Iterator[Decoder]:
    for name in DIALECTS:
        dialect = load(name)
        for field in fields(dialect):
            exchange = getattr(dialect, field.name)
            if isinstance(exchange, Exchange):
                decode = partial(exchange.decode, _question(name, field.name, exchange))
                yield Decoder(f"{name}: {field.name}", decode, (InterfaceError,))
    yield Decoder("3202: file", lambda reply: files.unpack(reply.body), (InterfaceError,))
    yield Decoder("3202: text", lambda reply: files.read(reply.body.decode("utf-8", "replace")), (InterfaceError,))
    yield Decoder("day file", lambda reply: day_file.read(reply.body.decode("utf-8-sig")), (ValueError,))
    yield Decoder("amount", lambda reply: to_fen(reply.body.decode("utf-8", "replace")), (ValueError,))


ALL = tuple(decoders())
SETTLED = json.loads(sample("2206-response-openhis.json"))
SETTLED["output"]["setlinfo"]["setl_id"] = "S1"
FILE = {"file_qury_no": "F1", "filename": "f", "dld_endtime": "2024-01-02 00:00:00"}
MADE = (
    SETTLED,
    *(
        {"infcode": 0, "output": output}
        for output in (
            {"stmtinfo": {"stmt_rslt": "0", "stmt_rslt_dscr": ""}},
            {"mdtrtinfo": [{"mdtrt_id": MDTRT_ID, "ipt_otp_no": "V1"}]},
            {"fileinfo": FILE},
            [{"setl_id": "S1"}],
        )
    ),
)
"""Where nothing is recorded that an operation would take."""

LINES = (
    "990001240102000001^0001-OP001-20240102001^9999000001|甲|999999199001010011|310|1101|1|100.00|330100|^",
    "990001240102000004^0001-OP001-20240102001^0.03|0|0.03|0|0|0|0|1|20240102090020|20240102090020-H99999900001-0001|^",
)
CORPUS = (
    *(
        path.read_bytes()
        for path in sorted(Path(SAMPLES).rglob("*"))
        if path.suffix in (".json", ".txt", ".xml") and path.is_file()
    ),
    *(json.dumps(each, ensure_ascii=False).encode() for each in MADE),
    *(line.encode() for line in (*sample("old-dialect-neusoft-caret-pipe.txt").decode().splitlines()[-2:], *LINES)),
    fhir_words.encoded("self-pay").body,
)
HEADERS = st.sampled_from(
    ({}, {"content-type": "application/octet-stream"}, {"content-type": "application/zip"}, {"Retry-After": "9" * 9})
)
STATUSES = st.sampled_from((200, 200, 200, 201, 204, 302, 400, 401, 404, 429, 500, 503))
TEXTS = st.sampled_from(
    (
        "",
        "\0",
        "null",
        "1E9999",
        "-0",
        "9" * 17,
        "1.005",
        "１２",
        "0001-01-01 00:00:00",
        "2024-02-30 00:00:00",
        "\ud800",
        "[" * 99,
    )
)
LEAVES: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | TEXTS | st.just([]) | st.just({})
)


@cache
def taken(decoder: Decoder) -> tuple[bytes, ...]:
    """What of the corpus is a success for this decoder: only from there the end of it is reached."""
    return tuple(body for body in CORPUS if _is_taken(decoder, body))


def _is_taken(decoder: Decoder, body: bytes) -> bool:
    try:
        decoder.decode(Reply(200, {}, body))
    except decoder.may_raise:
        return False
    return True


@st.composite
def tries(draw: st.DrawFn) -> tuple[Decoder, Reply]:
    """A decoder, and a recorded answer with bytes changed, or with values replaced at any depth, or something invented.
    Mostly one that the decoder would have taken."""
    decoder = draw(st.sampled_from(ALL))
    corpus = draw(st.sampled_from((taken(decoder) or CORPUS, taken(decoder) or CORPUS, CORPUS)))
    kind = draw(st.sampled_from((_torn, _replaced, _replaced, _invented)))
    return decoder, Reply(draw(STATUSES), draw(HEADERS), kind(draw, corpus))


def _torn(draw: st.DrawFn, corpus: Sequence[bytes]) -> bytes:
    body = bytearray(draw(st.sampled_from(corpus)))
    for _ in range(draw(st.integers(0, 8))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.none() | st.integers(0, len(body)))])


def _replaced(draw: st.DrawFn, corpus: Sequence[bytes]) -> bytes:
    try:
        document = json.loads(draw(st.sampled_from(corpus)))
    except ValueError:
        return _torn(draw, corpus)
    place, key = draw(st.sampled_from(list(_places(document)) or [([None], 0)]))
    place[key] = draw(LEAVES)
    return json.dumps(document, ensure_ascii=True).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everything that has a name or a number in a document, by what holds it: a value far down is as likely as one far
    up, and there are more of them."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


def _invented(draw: st.DrawFn, corpus: Sequence[bytes]) -> bytes:
    values = st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
    )
    enveloped = st.fixed_dictionaries({"infcode": st.sampled_from((0, -1, "0", None, 1.5)), "output": values})
    return draw(st.binary(max_size=200) | (values | enveloped).map(lambda value: json.dumps(value).encode()))
