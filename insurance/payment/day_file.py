"""The institution's day file: what it took and gave back on one day, by its own time in China. Pure."""

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import StringIO

_WHOLE = re.compile(r"-?[0-9]{1,16}")
COLUMNS = frozenset({"order_no", "transaction_no", "kind", "amount_fen", "at", "refund_no"})


class LineKind(StrEnum):
    """What a line tells."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of money. Of a refund `amount_fen` is negative; of a payment `refund_no` is ""."""

    order_no: str
    transaction_no: str
    kind: LineKind
    amount_fen: int
    at: datetime
    refund_no: str


def read(text: str) -> tuple[StatementLine, ...]:
    """The lines of a day file, by the names in its header. Raises ValueError for one that cannot be read."""
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        if not COLUMNS.issubset(rows.fieldnames or ()):
            raise ValueError("the header lacks a column")
        return tuple(_line(row) for row in rows)
    except (ValueError, csv.Error) as error:
        raise ValueError(f"line {rows.line_num}: {error}") from error


def whole(value: object) -> int:
    """An amount in fen as the institution writes it: a whole number or its text, of at most 16 digits.

    Raises ValueError for anything else: `int` would take 10.9 for 10, True for 1 and "1_0" for 10.
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _WHOLE.fullmatch(text):
        raise ValueError("is not a whole number of fen")
    return int(text)


def _line(row: dict[str, str]) -> StatementLine:
    if None in row or None in row.values():  # how DictReader shows a line too long or too short
        raise ValueError("has another number of columns than the header")
    line = StatementLine(
        order_no=row["order_no"],
        transaction_no=row["transaction_no"],
        kind=LineKind(row["kind"]),
        amount_fen=whole(row["amount_fen"]),
        at=datetime.fromisoformat(row["at"]),
        refund_no=row["refund_no"],
    )
    if not line.order_no or line.at.tzinfo is None or not 1900 <= line.at.year < 9999:
        raise ValueError("names no order, or a time without its zone")
    if {line.amount_fen < 0, line.refund_no != ""} != {line.kind == LineKind.REFUND}:
        raise ValueError("is neither a payment nor a refund")
    return line
