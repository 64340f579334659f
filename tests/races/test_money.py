"""Where money moves: opened once, settled once, paid once, however many ask at once."""

import json
import threading
import time
from functools import partial

from rest_framework.test import APIClient

from hospital.stateful import Journal
from insurance.payment import signing
from insurance.payment.models import PaymentOrder
from insurance.quota import permits
from insurance.quota.exchange import exchange, new_msgid
from insurance.quota.lanes import Lane
from insurance.settlement import collecting, opening, steps
from insurance.settlement.models import Settlement
from insurance.states import PaymentState, SettlementState
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests import factories
from tests.races.together import at_once, codes, good
from tests.simulators import Simulator


def priced(count: int = 1) -> list[int]:
    """Trials that patients may accept."""
    trials = [admission.enter(appointment).pk for appointment in factories.told(count)]
    for _ in trials:
        turns.take_one()
    return trials


def accept(trial_id: int, mode: str = "insurance") -> Settlement:
    return opening.open_settlement(Trial.objects.get(pk=trial_id), mode)


def times(kind: str, state: str) -> int:
    """How often a row of this kind came into this state."""
    return Journal.objects.filter(kind=kind, to_state=state).count()


def test_a_trial_accepted_ten_times_at_once_is_one_settlement(insurer: Simulator) -> None:
    (trial,) = priced()
    outcomes = at_once([partial(accept, trial, mode) for mode in ("insurance", "self_pay") * 5])
    assert len(good(outcomes)) == 1
    assert codes(outcomes) == ["already_settling"] * 9


def test_turns_that_race_settle_each_once_at_the_insurer(insurer: Simulator) -> None:
    for trial in priced(6):
        accept(trial)
    at_once([steps.settle_one] * 12)
    assert times("settlement", SettlementState.CALLING) == 6
    assert insurer.stats()["calls"]["2207A"] == 6
    assert insurer.ledger()["double"] == []


def test_without_the_claim_two_workers_settle_twice(insurer: Simulator) -> None:
    """Negative control: both have read the same waiting row, and both speak."""
    (trial,) = priced()
    accept(trial)
    both_have_read = threading.Barrier(2)

    def read_then_speak() -> None:
        settlement = Settlement.objects.get(state=SettlementState.WAITING)
        both_have_read.wait(timeout=10)
        settlement.settle_msgid = new_msgid()
        held = permits.take(Lane.SETTLEMENT, turn_seconds=5)
        assert held is not None
        with exchange(held, Lane.SETTLEMENT, "control") as client:
            steps.settle(client, settlement)

    at_once([read_then_speak] * 2)
    assert len(insurer.ledger()["double"]) == 1


def test_a_callback_that_comes_ten_times_at_once_pays_once(insurer: Simulator, payments: Simulator) -> None:
    (trial,) = priced()
    settlement = accept(trial, "self_pay")
    collecting.collect_due()
    order = PaymentOrder.objects.get()
    answers = at_once([partial(_call_back, order)] * 10)
    assert answers == [200] * 10
    assert times("paymentorder", PaymentState.PAID) == 1
    assert sum(good(at_once([collecting.follow] * 10))) == 1
    settlement.refresh_from_db()
    assert settlement.state == SettlementState.PAID
    assert times("settlement", SettlementState.PAID) == 1


def test_collectors_that_race_open_one_order_each(insurer: Simulator, payments: Simulator) -> None:
    for trial in priced(4):
        accept(trial, "self_pay")
    outcomes = at_once([collecting.collect_due] * 8)
    assert not codes(outcomes)
    assert len(payments.ledger()["orders"]) == 4
    assert times("settlement", SettlementState.PAYING) == 4


def _call_back(order: PaymentOrder) -> int:
    news = {"order_no": order.order_no, "state": "paid", "amount_fen": order.amount_fen, "transaction_no": "T1"}
    body, timestamp = json.dumps(news).encode(), str(int(time.time()))
    headers = {signing.TIMESTAMP: timestamp, signing.SIGNATURE: signing.signature(timestamp, body)}
    answer = APIClient().post("/api/v1/payments/notify/", body, content_type="application/json", headers=headers)
    return int(answer.status_code)
