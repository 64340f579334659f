"""The amount of a fee line, as the insurer wants it rounded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital.appointments.models import amount_fen


@pytest.mark.parametrize(
    ("unit_price", "quantity", "fen"),
    [
        ("4.00", "1", 400),
        ("26.52", "1", 2652),
        ("0.005", "1", 1),
        ("0.004999", "1", 0),
        ("1.115", "1", 112),
        ("2.675", "1", 268),
        ("0.333333", "3", 100),
        ("12.345678", "2.5", 3086),
    ],
)
def test_an_amount_is_rounded_half_up(unit_price: str, quantity: str, fen: int) -> None:
    assert amount_fen(Decimal(unit_price), Decimal(quantity)) == fen


@given(st.decimals("0", "99999", places=6), st.decimals("0", "9999", places=4))
def test_an_amount_is_off_by_half_a_fen_at_most(unit_price: Decimal, quantity: Decimal) -> None:
    assert abs(amount_fen(unit_price, quantity) - unit_price * quantity * 100) <= Decimal("0.5")
