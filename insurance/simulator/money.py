"""Fen inside, yuan on the wire (protocol 1.3: unit yuan; clients send strings, centres answer numbers)."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

JsonObject = dict[str, Any]

CENT = Decimal("0.01")


def yuan(fen: int) -> float:
    """The JSON number for an amount: 452 -> 4.52, 120000 -> 1200.0.

    One correctly rounded division of integers gives the double nearest to the decimal, and `repr`, which
    json uses, gives that decimal back up to 15 digits; nothing is ever added up as a float.
    """
    return fen / 100


def number(value: object) -> Decimal:
    """A number as clients send it: JSON number, string, or empty for 0 (protocol 1.3)."""
    if value is None or value == "":
        return Decimal(0)
    try:
        result = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"not a number: {value!r}") from error
    if not result.is_finite():
        raise ValueError(f"not a number: {value!r}")
    return result


def fen(value: object) -> int:
    """An amount of yuan from the wire, rounded half up to fen (protocol 3.5)."""
    return int(number(value).quantize(CENT, ROUND_HALF_UP) * 100)


def percent_of(amount_fen: int, percent: int) -> int:
    """The share in fen, rounded half away from zero so that a refund mirrors its charge."""
    size = (abs(amount_fen) * percent + 50) // 100
    return size if amount_fen >= 0 else -size
