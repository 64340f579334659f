"""4261, the report of a self-pay visit: camelCase, without the common envelope (protocol 3.16)."""

from collections.abc import Iterator
from datetime import datetime

from insurance.simulator.insurer.envelope import Refused
from insurance.simulator.insurer.ledger import CHINA, Ledger, SelfPayReport
from insurance.simulator.money import JsonObject, fen

INFNO = "4261"
# Only the reader of H's text knows its names for certain, so the likely ones are all taken, in this order.
AMOUNT_FIELDS = ("psnCashPay", "cashPayamt", "cashPayAmt", "ownPayAmt", "medfeeSumamt", "medFeeSumamt", "feeSumamt")
LINE_AMOUNT_FIELD = "detItemFeeSumamt"
KEY_FIELDS = ("fixmedinsMdtrtId", "mdtrtSn", "iptOtpNo", "mdtrtId", "fixmedinsSetlId", "setlId")


def is_report(path: str, body: JsonObject, msgid: str) -> bool:
    """By its path, or as a body without infno whose msgid is in the header."""
    return path.endswith(INFNO) or ("infno" not in body and bool(msgid))


def report(ledger: Ledger, body: JsonObject, msgid: str) -> JsonObject:
    """Keep the report. One of a visit already reported takes the place of the first (upType 1, or a repeat)."""
    nodes = list(_nodes(body.get("data", body)))
    key = str(_first(nodes, KEY_FIELDS) or msgid)
    if not key:
        raise Refused("就诊标识不能为空")
    known = ledger.self_pay.get(key)
    uploads = known.uploads + 1 if known else 1
    ledger.self_pay[key] = SelfPayReport(key, _cash(nodes), datetime.now(CHINA), body, uploads)
    return wrapped(0, "success", "")


def wrapped(code: int, kind: str, message: str) -> JsonObject:
    """The older wrapper of all 42xx calls (protocol 1.2)."""
    return {"code": code, "type": kind, "message": message, "data": None}


def _nodes(value: object) -> Iterator[JsonObject]:
    """Every object in a document, outer ones first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _first(nodes: list[JsonObject], names: tuple[str, ...]) -> object:
    found = (node[name] for name in names for node in nodes if node.get(name) not in (None, ""))
    return next(found, None)


def _cash(nodes: list[JsonObject]) -> int:
    total = _first(nodes, AMOUNT_FIELDS)
    amounts = [node[LINE_AMOUNT_FIELD] for node in nodes if LINE_AMOUNT_FIELD in node] if total is None else [total]
    if not amounts:
        raise Refused("费用总额不能为空")
    try:
        return sum(fen(each) for each in amounts)
    except ValueError as error:
        raise Refused("费用总额不是数值") from error
