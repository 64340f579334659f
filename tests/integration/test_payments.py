"""The self-pay leg: callbacks of every kind, callbacks that never come, orders that expire, money that comes late."""

import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from rest_framework.test import APIClient

from insurance.ledger import entries
from insurance.models import PaymentOrder, Settlement, Trial
from insurance.payment import gateway, orders, refunds
from insurance.settlement import collecting, steps
from insurance.trial import admission, turns
from tests import factories
from tests.integration import doing
from tests.simulators import SECRET, Simulator, free_port

NOTIFY = f"{doing.API}/payments/notify/"


@pytest.fixture
def paying(insurer: Simulator, payments: Simulator) -> Settlement:
    """A settlement that waits for its part in cash."""
    return doing.paying(doing.priced(doing.somebody_who_pays_cash()))


def order_of(settlement: Settlement) -> PaymentOrder:
    settlement.refresh_from_db()
    assert settlement.payment is not None
    return settlement.payment


def notify(body: Any, *, secret: str = SECRET, age: int = 0, **headers: str) -> Any:
    """A callback, signed here by hand."""
    raw = json.dumps(body).encode()
    timestamp = str(int(time.time()) - age)
    signature = hmac.new(secret.encode(), f"{timestamp}\n".encode() + raw, hashlib.sha256).hexdigest()
    signed = {"X-Payment-Timestamp": timestamp, "X-Payment-Signature": signature} | headers
    return APIClient().post(NOTIFY, raw, content_type="application/json", headers=signed)


def news(order: PaymentOrder, state: str, **fields: Any) -> dict[str, Any]:
    told = {"order_no": order.order_no, "state": state, "amount_fen": order.amount_fen, "transaction_no": "T1"}
    return told | fields


def expire_there(order: PaymentOrder) -> None:
    """Nobody can pay any more, and the institution says so on being asked."""
    doing.closed_there(order)
    collecting.collect_due()


def test_a_callback_carries_the_settlement_on(paying: Settlement) -> None:
    answer = notify(news(order_of(paying), "paid"))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    order = order_of(paying)
    assert (order.state, order.transaction_no) == ("paid", "T1") and order.paid_at is not None
    collecting.collect_due()
    assert doing.state_of(paying) == "paid"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "not the secret"},
        {"age": 330},
        {"age": -330},
        {"X-Payment-Signature": ""},
        {"X-Payment-Signature": "é" * 64},
        {"X-Payment-Timestamp": "²"},
        {"X-Payment-Timestamp": "9" * 5000},
    ],
)
def test_a_forged_or_old_callback_is_refused(paying: Settlement, wrong: dict[str, Any]) -> None:
    order = order_of(paying)
    answer = notify(news(order, "paid"), **wrong)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature")
    assert doing.state_of(order) == "open"


