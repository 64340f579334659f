"""The payment institution: signed orders, the pay page, refunds, expiry."""

import csv
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from io import StringIO
from typing import Any

import httpx
import pytest

from insurance.simulator.payments.app import Payments, Settings
from insurance.simulator.payments.day_file import day_file
from insurance.simulator.payments.orders import Order, Orders
from tests.unit.simulator.running import running

SECRET = "s3cret"
CHINA = timezone(timedelta(hours=8))
GONE = (httpx.RemoteProtocolError, httpx.ReadError)
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

    def statement(self, day: date) -> list[dict[str, str]]:
        """The rows of a day file."""
        answer = self.call("GET", f"/statements/{day}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
        return list(csv.DictReader(StringIO(answer.content.decode())))

    def statements(self) -> list[dict[str, str]]:
        """Of yesterday and today, so that a test over midnight finds what it paid."""
        return self.statement(today() - timedelta(days=1)) + self.statement(today())

    def faults(self, *rules: Json) -> None:
        assert self.http.post("/_faults", json={"rules": list(rules)}).status_code == 200

    def totals(self) -> tuple[int, int, int]:
        totals = self.http.get("/_ledger").json()["totals"]
        return totals["paid"], totals["cash_fen"], totals["refunded_fen"]


def today() -> date:
    return datetime.now(CHINA).date()


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


def test_what_was_begun_in_time_may_be_carried_out_late(merchant: Merchant) -> None:
    merchant.http.post("/_faults", json={"rules": [{"call": "pay", "kind": "late_payment", "times": 1}]})
    merchant.order(seconds=-1)
    assert (merchant.state(), merchant.pay().status_code, merchant.state()) == ("expired", 200, "paid")
    merchant.order("O2", seconds=-1)
    assert merchant.pay("O2").json()["code"] == "order_expired"


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


@pytest.mark.parametrize("name", ["refund", "cancel"])
def test_what_is_asked_again_after_a_lost_answer_is_done_once(merchant: Merchant, name: str) -> None:
    merchant.order()
    if name == "refund":
        merchant.pay()

    def ask() -> Any:
        return merchant.refund("R1", 30) if name == "refund" else merchant.call("POST", "/orders/O1/cancel")

    merchant.faults({"kind": "lose_answer", "call": name, "times": 1})
    with pytest.raises(GONE):
        ask()
    done = merchant.http.get("/_ledger").json()["orders"]
    assert (done[0]["state"], done[0]["refunded_fen"]) == (("paid", 30) if name == "refund" else ("cancelled", 0))
    first, again = ask(), ask()
    assert first.json() == again.json() and first.status_code == 200
    assert merchant.http.get("/_ledger").json()["orders"] == done


def test_a_refund_is_asked_for_by_its_number(merchant: Merchant) -> None:
    merchant.order()
    merchant.pay()
    assert merchant.call("GET", "/orders/O1/refunds/R1").json()["code"] == "no_such_refund"
    told = merchant.refund("R1", 30).json()
    assert merchant.call("GET", "/orders/O1/refunds/R1").json() == told
    assert (told["refund_no"], told["amount_fen"], told["state"]) == ("R1", 30, "refunded")
    assert datetime.fromisoformat(told["at"]).tzinfo
    assert merchant.call("GET", "/orders/O9/refunds/R1").json()["code"] == "no_such_order"
    assert merchant.http.get("/orders/O1/refunds/R1").status_code == 401


def test_the_day_file_adds_up_to_the_books(merchant: Merchant) -> None:
    for number, amount_fen in (("O1", 1230), ("O2", 500), ("O3", 70), ("O,4", 1)):
        merchant.order(number, amount_fen)
    for number in ("O1", "O2"):
        merchant.pay(number)
    merchant.refund("R1", 30)
    merchant.refund("R2", 1200)
    merchant.refund("R1", 30)
    rows = merchant.statements()
    assert [(row["order_no"], row["kind"], int(row["amount_fen"]), row["refund_no"]) for row in rows] == [
        ("O1", "payment", 1230, ""),
        ("O2", "payment", 500, ""),
        ("O1", "refund", -30, "R1"),
        ("O1", "refund", -1200, "R2"),
    ]
    ledger = merchant.http.get("/_ledger").json()
    assert sum(int(row["amount_fen"]) for row in rows) == ledger["totals"]["cash_fen"] == 500
    assert {row["transaction_no"] for row in rows} == {each["transaction_no"] for each in ledger["orders"]} - {None}
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert all(row["at"].endswith("+08:00") for row in rows)
    assert merchant.statement(date(2001, 1, 1)) == []


def test_the_day_file_is_for_the_merchant_and_has_its_faults(merchant: Merchant) -> None:
    assert merchant.http.get(f"/statements/{today()}").status_code == 401
    assert merchant.call("GET", "/statements/yesterday").json()["code"] == "bad_request"
    for kind in ("lose_answer", "down"):
        merchant.faults({"kind": kind, "call": "statement", "times": 1})
        with pytest.raises(GONE):
            merchant.statement(today())
        assert merchant.statement(today()) == []


def test_a_day_is_one_in_china_and_each_movement_belongs_to_its_own() -> None:
    orders = Orders()
    expires = datetime(2024, 1, 9, tzinfo=UTC)
    order, _ = orders.create(Order("O1", 100, "", "", "", expires))
    late = datetime(2024, 1, 1, 15, 59, 59, tzinfo=UTC)  # one second before midnight in Shanghai
    orders.pay(order, late)
    orders.refund(order, "R1", 40, late + timedelta(seconds=1))
    orders.refund(order, "R2", 60, late + timedelta(days=1))
    orders.refund(order, "R2", 60, late + timedelta(days=5))

    def told(day: int) -> list[str]:
        return [",".join(line.split(",")[2:]) for line in day_file(orders, date(2024, 1, day)).splitlines()[1:]]

    assert told(1) == ["payment,100,2024-01-01T23:59:59+08:00,"]
    assert told(2) == ["refund,-40,2024-01-02T00:00:00+08:00,R1", "refund,-60,2024-01-02T23:59:59+08:00,R2"]
    assert told(3) == told(6) == []
