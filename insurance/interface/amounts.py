"""Yuan on the wire, integer fen (分) with us.

Source: protocol 1.3 (H, notes after t4): N16,2, written as text or number; null is 0.
"""

from decimal import Decimal, InvalidOperation

_MAX_DIGITS = 16  # N16,2; also keeps "1E999999999" from becoming an integer of a gigabyte


def to_fen(value: object) -> int:
    """Fen of an amount in yuan: text, integer, Decimal, or null/"" for 0.

    Raises ValueError for anything else, for NaN and infinity, for a part of a fen, and beyond 16 digits.
    """
    if value is None or value == "":
        return 0
    amount = _decimal(value)
    if not amount:
        return 0
    if not amount.is_finite() or amount.adjusted() >= _MAX_DIGITS:
        raise ValueError("amount out of range")
    return _whole_fen(amount)


def to_yuan(fen: int) -> str:
    """Wire text of an amount in fen, as the recorded requests write it: "1200", "4.52", "69.6"."""
    return to_yuan_in_full(fen).rstrip("0").rstrip(".")


def to_yuan_in_full(fen: int) -> str:
    """As the files of a statement write it: "1200.00", "-4.50"."""
    yuan, rest = divmod(abs(fen), 100)
    text = f"{yuan}.{rest:02d}"
    return f"-{text}" if fen < 0 else text


def to_number(value: Decimal) -> str:
    """Wire text of a quantity (N16,4) or a unit price in yuan (N16,6): no exponent, no trailing zeros."""
    if not value.is_finite():
        raise ValueError("number out of range")
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: object) -> Decimal:
    match value:
        case bool():
            raise ValueError("not an amount")
        case Decimal():
            return value
        case int():
            return Decimal(value)
        case str() if value.isascii() and "_" not in value:  # Decimal takes "1_200" and other scripts' digits too
            return _parsed(value)
        case _:
            raise ValueError("not an amount")


def _parsed(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("not an amount") from None


def _whole_fen(amount: Decimal) -> int:
    """By digits and not by arithmetic, because arithmetic rounds to the context's precision."""
    sign, digits, exponent = amount.as_tuple()
    shift = int(exponent) + 2
    text = "".join(map(str, digits))
    kept, cut = (text + "0" * shift, "") if shift >= 0 else (text[:shift], text[shift:])
    if cut.strip("0"):
        raise ValueError("more than two decimal places")
    return -int(kept or "0") if sign else int(kept or "0")
