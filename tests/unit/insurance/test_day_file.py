"""The payment institution's day file, read strictly."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.payment import day_file
from insurance.payment.day_file import LineKind, StatementLine

HEADER = "order_no,transaction_no,kind,amount_fen,at,refund_no\n"
PAID = "S1,T1,payment,1230,2024-01-02T09:00:00+08:00,\n"
REFUNDED = "S1,T1,refund,-30,2024-01-02T10:00:00+08:00,R1\n"
AT = datetime(2024, 1, 2, 9, tzinfo=timezone(timedelta(hours=8)))


def test_a_payment_and_a_refund() -> None:
    assert day_file.read(HEADER + PAID + REFUNDED) == (
        StatementLine("S1", "T1", LineKind.PAYMENT, 1230, AT, ""),
        StatementLine("S1", "T1", LineKind.REFUND, -30, AT + timedelta(hours=1), "R1"),
    )
    assert day_file.read(HEADER) == ()


def test_columns_go_by_their_names() -> None:
    text = "at,fee,kind,order_no,transaction_no,refund_no,amount_fen\r\n"
    text += '2024-01-02T09:00:00+08:00,3,payment,"S,1",T1,,1230\r\n'
    assert day_file.read(text) == (StatementLine("S,1", "T1", LineKind.PAYMENT, 1230, AT, ""),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks a column"),
        ("<html></html>", "lacks a column"),
        ('{"code": 0}', "lacks a column"),
        (HEADER.replace(",refund_no", "") + PAID, "lacks a column"),
        (HEADER + PAID.replace(",\n", "\n"), "line 2: has another number"),
        (HEADER + PAID.replace(",\n", ",,\n"), "line 2: has another number"),
        (HEADER + PAID + "S1,T1,refu", "line 3: has another number"),
        (HEADER + PAID.replace("payment", "gift"), "line 2"),
        (HEADER + PAID.replace("1230", "12.30"), "line 2"),
        (HEADER + PAID.replace("1230", "-1230"), "line 2: is neither"),
        (HEADER + REFUNDED.replace("-30", "30"), "line 2: is neither"),
        (HEADER + REFUNDED.replace("R1", ""), "line 2: is neither"),
        (HEADER + PAID.replace(",\n", ",R1\n"), "line 2: is neither"),
        (HEADER + PAID.replace("+08:00", ""), "line 2: names no order, or a time"),
        (HEADER + PAID.replace("2024-01-02T09", "soon"), "line 2"),
        (HEADER + PAID.replace("S1", ""), "line 2: names no order"),
        (HEADER + '"S1', "unexpected end of data"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        day_file.read(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, HEADER + text):
        try:
            day_file.read(whole)
        except ValueError:
            continue
