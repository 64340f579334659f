"""Orders and refunds: open -> paid -> refunded, or open -> expired / cancelled. Time is an argument."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from urllib.parse import quote

from insurance.simulator.money import JsonObject

OPEN, PAID, EXPIRED, CANCELLED, REFUNDED = "open", "paid", "expired", "cancelled", "refunded"


class Refusal(Exception):
    """What was asked for is not done. `code` is stable; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back at that time."""

    refund_no: str
    amount_fen: int
    at: datetime

    def shown(self) -> JsonObject:
        return {"refund_no": self.refund_no, "amount_fen": self.amount_fen, "at": self.at.isoformat()}


@dataclass(slots=True)
class Order:
    """One payment asked for; `refunds` by their refund_no."""

    order_no: str
    amount_fen: int
    subject: str
    notify_url: str
    pay_url: str
    expires_at: datetime
    state: str = OPEN
    transaction_no: str | None = None
    paid_at: datetime | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def refunded_fen(self) -> int:
        return sum(refund.amount_fen for refund in self.refunds.values())

    def shown(self) -> JsonObject:
        return {
            "order_no": self.order_no,
            "state": self.state,
            "amount_fen": self.amount_fen,
            "refunded_fen": self.refunded_fen,
            "subject": self.subject,
            "pay_url": self.pay_url,
            "expires_at": self.expires_at.isoformat(),
            "transaction_no": self.transaction_no,
            "paid_at": self.paid_at and self.paid_at.isoformat(),
            "refunds": [refund.shown() for refund in self.refunds.values()],
        }


class Orders:
    """The institution's books. Every change of state says so by returning true, once."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._serial = count(1)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders.values())

    def find(self, order_no: str) -> Order:
        if order_no not in self._orders:
            raise Refusal(404, "no_such_order", f"no order {order_no}")
        return self._orders[order_no]

    def create(self, wanted: Order) -> tuple[Order, bool]:
        """The order of that number and whether it is new; the same number with another amount is refused."""
        known = self._orders.setdefault(wanted.order_no, wanted)
        if known.amount_fen != wanted.amount_fen:
            raise Refusal(409, "order_differs", f"order {wanted.order_no} is over {known.amount_fen} fen")
        return known, known is wanted

    def expire(self, order: Order, now: datetime) -> bool:
        """Close an order whose time is over, if it is still one of ours (a reset leaves its timers behind)."""
        ours = self._orders.get(order.order_no) is order
        due = ours and order.state == OPEN and now >= order.expires_at
        if due:
            order.state = EXPIRED
        return due

    def pay(self, order: Order, now: datetime, *, late: bool = False) -> bool:
        """Take the money; paying what is paid already changes nothing. `late`: what was begun in time is carried out
        although the order was closed meanwhile."""
        if late and order.state in {EXPIRED, CANCELLED}:
            order.state = OPEN
        if order.state in {EXPIRED, CANCELLED}:
            raise Refusal(409, f"order_{order.state}", f"order {order.order_no} is {order.state}")
        if order.state != OPEN:
            return False
        order.state, order.paid_at = PAID, now
        order.transaction_no = f"T{now:%Y%m%d%H%M%S}{next(self._serial):08d}"
        return True

    def cancel(self, order: Order) -> bool:
        """Close an open order; one that is closed already stays as it is."""
        if order.state in {PAID, REFUNDED}:
            raise Refusal(409, "order_paid", f"order {order.order_no} is {order.state}")
        if order.state != OPEN:
            return False
        order.state = CANCELLED
        return True

    def find_refund(self, order: Order, refund_no: str) -> Refund:
        if refund_no not in order.refunds:
            raise Refusal(404, "no_such_refund", f"order {order.order_no} has no refund {refund_no}")
        return order.refunds[refund_no]

    def refund(self, order: Order, refund_no: str, amount_fen: int, now: datetime) -> bool:
        """Give money back, once per refund_no. The order is `refunded` when nothing of it is left."""
        known = order.refunds.get(refund_no)
        if known is not None:
            if known.amount_fen != amount_fen:
                raise Refusal(409, "refund_differs", f"refund {refund_no} is over {known.amount_fen} fen")
            return False
        if order.paid_at is None:
            raise Refusal(409, "not_paid", f"order {order.order_no} is {order.state}")
        if order.refunded_fen + amount_fen > order.amount_fen:
            raise Refusal(409, "more_than_paid", f"order {order.order_no} has {order.refunded_fen} fen refunded")
        order.refunds[refund_no] = Refund(refund_no, amount_fen, now)
        if order.refunded_fen < order.amount_fen:
            return False
        order.state = REFUNDED
        return True

    def shown(self) -> JsonObject:
        """The answer of `GET /_ledger`: `paid` counts every order ever paid; cash is net of refunds."""
        paid = [order for order in self if order.paid_at is not None]
        refunded = sum(order.refunded_fen for order in paid)
        cash = sum(order.amount_fen for order in paid) - refunded
        rows = [order.shown() for order in self]
        return {"totals": {"paid": len(paid), "cash_fen": cash, "refunded_fen": refunded}, "orders": rows}


def read_order(body: JsonObject, base_url: str) -> Order:
    """The order in the body of `POST /orders`."""
    order_no = read_text(body, "order_no")
    expires_at = read_text(body, "expires_at")
    try:
        expires = datetime.fromisoformat(expires_at)
    except ValueError as error:
        raise Refusal(400, "bad_request", "expires_at is not ISO 8601") from error
    return Order(
        order_no=order_no,
        amount_fen=read_amount(body),
        subject=str(body.get("subject") or ""),
        notify_url=str(body.get("notify_url") or ""),
        pay_url=f"{base_url}/pay/{quote(order_no, safe='')}",
        expires_at=expires if expires.tzinfo else expires.replace(tzinfo=UTC),
    )


def read_text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, "bad_request", f"{name} is missing")
    return value


def read_amount(body: JsonObject) -> int:
    """A positive whole number of fen."""
    value = body.get("amount_fen")
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise Refusal(400, "bad_request", "amount_fen is not a positive integer")
    return value
