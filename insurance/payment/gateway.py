"""The payment institution over HTTP. Every call is safe to repeat: orders are known by our own number."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from django.conf import settings

from insurance.payment import signing
from insurance.states import PaymentState

REFUSALS = (400, 404, 409, 422)
"""A no to this order. Anything else, such as 401 or 429, says that the two sides do not understand each other."""


class GatewayUnclear(Exception):
    """No usable answer: nothing is known, ask again."""


class GatewayRefused(Exception):
    """The institution said no: a person must look."""


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """What the institution says of an order."""

    state: PaymentState
    amount_fen: int
    transaction_no: str
    pay_url: str


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


def _call(method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
    body = b"" if content is None else json.dumps(content).encode()
    headers = {"Content-Type": "application/json", **signing.headers(method, path, body)}
    try:
        answer = httpx.request(
            method,
            settings.PAYMENT_URL.rstrip("/") + path,
            content=body,
            headers=headers,
            timeout=settings.PAYMENT_TIMEOUT_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise GatewayUnclear(type(error).__name__) from error
    return _decoded(answer)


def _decoded(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code in REFUSALS:
        raise GatewayRefused(f"HTTP {answer.status_code}")
    if not answer.is_success:
        raise GatewayUnclear(f"HTTP {answer.status_code}")
    try:
        fields = answer.json()
    except ValueError as error:
        raise GatewayUnclear("not JSON") from error
    if not isinstance(fields, dict):
        raise GatewayUnclear("not an object")
    return fields


def _status(fields: dict[str, Any]) -> OrderStatus:
    try:
        return OrderStatus(
            state=PaymentState(fields["state"]),
            amount_fen=int(fields["amount_fen"]),
            transaction_no=str(fields.get("transaction_no") or ""),
            pay_url=str(fields.get("pay_url") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnclear(f"{type(error).__name__} in the answer") from error
