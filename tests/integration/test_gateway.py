"""Our client of the payment institution against the simulated one: each call again and again, and answers lost."""

import json
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from django.conf import LazySettings

from insurance.payment import gateway
from insurance.payment.gateway import AmountsDiffer, GatewayRefused, GatewayUnclear, RefundStatus
from insurance.simulator.asgi import CSV, JSON, Exchange, Receive, Scope, Send
from insurance.simulator.server import App
from tests.simulators import Simulator, free_port
from tests.unit.simulator.running import running

CHINA = timezone(timedelta(hours=8))


@pytest.fixture(autouse=True)
def _institution(payments: Simulator) -> None:
    """Every test in here speaks with it."""


def opened(order_no: str = "S1", amount_fen: int = 1230) -> None:
    gateway.open_order(order_no, amount_fen, datetime.now(UTC) + timedelta(minutes=15), "诊费")


def paid(payments: Simulator, order_no: str = "S1", amount_fen: int = 1230) -> None:
    opened(order_no, amount_fen)
    httpx.post(f"{payments.url}/pay/{order_no}", trust_env=False).raise_for_status()


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(GatewayRefused) as caught:
        call(*arguments)
    assert str(caught.value).endswith(f" {caught.value.code}")
    return caught.value.code


def saying(body: bytes, kind: bytes) -> App:
    """An institution that says the same to everything."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Exchange(scope, receive, send).send(200, body, kind)

    return app


def told() -> tuple[gateway.StatementLine, ...]:
    """The lines of yesterday and today, so that a test over midnight finds what it paid."""
    today = datetime.now(CHINA).date()
    return gateway.statement(today - timedelta(days=1)) + gateway.statement(today)


def test_cancelled_twice_is_cancelled_once(payments: Simulator) -> None:
    opened()
    states = [gateway.cancel("S1").state, gateway.cancel("S1").state, gateway.query("S1").state]
    assert states == ["cancelled"] * 3
    assert httpx.post(f"{payments.url}/pay/S1", trust_env=False).status_code == 409


def test_a_paid_order_is_not_cancelled_and_says_so_when_asked(payments: Simulator) -> None:
    paid(payments)
    assert refused(gateway.cancel, "S1") == "order_paid"
    assert gateway.query("S1").state == "paid"
    assert refused(gateway.cancel, "S9") == "no_such_order"


def test_an_order_that_expired_stays_as_it_is() -> None:
    gateway.open_order("S1", 1, datetime.now(UTC) - timedelta(seconds=1), "诊费")
    assert gateway.cancel("S1").state == "expired"


def test_a_refund_asked_for_again_gives_back_once(payments: Simulator) -> None:
    paid(payments)
    assert [gateway.refund("S1", "R1", 30) for _ in range(3)] == [RefundStatus("R1", 30, "refunded")] * 3
    assert gateway.query_refund("S1", "R1") == RefundStatus("R1", 30, "refunded")
    assert payments.ledger()["totals"]["refunded_fen"] == 30
    gateway.refund("S1", "R2", 1200)
    assert gateway.query("S1").state == "refunded"


@pytest.mark.parametrize("call", ["refund", "cancel", "statement", "query_refund"])
@pytest.mark.parametrize("fault", ["lose_answer", "down"])
def test_without_an_answer_nothing_is_known_and_asking_again_is_safe(
    payments: Simulator, call: str, fault: str
) -> None:
    paid(payments)
    gateway.refund("S1", "R1", 30)
    opened("S2")
    today = datetime.now(CHINA).date()
    calls: dict[str, Any] = {
        "refund": lambda: gateway.refund("S1", "R2", 40),
        "cancel": lambda: gateway.cancel("S2"),
        "statement": lambda: gateway.statement(today),
        "query_refund": lambda: gateway.query_refund("S1", "R1"),
    }
    payments.faults({"call": call, "kind": fault, "times": 1})
    with pytest.raises(GatewayUnclear):
        calls[call]()
    done = payments.ledger()["totals"]["refunded_fen"]
    assert done == (70 if (call, fault) == ("refund", "lose_answer") else 30)
    assert calls[call]() == calls[call]()
    assert payments.ledger()["totals"]["refunded_fen"] == (70 if call == "refund" else 30)


def test_an_institution_that_is_away(settings: LazySettings) -> None:
    settings.PAYMENT_URL = f"http://127.0.0.1:{free_port()}"
    for call in (
        lambda: gateway.cancel("S1"),
        lambda: gateway.refund("S1", "R1", 1),
        lambda: gateway.statement(date(2024, 1, 2)),
    ):
        with pytest.raises(GatewayUnclear):
            call()


def test_a_refund_that_cannot_be_is_refused_with_the_reason(payments: Simulator) -> None:
    opened()
    assert refused(gateway.refund, "S1", "R1", 30) == "not_paid"
    paid(payments, "S2", 100)
    gateway.refund("S2", "R1", 30)
    assert refused(gateway.refund, "S2", "R1", 31) == "refund_differs"
    assert refused(gateway.refund, "S2", "R2", 71) == "more_than_paid"
    assert refused(gateway.query_refund, "S2", "R2") == "no_such_refund"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"amount_fen": 31}, AmountsDiffer),
        ({"refund_no": "R2"}, GatewayUnclear),
        ({"amount_fen": None}, GatewayUnclear),
        ({"amount_fen": float("inf")}, GatewayUnclear),
        ({}, None),
    ],
)
def test_an_answer_of_something_else_is_not_believed(
    settings: LazySettings, answer: dict[str, Any], error: type[Exception] | None
) -> None:
    said = {"refund_no": "R1", "amount_fen": 30, "state": "refunded", **answer}
    raises = pytest.raises(error) if error else nullcontext()
    with running(saying(json.dumps(said).encode(), JSON)) as settings.PAYMENT_URL, raises:
        gateway.refund("S1", "R1", 30)


def test_the_day_file_adds_up_to_the_books(payments: Simulator) -> None:
    paid(payments)
    paid(payments, "S2", 500)
    opened("S3")
    gateway.refund("S1", "R1", 30)
    gateway.refund("S2", "R2", 500)
    lines = told()
    assert [(line.order_no, line.kind, line.amount_fen, line.refund_no) for line in lines] == [
        ("S1", "payment", 1230, ""),
        ("S2", "payment", 500, ""),
        ("S1", "refund", -30, "R1"),
        ("S2", "refund", -500, "R2"),
    ]
    ledger = payments.ledger()
    assert sum(line.amount_fen for line in lines) == ledger["totals"]["cash_fen"] == 1200
    paid_at = {order["order_no"]: order["paid_at"] for order in ledger["orders"]}
    assert [line.at for line in lines[:2]] == [datetime.fromisoformat(paid_at[number]) for number in ("S1", "S2")]
    assert lines[0].transaction_no == gateway.query("S1").transaction_no
    assert gateway.statement(date(2001, 1, 1)) == ()


@pytest.mark.parametrize("body", [b"", b"<html>\n</html>", b'{"code": 0}', b"\xff"])
def test_a_day_file_that_is_none(settings: LazySettings, body: bytes) -> None:
    with running(saying(body, CSV)) as settings.PAYMENT_URL, pytest.raises(GatewayUnclear, match="day file"):
        gateway.statement(date(2024, 1, 2))
