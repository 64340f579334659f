"""The day file: what came and what went back on one day, by the institution's own time in China."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from io import StringIO

from insurance.simulator.payments.orders import Order, Refusal

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
HEADER = ("order_no", "transaction_no", "kind", "amount_fen", "at", "refund_no")

Movement = tuple[datetime, Order, str, int, str]
"""When, of which order, its kind, the fen that came (negative: went), the refund's number."""


def day_file(orders: Iterable[Order], day: date) -> str:
    """The day's movements in their order, one row each, under a header."""
    rows = sorted((each for order in orders for each in _movements(order)), key=lambda movement: movement[0])
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for at, order, kind, amount_fen, refund_no in rows:
        if at.date() == day:
            writer.writerow((order.order_no, order.transaction_no, kind, amount_fen, at.isoformat(), refund_no))
    return text.getvalue()


def read_day(text: str) -> date:
    """The day in the path, written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "bad_request", "the day is not written YYYY-MM-DD") from error


def _movements(order: Order) -> Iterator[Movement]:
    """An order paid and given back is told twice, each at its own time."""
    if order.paid_at is not None:
        yield order.paid_at.astimezone(CHINA), order, "payment", order.amount_fen, ""
    for refund in order.refunds.values():
        yield refund.at.astimezone(CHINA), order, "refund", -refund.amount_fen, refund.refund_no
