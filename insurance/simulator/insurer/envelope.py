"""The national envelope (protocol 1.1, 1.2): a request read, a reply written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from insurance.simulator.insurer.ledger import CHINA, Ledger
from insurance.simulator.insurer.provinces import NATIONAL, Province
from insurance.simulator.money import JsonObject, fen

DATETIME = "%Y-%m-%d %H:%M:%S"
DEFAULT_REGION = "330100"

_serial = count(159_000_001)


class Refused(Exception):
    """A business refusal: infcode -1 and this text as err_msg. Nothing was recorded."""


class NotAnEnvelope(Exception):
    """The body is no national envelope; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction asked for. `at` is the centre's time, in China's zone; `file` came beside the envelope, whose
    other fields are `header`; `province` is whose centre it is."""

    infno: str
    msgid: str
    region: str
    input: JsonObject
    at: datetime
    file: bytes = b""
    header: JsonObject = field(default_factory=dict)
    province: Province = NATIONAL

    @property
    def number(self) -> str:
        """The transaction, in whichever form (protocol 2.6)."""
        return self.infno.removesuffix("A")

    @property
    def now(self) -> str:
        return self.at.strftime(DATETIME)

    def node(self, name: str, required: Iterable[str] = ()) -> JsonObject:
        """The one object under `input[name]`, its required fields present."""
        nodes = self.nodes(name, required)
        if len(nodes) != 1:
            raise Refused(f"节点{self._here(name)}只能有一条记录")
        return nodes[0]

    def nodes(self, name: str, required: Iterable[str] = ()) -> list[JsonObject]:
        """The list under `input[name]`; a single object stands for a list of one, as recorded in Zhejiang."""
        name = self._here(name)
        given = self.input.get(name)
        nodes: list[Any] = given if isinstance(given, list) else [given]
        if not nodes:
            raise Refused(f"节点{name}不能为空")
        for node in nodes:
            if not isinstance(node, dict):
                raise Refused(f"节点{name}不能为空")
            missing = [field for field in required if node.get(field) in (None, "")]
            if missing:
                raise Refused(f"{name}.{missing[0]}不能为空")
        return nodes

    def _here(self, name: str) -> str:
        return self.province.nodes.get(self.number, {}).get(name, name)


Handler = Callable[[Ledger, Call], object]


def read(body: JsonObject, file: bytes = b"", province: Province = NATIONAL) -> Call:
    """The call in a decoded body, or `NotAnEnvelope`."""
    for name, longest in (("infno", 5), ("msgid", 30)):
        value = body.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise NotAnEnvelope(f"{name}不能为空且长度不超过{longest}")
    if not isinstance(body.get("input"), dict):
        raise NotAnEnvelope("input节点不能为空")
    region = str(body.get("mdtrtarea_admvs") or DEFAULT_REGION)
    header = {name: value for name, value in body.items() if name != "input"}
    return Call(body["infno"], body["msgid"], region, body["input"], datetime.now(CHINA), file, header, province)


def text(node: JsonObject, field: str) -> str:
    """A field as text; absent, null and empty are the same."""
    value = node.get(field)
    return "" if value is None else str(value).strip()


def amount(node: JsonObject, field: str) -> int:
    """An amount of the request in fen."""
    try:
        return fen(node.get(field))
    except ValueError as error:
        raise Refused(f"{field}不是数值") from error


def accepted(call: Call, output: object, err_msg: str | None = None) -> JsonObject:
    """A reply like the recorded ones of Zhejiang."""
    return _reply(call.at, 0, f"{call.region:0>6.6}{call.at:%Y%m%d%H%M%S}{next(_serial):010d}", err_msg, output)


def refused(at: datetime, err_msg: str) -> JsonObject:
    """infcode -1; the receiver's id is null in failures (protocol 1.2)."""
    return _reply(at, -1, None, err_msg, None)


def unknown_infno(at: datetime) -> JsonObject:
    """The dispatcher's own shape for a transaction number it does not know (protocol 1.2, 4)."""
    trace = f"{at:%Y%m%d%H%M%S}{next(_serial):010d}"
    return {"type": "error", "infcode": -1, "err_msg": f"交易报文不正确：未知交易编号！,异常流水号:{trace}"}


def _reply(at: datetime, infcode: int, refmsgid: str | None, err_msg: str | None, output: object) -> JsonObject:
    return {
        "output": output,
        "infcode": infcode,
        "warn_msg": None,
        "cainfo": None,
        "err_msg": err_msg,
        "refmsg_time": _milliseconds(at),
        "signtype": None,
        "respond_time": _milliseconds(datetime.now(CHINA)),
        "inf_refmsgid": refmsgid,
    }


def _milliseconds(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"
