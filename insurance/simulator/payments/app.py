"""The payment institution as an ASGI app: signed calls of the merchant, the payer's page, and who watches."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from insurance.simulator.asgi import CSV, HTML, TEXT, BadBody, Exchange, Receive, Scope, Send, loads
from insurance.simulator.faults import Faults
from insurance.simulator.money import JsonObject
from insurance.simulator.payments.callbacks import SCHEDULE_SECONDS, Callbacks
from insurance.simulator.payments.day_file import day_file, read_day
from insurance.simulator.payments.orders import (
    REFUNDED,
    Order,
    Orders,
    Refund,
    Refusal,
    read_amount,
    read_order,
    read_text,
)
from insurance.simulator.payments.page import page
from insurance.simulator.payments.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify

ABOUT = (
    "simulated payment institution: POST /orders; GET /statements/{day}; "
    "GET /_ledger /_stats /_faults; POST /_faults /_reset\n"
)
KINDS = frozenset(
    {
        *("lose_answer", "down", "late_payment"),
        *("lose_callback", "duplicate_callback", "late_callback", "out_of_order", "forge"),
    }
)
TIMER_MARGIN_SECONDS = 0.01


@dataclass(frozen=True)
class Settings:
    """`secret` is shared with the merchant; `lose` is a share 0..1 of answers to the merchant; `public_url` is
    where the payer reaches us (empty: where the merchant did)."""

    secret: str
    lose: float = 0.0
    seed: int = 0
    public_url: str = ""
    schedule: tuple[float, ...] = SCHEDULE_SECONDS


class Payments:
    """One institution: its orders, its callbacks, its faults."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.orders = Orders()
        self.faults = Faults(KINDS, "lose_answer", settings.seed)
        self.callbacks = Callbacks(settings.secret, self.faults, settings.schedule)
        self.calls: Counter[str] = Counter()
        self.lost = 0
        self.watching: dict[tuple[str, str], Callable[[Exchange], Awaitable[None]]] = {
            ("GET", "/"): self._about,
            ("GET", "/_ledger"): self._show_ledger,
            ("GET", "/_stats"): self._show_stats,
            ("GET", "/_faults"): self.faults.tell,
            ("POST", "/_faults"): self.faults.hear,
            ("POST", "/_reset"): self._reset,
        }
        if settings.lose:
            self.faults.replace({"lose": settings.lose})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        watch = self.watching.get((exchange.method, exchange.path))
        name = _name(exchange.method, exchange.path)
        if watch is not None:
            await watch(exchange)
        elif self.faults.strike(name, "down"):
            await exchange.abort()
        else:
            await self._serve(exchange, name)

    async def _serve(self, exchange: Exchange, name: str) -> None:
        self.calls[name] += 1
        try:
            if not name:
                raise Refusal(404, "no_such_call", f"no call {exchange.method} {exchange.path}")
            if name == "pay":
                await self._payer(exchange)
                return
            status, answer = self._merchant(exchange, name, await exchange.body())
        except Refusal as refusal:
            status, answer = refusal.status, {"code": refusal.code, "message": str(refusal)}
        if self.faults.strike(name, "lose_answer"):
            self.lost += 1
            await exchange.abort()
            return
        if isinstance(answer, str):
            await exchange.send(status, answer.encode(), CSV)
        else:
            await exchange.send_json(status, answer)

    def _merchant(self, exchange: Exchange, name: str, body: bytes) -> tuple[int, JsonObject | str]:
        """Verify the signature, then do the one thing asked for."""
        timestamp = exchange.header(TIMESTAMP_HEADER.lower().encode())
        signature = exchange.header(SIGNATURE_HEADER.lower().encode())
        parts = (exchange.method.encode(), exchange.scope["raw_path"], body)
        if not verify(self.settings.secret, signature, timestamp, time.time(), *parts):
            raise Refusal(401, "bad_signature", "wrong or outdated signature")
        if name == "create":
            return self._create(exchange, _object(body))
        if name == "statement":
            return 200, day_file(self.orders, read_day(exchange.path.split("/")[2]))
        return 200, self._of_order(self._current(exchange.path.split("/")[2]), exchange, name, body)

    def _of_order(self, order: Order, exchange: Exchange, name: str, body: bytes) -> JsonObject:
        if name == "refund":
            return self._refund(order, _object(body))
        if name == "query_refund":
            return _shown(order, self.orders.find_refund(order, exchange.path.split("/")[4]))
        if name == "cancel":
            self.orders.cancel(order)
        return order.shown()

    def _create(self, exchange: Exchange, body: JsonObject) -> tuple[int, JsonObject]:
        base_url = self.settings.public_url.rstrip("/") or f"http://{exchange.header(b'host')}"
        order, new = self.orders.create(read_order(body, base_url))
        if new:
            self.callbacks.tempt(order)
            left = (order.expires_at - datetime.now(UTC)).total_seconds()
            # A timer may fire a millisecond early, and then it would find the order still open.
            asyncio.get_running_loop().call_later(max(left, 0) + TIMER_MARGIN_SECONDS, self._expire, order)
        return 201 if new else 200, order.shown()

    def _refund(self, order: Order, body: JsonObject) -> JsonObject:
        refund_no, amount_fen = read_text(body, "refund_no"), read_amount(body)
        if self.orders.refund(order, refund_no, amount_fen, datetime.now(UTC)):
            self.callbacks.announce(order)
        return _shown(order, self.orders.find_refund(order, refund_no))

    async def _payer(self, exchange: Exchange) -> None:
        """The unsigned side: show the page, or pay."""
        order = self._current(exchange.path.split("/")[2])
        if exchange.method == "POST":
            late = self.faults.strike("pay", "late_payment") is not None
            if self.orders.pay(order, datetime.now(UTC), late=late):
                self.callbacks.announce(order)
        await exchange.send(200, page(order), HTML)

    def _current(self, order_no: str) -> Order:
        order = self.orders.find(order_no)
        self._expire(order)
        return order

    def _expire(self, order: Order) -> None:
        if self.orders.expire(order, datetime.now(UTC)):
            self.callbacks.announce(order)

    async def _about(self, exchange: Exchange) -> None:
        await exchange.send(200, ABOUT.encode(), TEXT)

    async def _show_ledger(self, exchange: Exchange) -> None:
        await exchange.send_json(200, self.orders.shown())

    async def _show_stats(self, exchange: Exchange) -> None:
        callbacks = {**self.callbacks.counts, "under_way": self.callbacks.under_way}
        await exchange.send_json(200, {"calls": dict(self.calls), "lost": self.lost, "callbacks": callbacks})

    async def _reset(self, exchange: Exchange) -> None:
        """Empty books, counts and faults; callbacks under way are forgotten."""
        self.callbacks.stop()
        self.faults.replace({})
        self.orders = Orders()
        self.callbacks = Callbacks(self.settings.secret, self.faults, self.settings.schedule)
        self.calls.clear()
        self.lost = 0
        await exchange.send_json(200, {"reset": True})


def _shown(order: Order, refund: Refund) -> JsonObject:
    """A refund as the merchant hears of it; money is given back at once, so every refund is `refunded`."""
    about = {"order_no": order.order_no, "refunded_fen": order.refunded_fen, "order_state": order.state}
    return {**refund.shown(), "state": REFUNDED, **about}


def _object(body: bytes) -> JsonObject:
    try:
        return loads(body)
    except BadBody as error:
        raise Refusal(400, "bad_request", str(error)) from error


def _name(method: str, path: str) -> str:
    """The call's name, also that of fault rules: create, query, refund, query_refund, cancel, statement, pay; empty
    for none of them."""
    match method, path.split("/")[1:]:
        case "POST", ["orders"]:
            return "create"
        case "GET", ["orders", _]:
            return "query"
        case "POST", ["orders", _, "refunds"]:
            return "refund"
        case "GET", ["orders", _, "refunds", _]:
            return "query_refund"
        case "POST", ["orders", _, "cancel"]:
            return "cancel"
        case "GET", ["statements", _]:
            return "statement"
        case (("GET" | "POST"), ["pay", _]):
            return "pay"
    return ""
