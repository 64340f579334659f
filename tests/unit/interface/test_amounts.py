"""Yuan on the wire and fen with us."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.amounts import to_fen, to_number, to_yuan, to_yuan_in_full

FEN = st.integers(min_value=-(10**17), max_value=10**17)


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        ("-0.00", 0),
        (0, 0),
        (1200, 120_000),
        ("1200", 120_000),
        ("4.52", 452),
        (Decimal("4.52"), 452),
        (Decimal("99999999.000000"), 9_999_999_900),
        ("-4.5", -450),
        ("1.2E+3", 120_000),
        ("1E-2", 1),
        (Decimal("0E-30"), 0),
        ("1234567890123456.78", 123_456_789_012_345_678),
        ("0." + "10" + "0" * 60, 10),
    ],
)
def test_amount_in_fen(value: object, fen: int) -> None:
    assert to_fen(value) == fen


@pytest.mark.parametrize(
    "value",
    [
        "1.005",
        Decimal("0.001"),
        "1." + "0" * 40 + "1",
        "NaN",
        "sNaN",
        "Infinity",
        Decimal("NaN"),
        Decimal("-Infinity"),
        True,
        False,
        1.5,
        "12345678901234567",
        "1E999999999",
        "1E-999999999",
        "1,200",
        "1_200",
        "一百",
        [],
        {},
        b"1",
    ],
)
def test_not_an_amount(value: object) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal"):
        to_fen(value)


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0"), (120_000, "1200"), (452, "4.52"), (6960, "69.6"), (5, "0.05"), (-450, "-4.5")]
)
def test_wire_text(fen: int, text: str) -> None:
    assert to_yuan(fen) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("10", "10"), ("120.000000", "120"), ("2.2600", "2.26"), ("1.2E+2", "120"), ("0.000001", "0.000001"), ("0", "0")],
)
def test_number_text(value: str, text: str) -> None:
    assert to_number(Decimal(value)) == text


def test_a_number_is_finite() -> None:
    with pytest.raises(ValueError, match="range"):
        to_number(Decimal("NaN"))


@given(FEN)
def test_there_and_back(fen: int) -> None:
    assert to_fen(to_yuan(fen)) == fen
    assert to_fen(Decimal(to_yuan(fen))) == fen


@given(st.one_of(st.text(), st.decimals(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_an_amount_or_a_value_error(value: object) -> None:
    try:
        fen = to_fen(value)
    except ValueError:
        return
    assert isinstance(fen, int)
    assert not isinstance(fen, bool)


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (7, "0.07"), (-450, "-4.50"), (120_000, "1200.00")])
def test_amount_in_full(fen: int, text: str) -> None:
    assert to_yuan_in_full(fen) == text


@given(FEN)
def test_amount_in_full_is_the_same_amount(fen: int) -> None:
    assert to_fen(to_yuan_in_full(fen)) == to_fen(to_yuan(fen)) == fen
