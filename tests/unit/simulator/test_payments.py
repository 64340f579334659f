"""The payment institution: signed orders, the pay page, refunds, expiry."""

import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from insurance.simulator.payments.app import Payments, Settings
from tests.unit.simulator.running import running

SECRET = "s3cret"
Json = dict[str, Any]


class Merchant:
    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=10, verify=False)  # no TLS here: spare the certificates

    def call(self, method: str, path: str, body: Json | None = None, secret: str = SECRET, age: int = 0) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        timestamp = str(int(time.time()) - age)
        message = "\n".join([timestamp, method, path, ""]).encode() + content
        signature = hmac.new(secret.encode(), message, sha256).hexdigest()
        headers = {"X-Payment-Timestamp": timestamp, "X-Payment-Signature": signature}
        return self.http.request(method, path, content=content, headers=headers)

    def order(self, order_no: str = "O1", amount_fen: int = 1230, seconds: float = 900, notify_url: str = "") -> Any:
        expires_at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        body = {"order_no": order_no, "amount_fen": amount_fen, "subject": "诊费 <b>", "expires_at": expires_at}
        return self.call("POST", "/orders", {**body, "notify_url": notify_url})

    def pay(self, order_no: str = "O1") -> httpx.Response:
        return self.http.post(f"/pay/{order_no}")

    def state(self, order_no: str = "O1") -> str:
        return str(self.call("GET", f"/orders/{order_no}").json()["state"])

    def refund(self, refund_no: str, amount_fen: int, order_no: str = "O1") -> Any:
        body = {"refund_no": refund_no, "amount_fen": amount_fen, "reason": "撤销"}
        return self.call("POST", f"/orders/{order_no}/refunds", body)

    def totals(self) -> tuple[int, int, int]:
        totals = self.http.get("/_ledger").json()["totals"]
        return totals["paid"], totals["cash_fen"], totals["refunded_fen"]


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with running(Payments(Settings(SECRET))) as url:
        yield Merchant(url)


def test_an_order_is_made_once(merchant: Merchant) -> None:
    first, again, other = merchant.order(), merchant.order(), merchant.order(amount_fen=1)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == again.json()
    assert first.json()["pay_url"] == f"{merchant.http.base_url}/pay/O1"
    assert (first.json()["state"], first.json()["amount_fen"]) == ("open", 1230)
    assert other.json()["code"] == "order_differs"


def test_an_order_is_paid_once(merchant: Merchant) -> None:
    merchant.order()
    page = merchant.http.get("/pay/O1")
    assert "¥12.30" in page.text and "待支付" in page.text and "&lt;b&gt;" in page.text
    assert "已支付" in merchant.pay().text
    paid = merchant.call("GET", "/orders/O1").json()
    assert (paid["state"], merchant.pay().status_code) == ("paid", 200)
    assert merchant.call("GET", "/orders/O1").json() == paid
    assert paid["transaction_no"] and datetime.fromisoformat(paid["paid_at"]).tzinfo
    assert merchant.totals() == (1, 1230, 0)


@pytest.mark.parametrize(("secret", "age"), [("wrong", 0), (SECRET, 400), (SECRET, -400)])
def test_a_wrong_or_old_signature_is_refused(merchant: Merchant, secret: str, age: int) -> None:
    answer = merchant.call("GET", "/orders/O1", secret=secret, age=age)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert merchant.http.get("/orders/O1").status_code == 401


def test_what_does_not_exist_or_cannot_be_read(merchant: Merchant) -> None:
    assert merchant.call("GET", "/orders/O9").json()["code"] == "no_such_order"
    assert merchant.call("GET", "/elsewhere").status_code == 404
    assert merchant.pay("O9").status_code == 404
    for body in ({}, {"order_no": "1", "amount_fen": 0, "expires_at": "2030-01-01T00:00:00Z"}, {"order_no": 1}):
        assert merchant.call("POST", "/orders", body).status_code == 400
    assert merchant.order(amount_fen=-5).status_code == 400


def test_an_expired_order_cannot_be_paid(merchant: Merchant) -> None:
    merchant.order(seconds=-1)
    assert merchant.state() == "expired"
    assert (merchant.pay().status_code, merchant.pay().json()["code"]) == (409, "order_expired")


def test_a_cancelled_order_cannot_be_paid(merchant: Merchant) -> None:
    merchant.order()
    states = [merchant.call("POST", "/orders/O1/cancel").json()["state"] for _ in range(2)]
    assert states == ["cancelled", "cancelled"]
    assert merchant.pay().json()["code"] == "order_cancelled"
    merchant.order("O2")
    merchant.pay("O2")
    assert merchant.call("POST", "/orders/O2/cancel").json()["code"] == "order_paid"


def test_money_goes_back_once_and_never_more_than_came(merchant: Merchant) -> None:
    merchant.order()
    assert merchant.refund("R1", 30).json()["code"] == "not_paid"
    merchant.pay()
    for _ in range(2):
        refund = merchant.refund("R1", 30)
        assert (refund.status_code, refund.json()["state"]) == (200, "refunded")
    assert merchant.refund("R1", 31).json()["code"] == "refund_differs"
    assert (merchant.state(), merchant.totals()) == ("paid", (1, 1200, 30))
    assert merchant.refund("R2", 1201).json()["code"] == "more_than_paid"
    assert merchant.refund("R2", 1200).status_code == 200
    assert (merchant.state(), merchant.totals()) == ("refunded", (1, 0, 1230))
    assert merchant.pay().status_code == 200
    assert merchant.totals() == (1, 0, 1230)


def test_a_lost_answer_is_carried_out(merchant: Merchant) -> None:
    merchant.http.post("/_faults", json={"rules": [{"kind": "lose_answer", "call": "create", "times": 1}]})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        merchant.order()
    assert merchant.order().status_code == 200
    assert merchant.http.get("/_stats").json()["lost"] == 1


def test_an_outage_carries_out_nothing(merchant: Merchant) -> None:
    merchant.http.post("/_faults", json={"rules": [{"kind": "down", "seconds": 60}]})
    for call in (merchant.order, merchant.pay):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            call()
    assert merchant.http.get("/_ledger").json()["orders"] == []
    assert merchant.http.post("/_faults", json={"rules": [{"kind": "lose"}]}).status_code == 400
    merchant.http.post("/_reset")
    assert merchant.order().status_code == 201


def test_the_short_form_loses_answers_to_the_merchant_only(merchant: Merchant) -> None:
    merchant.order()
    assert merchant.http.post("/_faults", json={"lose": 1}).json()["rules"][0]["kind"] == "lose_answer"
    assert merchant.pay().status_code == 200
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        merchant.state()