def test_a_callback_of_another_amount_is_refused(paying: Settlement) -> None:
    order = order_of(paying)
    answer = notify(news(order, "paid", amount_fen=order.amount_fen - 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "amounts_differ")
    assert doing.state_of(order) == "open"


def test_a_callback_for_an_order_that_is_not_ours(paying: Settlement) -> None:
    answer = notify(news(order_of(paying), "paid", order_no="S999999999999"))
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_order")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "paid",
        {"order_no": "S1", "state": "gone", "amount_fen": 1},
        {"order_no": "S1", "state": "paid", "amount_fen": "much"},
        {"order_no": "S1", "state": "paid", "amount_fen": float("inf")},
        {"order_no": "S\0", "state": "paid", "amount_fen": 1},
        {"order_no": "S1", "state": "paid", "amount_fen": 1, "transaction_no": "T" * 65},
    ],
)
def test_a_callback_that_cannot_be_read_is_refused(payments: Simulator, body: Any) -> None:
    answer = notify(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_callback")


def test_a_repeated_callback_changes_nothing(paying: Settlement) -> None:
    order = order_of(paying)
    assert [notify(news(order, "paid")).status_code for _ in range(3)] == [200, 200, 200]
    collecting.collect_due()
    assert notify(news(order, "paid", transaction_no="T2")).status_code == 200
    collecting.collect_due()
    assert (doing.state_of(paying), order_of(paying).transaction_no) == ("paid", "T1")


@pytest.mark.parametrize("news_of", ["expired", "cancelled"])
def test_that_no_money_will_come_is_believed_only_on_being_asked(paying: Settlement, news_of: str) -> None:
    order = order_of(paying)
    assert notify(news(order, news_of, transaction_no=None)).status_code == 200
    assert doing.state_of(order) == "open"
    collecting.collect_due()
    assert (doing.state_of(order), doing.state_of(paying)) == ("open", "paying"), "it was asked, and is open there"
    orders.cancel(order)
    assert (doing.state_of(order)) == "cancelled"


@pytest.mark.parametrize("late", ["open", "expired", "cancelled"])
def test_news_out_of_order_change_nothing(paying: Settlement, late: str) -> None:
    order = order_of(paying)
    notify(news(order, "paid"))
    assert notify(news(order, late)).status_code == 200
    assert doing.state_of(order) == "paid"


def test_a_lost_callback_is_asked_for(paying: Settlement) -> None:
    doing.pay(paying)
    assert orders.ask_due() == 0, "not before its time"
    doing.now_due(order_of(paying))
    assert (orders.ask_due(), orders.ask_due()) == (1, 0)
    collecting.collect_due()
    assert doing.state_of(paying) == "paid"


def test_asking_in_vain_is_asked_again(paying: Settlement, settings: LazySettings) -> None:
    settings.PAYMENT_URL = f"http://127.0.0.1:{free_port()}"
    order = order_of(paying)
    for _ in range(2):
        doing.now_due(order)
        assert orders.ask_due() == 1
    assert doing.state_of(order) == "open"


def test_an_order_whose_opening_was_not_answered_is_opened_once(insurer: Simulator, payments: Simulator) -> None:
    payments.faults({"call": "create", "kind": "lose_answer", "times": 1})
    settlement = doing.insured(doing.priced(doing.somebody_who_pays_cash()))
    collecting.collect_due()
    assert doing.state_of(settlement) == "insured"
    doing.now_due(settlement)
    collecting.collect_due()
    assert doing.state_of(settlement) == "paying"
    assert len(payments.ledger()["orders"]) == PaymentOrder.objects.count() == 1


def test_an_order_not_paid_in_time_is_undone_at_the_insurer(paying: Settlement, insurer: Simulator) -> None:
    expire_there(order_of(paying))
    assert doing.state_of(paying) == "reversing"
    assert steps.recover_one()
    assert doing.state_of(paying) == "reversed"
    assert insurer.ledger()["totals"]["settlements"] == 0
    assert Trial.objects.get(pk=paying.trial_id).state == "expired"
    again = admission.enter(paying.appointment)
    turns.take_one()
    assert doing.state_of(again) == "priced"
    assert doing.state_of(doing.paying(again)) == "paying"


def test_a_self_pay_order_not_paid_in_time_ends_it(insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(factories.patient()), "self_pay")
    expire_there(order_of(settlement))
    assert doing.state_of(settlement) == "reversed"
    assert doing.state_of(settlement.trial) == "expired"
    assert "2208" not in insurer.stats()["calls"]


@pytest.mark.parametrize("fault", ["throttle", "lose", "refuse", "half", "drop_before", "duplicate"])
def test_an_undoing_that_goes_wrong_is_looked_at_and_done(paying: Settlement, insurer: Simulator, fault: str) -> None:
    insurer.faults({"infno": "2208", "kind": fault, "times": 1})
    expire_there(order_of(paying))
    steps.recover_one()
    doing.recovered(paying, "reversed")
    assert insurer.ledger()["totals"]["settlements"] == 0
    assert entries.balance(paying.number) == {}


def test_a_throttled_undoing_is_done_later(paying: Settlement, insurer: Simulator) -> None:
    insurer.faults({"infno": "2208", "kind": "throttle", "times": 1})
    expire_there(order_of(paying))
    steps.recover_one()
    doing.now_due(paying)
    steps.recover_one()
    assert doing.state_of(paying) == "reversed"
    assert insurer.ledger()["totals"]["settlements"] == 0


@pytest.mark.parametrize("undone", [False, True])
def test_money_that_comes_after_the_end_goes_back(paying: Settlement, payments: Simulator, undone: bool) -> None:
    order = order_of(paying)
    PaymentOrder.objects.filter(pk=order.pk).update(state="expired")  # as it was once told
    collecting.collect_due()
    if undone:
        steps.recover_one()
    doing.pay(paying)
    assert notify(news(order, "paid")).status_code == 200
    collecting.collect_due()
    if not undone:
        assert doing.state_of(paying) == "reversing"
        steps.recover_one()
    assert doing.state_of(paying) == "refunding"
    collecting.collect_due()
    assert (doing.state_of(paying), doing.state_of(order)) == ("reversed", "refunded")
    assert payments.ledger()["totals"]["cash_fen"] == 0
    assert entries.balance(paying.number) == {"cash": order.amount_fen, "refund": -order.amount_fen}


def test_a_refund_without_an_answer_is_given_once(paying: Settlement, payments: Simulator) -> None:
    order = order_of(paying)
    doing.pay(paying)
    orders.learn(order.order_no, gateway.query(order.order_no))
    payments.faults({"call": "refund", "kind": "lose_answer", "times": 1})
    refunds.owe_rest(order)
    assert refunds.give_back_due() == 0
    (refund,) = order.refunds.all()
    assert doing.state_of(refund) == "due"
    doing.now_due(refund)
    assert refunds.give_back_due() == 1
    assert (doing.state_of(refund), doing.state_of(order)) == ("done", "refunded")
    assert payments.ledger()["totals"]["refunded_fen"] == order.amount_fen


def test_a_refused_refund_stands_before_a_person(paying: Settlement, payments: Simulator) -> None:
    """More is to go back than was paid there."""
    order = order_of(paying)
    notify(news(order, "paid"))
    refunds.owe_rest(order)
    assert refunds.give_back_due() == 1
    (refund,) = order.refunds.all()
    assert (doing.state_of(refund), refund.last_error) == ("refused", "HTTP 409 not_paid")


def test_money_that_comes_after_a_new_settlement_began_stops_nobody(
    paying: Settlement, insurer: Simulator, payments: Simulator
) -> None:
    order = order_of(paying)
    PaymentOrder.objects.filter(pk=order.pk).update(state="expired")  # as it was once told
    collecting.collect_due()
    steps.recover_one()
    again = admission.enter(paying.appointment)
    turns.take_one()
    assert doing.state_of(again) == "priced"
    second = doing.paying(again)
    doing.pay(paying)
    notify(news(order, "paid"))
    notify(news(order_of(second), "paid"))
    collecting.collect_due()
    assert (doing.state_of(paying), doing.state_of(second)) == ("refunding", "paid")
    collecting.collect_due()
    assert doing.state_of(paying) == "reversed"


def test_a_real_callback_of_the_institution_arrives(
    live_server: Any, insurer: Simulator, payments: Simulator, settings: LazySettings
) -> None:
    settings.PUBLIC_URL = live_server.url
    payments.faults({"call": "callback", "kind": "forge"}, {"call": "callback", "kind": "duplicate_callback"})
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    deadline = time.monotonic() + 20
    while payments.stats()["callbacks"].get("delivered", 0) < 2:
        assert time.monotonic() < deadline, payments.stats()
    collecting.collect_due()
    assert doing.state_of(settlement) == "paid"
    assert PaymentOrder.objects.filter(due_at__lte=Now() + timedelta(hours=1)).count() == 1
    assert payments.stats()["callbacks"]["forged"] >= 1
