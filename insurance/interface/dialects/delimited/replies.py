"""Which of the four failures a reply is, or what it brings: `中心交易流水号^业务周期号^输出参数^` (protocol 6.1).

In Yulin the line comes in XML (`wrapped`). The function's return value does not travel. A failure has no serial of the
centre's and the error text in the third place, as recorded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from insurance.interface.amounts import to_fen
from insurance.interface.dialects.delimited import wrapped
from insurance.interface.errors import NotSent, NotSignedIn, OutcomeUnknown, Refused, Throttled, internal_code, scrub
from insurance.interface.exchange import Answer, Question, Reply
from insurance.interface.times import CENTRE_TIME

_RATE = re.compile(r"频繁|限流|流量|(?:请求|访问|调用|交易)次数.{0,8}(?:超|上限|过多)")
_OF_THE_SYSTEM = re.compile(r"超时|通[讯信]|网络|连接|无响应|无应答|系统(?:异常|错误|故障)")
_NOT_SIGNED_IN = re.compile(r"未签到|重新签到|业务周期号?无效")


@dataclass(frozen=True, slots=True)
class Output:
    """A success: the centre's serial, the cycle, and the arguments by their place."""

    serial: str
    cycle: str
    arguments: tuple[str, ...]

    def text(self, place: int) -> str:
        """ "" where the line is shorter."""
        return self.arguments[place].strip() if place < len(self.arguments) else ""

    def required(self, place: int) -> str:
        """Raises OutcomeUnknown where there is nothing: it was carried out, and we cannot read what it came to."""
        if not (text := self.text(place)):
            raise OutcomeUnknown(f"argument {place} is missing")
        return text

    def fen(self, place: int) -> int:
        """A required amount. Raises OutcomeUnknown."""
        try:
            return to_fen(self.required(place))
        except ValueError:
            raise OutcomeUnknown(f"argument {place} is not an amount") from None

    def moment(self, place: int) -> datetime | None:
        """An optional `yyyyMMddHHmmss`. Raises OutcomeUnknown for another text."""
        if not (text := self.text(place)):
            return None
        try:
            return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=CENTRE_TIME)
        except ValueError:
            raise OutcomeUnknown(f"argument {place} is not a time") from None


def reading(read: Callable[[Question, Output], Answer]) -> Callable[[Question, Reply], Answer]:
    """Decode a reply with `read` once it is known to be a success."""

    def decode(question: Question, reply: Reply) -> Answer:
        return read(question, output(reply))

    return decode


def output(reply: Reply) -> Output:
    """What a success brings; everything else raises one of the InterfaceErrors."""
    _check_status(reply.status)
    parts = _parts(reply.body)
    if parts is None:
        raise OutcomeUnknown("an answer that is not one whole line")
    serial, cycle, told = parts
    if not serial:
        raise _refusal(told)
    return Output(serial, cycle, tuple(told.split("|")))


def nothing(question: object, value: Output) -> None:
    """For what answers only that it was done."""


def _check_status(status: int) -> None:
    """Of the gateway; over a line there is but 200."""
    if status == 401:
        raise NotSent("the gateway answered HTTP 401")
    if status == 429:
        raise Throttled("HTTP 429")
    if not 200 <= status < 300:
        raise OutcomeUnknown(f"HTTP {status}")


def _parts(body: bytes) -> tuple[str, str, str] | None:
    """A whole line ends with its third caret; one in XML is taken out of it."""
    text = body.decode("utf-8", "replace").strip("\ufeff\r\n ")
    parts = (wrapped.line(text) if text.startswith("<") else text).split("^")
    return (parts[0].strip(), parts[1].strip(), parts[2]) if len(parts) == 4 and not parts[3] else None


def _refusal(text: str) -> Refused | Throttled | NotSignedIn | OutcomeUnknown:
    """What the third part says of a failure. The return value, which would tell a failure of the system from a refusal
    (protocol 1.2), does not travel on this wire: what speaks of the system is no refusal."""
    if _NOT_SIGNED_IN.search(text):
        return NotSignedIn(scrub(text))
    if _RATE.search(text):
        return Throttled(text)
    return OutcomeUnknown(scrub(text)) if _OF_THE_SYSTEM.search(text) else Refused(text, code=internal_code(text))
