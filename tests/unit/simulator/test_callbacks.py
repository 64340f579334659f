"""What the payment institution tells the merchant, rightly and wrongly."""

import hmac
import json
import queue
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from insurance.simulator.asgi import Exchange, Receive, Scope, Send
from insurance.simulator.payments.app import Payments, Settings
from tests.unit.simulator.running import running
from tests.unit.simulator.test_payments import SECRET, Merchant


class Shop:
    """The merchant's side: takes callbacks, answers each with the next of `answers` (then 200)."""

    def __init__(self) -> None:
        self.told: queue.Queue[tuple[bool, dict[str, Any]]] = queue.Queue()
        self.answers: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        body = await exchange.body()
        message = exchange.header(b"x-payment-timestamp").encode() + b"\n" + body
        expected = hmac.new(SECRET.encode(), message, sha256).hexdigest()
        genuine = exchange.header(b"x-payment-signature") == expected
        self.told.put((genuine, json.loads(body)))
        await exchange.send(self.answers.pop(0) if self.answers else 200, b"{}")

    def next(self) -> tuple[bool, str]:
        """Whether the next callback is genuine, and the state it tells."""
        genuine, body = self.told.get(timeout=10)
        return genuine, body["state"]


class Market:
    def __init__(self, shop: Shop, notify_url: str, merchant: Merchant) -> None:
        self.shop, self.notify_url, self.merchant = shop, notify_url, merchant

    def order(self, seconds: float = 900, order_no: str = "O1") -> None:
        assert self.merchant.order(order_no, seconds=seconds, notify_url=self.notify_url).status_code == 201

    def faults(self, *rules: dict[str, Any]) -> None:
        assert self.merchant.http.post("/_faults", json={"rules": rules}).status_code == 200

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self.merchant.http.get("/_stats").json()["callbacks"]
        return counts


@pytest.fixture
def market() -> Iterator[Market]:
    shop = Shop()
    payments = Payments(Settings(SECRET, schedule=(0, 0.01, 0.02)))
    with running(shop) as shop_url, running(payments) as url:
        yield Market(shop, f"{shop_url}/notify/?a=1", Merchant(url))


def test_payment_and_refund_are_told_signed(market: Market) -> None:
    market.order()
    market.merchant.pay()
    genuine, body = market.shop.told.get(timeout=10)
    paid = market.merchant.call("GET", "/orders/O1").json()
    assert genuine
    assert body.keys() == {"order_no", "transaction_no", "state", "amount_fen", "at"}
    assert (body["order_no"], body["state"], body["amount_fen"]) == ("O1", "paid", 1230)
    assert body["transaction_no"] == paid["transaction_no"]
    market.merchant.pay()
    market.merchant.refund("R1", 1230)
    assert market.shop.next() == (True, "refunded")
    assert market.shop.told.empty()


def test_expiry_is_told_without_being_asked(market: Market) -> None:
    market.order(seconds=0.1)
    assert market.shop.next() == (True, "expired")
    assert market.merchant.pay().status_code == 409


def test_a_callback_is_repeated_until_it_is_taken(market: Market) -> None:
    market.shop.answers = [500, 302]
    market.order()
    market.merchant.pay()
    assert [market.shop.next() for _ in range(3)] == [(True, "paid")] * 3
    market.merchant.refund("R1", 1230)
    assert market.shop.next() == (True, "refunded")
    assert market.counts()["failed_attempts"] == 2


def test_a_merchant_that_cannot_be_reached_is_given_up(market: Market) -> None:
    market.merchant.order(notify_url="http://127.0.0.1:1/")
    market.merchant.pay()
    while "given_up" not in (counts := market.counts()):
        assert counts["under_way"] == 1
    assert counts["failed_attempts"] == 3


def test_a_lost_callback_never_comes(market: Market) -> None:
    market.faults({"kind": "lose_callback", "times": 1})
    market.order()
    market.merchant.pay()
    market.merchant.refund("R1", 1230)
    assert market.shop.next() == (True, "refunded")
    assert market.counts()["lost"] == 1


def test_a_duplicate_comes_twice(market: Market) -> None:
    market.faults({"kind": "duplicate_callback"})
    market.order()
    market.merchant.pay()
    assert [market.shop.next() for _ in range(2)] == [(True, "paid")] * 2


def test_a_late_one_is_overtaken_by_the_next(market: Market) -> None:
    market.faults({"kind": "late_callback", "seconds": 1, "times": 1})
    market.order()
    market.merchant.pay()
    market.merchant.refund("R1", 1230)
    assert [market.shop.next() for _ in range(2)] == [(True, "refunded"), (True, "paid")]


def test_out_of_order_waits_for_the_next(market: Market) -> None:
    market.faults({"kind": "out_of_order"})
    market.order()
    market.merchant.pay()
    market.merchant.refund("R1", 1230)
    assert [market.shop.next() for _ in range(2)] == [(True, "refunded"), (True, "paid")]


def test_out_of_order_does_not_wait_for_ever(market: Market) -> None:
    market.faults({"kind": "out_of_order", "seconds": 0.05})
    market.order()
    market.merchant.pay()
    assert market.shop.next() == (True, "paid")


def test_a_forged_one_says_paid_for_a_new_order(market: Market) -> None:
    market.faults({"kind": "forge"})
    market.order()
    assert market.shop.next() == (False, "paid")
    assert market.merchant.state() == "open"
    market.merchant.pay()
    assert [market.shop.next() for _ in range(2)] == [(False, "paid"), (True, "paid")]
    assert market.counts()["forged"] == 2


def test_a_reset_forgets_callbacks_and_timers(market: Market) -> None:
    market.faults({"kind": "late_callback", "seconds": 30})
    market.order()
    market.order(seconds=0.1, order_no="O2")
    market.merchant.pay()
    market.merchant.http.post("/_reset")
    market.order(seconds=0.2, order_no="O3")
    assert market.shop.told.get(timeout=10)[1]["order_no"] == "O3"
    assert market.shop.told.empty()
