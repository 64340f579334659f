"""The payment institution over HTTP. Every call is safe to repeat: orders and refunds are known by our own numbers."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from hospital import outbound
from insurance.interface import bodies
from insurance.payment import day_file, signing
from insurance.payment.day_file import StatementLine
from insurance.states import PaymentState

MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""A day file of a hundred thousand lines; of an order it is a few hundred bytes."""

REFUSALS = (400, 404, 409, 422)
"""A no to this order. Anything else, such as 401 or 429, says that the two sides do not understand each other."""


class GatewayUnclear(Exception):
    """No usable answer: nothing is known, ask again."""


class GatewayRefused(Exception):
    """The institution said no: a person must look. `code` is its own word, such as "order_paid"; "" if it gave none."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return " ".join(part for part in self.args if part)


class AmountsDiffer(Exception):
    """The institution speaks of another amount than we do: nothing is believed, a person must look."""


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """What the institution says of an order."""

    state: PaymentState
    amount_fen: int
    transaction_no: str
    pay_url: str


@dataclass(frozen=True, slots=True)
class RefundStatus:
    """What the institution says of a refund; `state` is "refunded" once the money is given back."""

    refund_no: str
    amount_fen: int
    state: str


def open_order(order_no: str, amount_fen: int, expires_at: datetime, subject: str) -> OrderStatus:
    """Open the order, or get it when it is open already. Raises `GatewayUnclear`, `GatewayRefused`."""
    body = {
        "order_no": order_no,
        "amount_fen": amount_fen,
        "subject": subject,
        "notify_url": f"{settings.PUBLIC_URL}/api/v1/payments/notify/",
        "expires_at": expires_at.isoformat(),
    }
    return _status(_call("POST", "/orders", body))


def query(order_no: str) -> OrderStatus:
    """What became of the order. Raises `GatewayUnclear`, `GatewayRefused`."""
    return _status(_call("GET", f"/orders/{order_no}"))


def cancel(order_no: str) -> OrderStatus:
    """Close an order that is open; one that is closed already stays as it is. Raises `GatewayUnclear`.

    Raises `GatewayRefused` with code "order_paid" when it is paid: then `query` says what there is.
    """
    return _status(_call("POST", f"/orders/{order_no}/cancel"))


def refund(order_no: str, refund_no: str, amount_fen: int) -> RefundStatus:
    """Give that much of a paid order back, once per `refund_no`. Raises `GatewayUnclear`, `GatewayRefused`.

    Raises `AmountsDiffer` when the answer is of another amount: money has moved, and asking again cannot mend it.
    """
    asked = {"refund_no": refund_no, "amount_fen": amount_fen}
    status = _refund_status(_call("POST", f"/orders/{order_no}/refunds", asked), refund_no)
    if status.amount_fen != amount_fen:
        raise AmountsDiffer(f"we gave back {amount_fen} fen, they {status.amount_fen} fen")
    return status


def query_refund(order_no: str, refund_no: str) -> RefundStatus:
    """What became of the refund. Raises `GatewayUnclear`, `GatewayRefused` ("no_such_refund")."""
    return _refund_status(_call("GET", f"/orders/{order_no}/refunds/{refund_no}"), refund_no)


def statement(day: date) -> tuple[StatementLine, ...]:
    """What came and went on that day of the institution's, in China. Raises `GatewayUnclear`, `GatewayRefused`."""
    answer = _answer("GET", f"/statements/{day.isoformat()}")
    try:
        return day_file.read(answer.content.decode("utf-8-sig"))
    except ValueError as error:
        raise GatewayUnclear(f"the day file cannot be read: {error}") from error


@cache
def _client() -> httpx.Client:
    """Kept by the process: each new one would read the certificates of the world anew."""
    return outbound.client(outbound.may_call_partner)


def _call(method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    fields = _object(_answer(method, path, content))
    if fields is None:
        raise GatewayUnclear("not a JSON object")
    return fields


def _answer(method: str, path: str, content: dict[str, Any] | None = None) -> httpx.Response:
    """A success; everything else is raised."""
    try:
        answer = _asked(method, path, b"" if content is None else json.dumps(content).encode())
    except (httpx.HTTPError, bodies.Unreadable) as error:
        raise GatewayUnclear(type(error).__name__) from error
    if answer.status_code in REFUSALS:
        raise GatewayRefused(f"HTTP {answer.status_code}", str((_object(answer) or {}).get("code") or "")[:40])
    if not answer.is_success:
        raise GatewayUnclear(f"HTTP {answer.status_code}")
    return answer


def _asked(method: str, path: str, body: bytes) -> httpx.Response:
    """The answer, of which no more than `MAX_ANSWER_BYTES` is read."""
    headers = {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        **signing.headers(method, path, body),
    }
    url, seconds = settings.PAYMENT_URL.rstrip("/") + path, settings.PAYMENT_TIMEOUT_SECONDS
    with _client().stream(method, url, content=body, headers=headers, timeout=seconds) as answer:
        return httpx.Response(answer.status_code, content=bodies.read(answer, MAX_ANSWER_BYTES))


def _object(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        fields = answer.json()
    except (ValueError, RecursionError):  # half JSON, ten thousand brackets
        return None
    return fields if isinstance(fields, dict) else None


def _status(fields: dict[str, Any]) -> OrderStatus:
    try:
        return OrderStatus(
            state=PaymentState(fields["state"]),
            amount_fen=day_file.whole(fields["amount_fen"]),
            transaction_no=str(fields.get("transaction_no") or ""),
            pay_url=str(fields.get("pay_url") or ""),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise GatewayUnclear(f"{type(error).__name__} in the answer") from error


def _refund_status(fields: dict[str, Any], refund_no: str) -> RefundStatus:
    try:
        status = RefundStatus(str(fields["refund_no"]), day_file.whole(fields["amount_fen"]), str(fields["state"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise GatewayUnclear(f"{type(error).__name__} in the answer") from error
    if status.refund_no != refund_no:
        raise GatewayUnclear("the answer is of another refund")
    return status
