"""A line read and a line written: `业务编号^机构^操作员^周期^医院流水号^中心^入参^联机标志^` (protocol 6.1)."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from insurance.simulator.asgi import Content
from insurance.simulator.insurer.envelope import Refused
from insurance.simulator.insurer.ledger import CHINA
from insurance.simulator.insurer.pricing import Amounts
from insurance.simulator.money import fen

CHARSET = "gb18030"
KIND = b"text/plain; charset=gb18030"
TIME = "%Y%m%d%H%M%S"

_serial = count(1)


class NotALine(Exception):
    """It is no line of this wire; the text says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One transaction asked for; `rows` are its arguments."""

    number: str
    hospital: str
    operator: str
    cycle: str
    serial: str
    rows: tuple[tuple[str, ...], ...]
    at: datetime

    @property
    def msgid(self) -> str:
        """The hospital's serial in the order of a message id, as the ledger names messages."""
        time, hospital, last = self.serial.split("-")
        return f"{hospital}{time}{last}"

    def text(self, place: int, row: int = 0) -> str:
        """An argument; an absent one is empty."""
        return self.rows[row][place].strip() if place < len(self.rows[row]) else ""

    def needs(self, *places: int) -> None:
        """Refused where one of these is empty."""
        for place in places:
            if not self.text(place):
                raise Refused(f"入参第{place + 1}项不能为空")

    def fen(self, place: int) -> int:
        """An amount."""
        try:
            return fen(self.text(place))
        except ValueError as error:
            raise Refused(f"入参第{place + 1}项不是数值") from error


def read(body: bytes) -> Line:
    """Raises NotALine."""
    try:
        parts = body.decode(CHARSET).strip("\r\n").split("^")
    except UnicodeDecodeError as error:
        raise NotALine("字符集错误") from error
    if len(parts) != 9 or parts[8] or parts[7] not in ("0", "1") or parts[4].count("-") != 2:
        raise NotALine("交易串格式不正确")
    rows = tuple(tuple(row.split("|")) for row in parts[6].split("$"))
    number, hospital, operator, cycle, serial = parts[:5]
    return Line(number, hospital, operator, cycle, serial, rows, datetime.now(CHINA))


def accepted(line: Line, cycle: str, *arguments: str) -> Content:
    """The centre's serial, the cycle, and what it comes to."""
    serial = f"{line.hospital[-6:]}{line.at:%y%m%d}{next(_serial):06d}"
    return said(serial, cycle, "".join(f"{each}|" for each in arguments))


def refused(text: str) -> Content:
    """No serial, and the text in the third place, as recorded."""
    return said("", "", text)


def said(*parts: str) -> Content:
    return Content("".join(f"{part}^" for part in parts).encode(CHARSET), KIND)


def amounts_said(amounts: Amounts) -> tuple[str, ...]:
    """The seven columns of a bill: total, -, account, pool, -, -, cash."""
    sums = (amounts.total, 0, amounts.account, amounts.fund, 0, 0, amounts.cash)
    return tuple(f"{amount / 100:.2f}" for amount in sums)
