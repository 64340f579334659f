"""One settlement carried to its end by processes that die: what is done in turn, what the patient does, what time does.

Whatever happened, in the end our books, the insurer's and the payment institution's must be equal, to the fen.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.conf import settings
from django.db import connection
from rest_framework.test import APIClient

from hospital.models import Patient
from insurance.ledger import entries
from insurance.ledger.models import Leg
from insurance.models import Refund, Settlement
from insurance.payment.models import PaymentOrder
from insurance.settlement import claims, collecting, recording, steps
from insurance.settlement.heard import Heard
from insurance.settlement.saga import Event
from insurance.states import PaymentState, RefundState, SettlementState
from insurance.trial import turns
from insurance.trial.models import Visit
from tests.books import LEGS
from tests.integration import claiming, doing
from tests.integration.failpoints import Life
from tests.simulators import SECRET, Simulator

ENDED = (SettlementState.COMPLETED, SettlementState.REVERSED, SettlementState.REFUSED)
ROUNDS = 14

TURNS: tuple[Callable[[], object], ...] = (
    steps.settle_one,
    collecting.collect_due,
    recording.mark_lapsed,
    steps.recover_one,
    collecting.collect_due,
)
OF_A_CLAIM: tuple[Callable[[], object], ...] = (turns.recover_lapsed, turns.take_one, claims.follow)
"""What the hospital does in a round, each by a process of its own."""

Rule = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is settled, what goes wrong on the wire, and what the patient does. `ends`: how it may end."""

    who: Callable[[], Patient] = doing.somebody_who_pays_cash
    mode: str = "insurance"
    insurer: tuple[Rule, ...] = ()
    payments: tuple[Rule, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    at: Mapping[str, Callable[[Settlement], object]] = field(default_factory=dict)
    """What somebody does when the settlement comes into a state, once."""
    callbacks: tuple[str, ...] = ()
    """What the institution calls back with again and again, by a process of ours that may die in it, too."""
    ends: tuple[str, ...] = (SettlementState.COMPLETED,)
    or_ends: tuple[str, ...] = ()
    """How it may end, too, when somebody has died meanwhile."""


def pays(settlement: Settlement) -> None:
    """The patient pays, if the institution still takes it."""
    if settlement.payment is not None and settlement.payment.pay_url:
        httpx.post(settlement.payment.pay_url, trust_env=False)


def pays_late(settlement: Settlement) -> None:
    """The order is closed already, and the money comes all the same. The institution calls back. Nobody pays where
    there was no order yet."""
    if settlement.payment is None:
        return
    pays(settlement)
    call_back(settlement, "paid")


def call_back(settlement: Settlement, state: str, *, secret: str = SECRET) -> int:
    """A signed callback; the status of our answer."""
    order = PaymentOrder.objects.get(order_no=settlement.number)
    news = {"order_no": order.order_no, "state": state, "amount_fen": order.amount_fen, "transaction_no": "T1"}
    body, timestamp = json.dumps(news).encode(), str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{timestamp}\n".encode() + body, hashlib.sha256).hexdigest()
    signed = {"X-Payment-Timestamp": timestamp, "X-Payment-Signature": signature}
    url = f"{doing.API}/payments/notify/"
    return int(APIClient().post(url, body, content_type="application/json", headers=signed).status_code)


def gives_up(settlement: Settlement) -> None:
    """The patient does not want it any more."""
    Settlement.objects.filter(pk=settlement.pk).update(wanted=False)


def pays_and_gives_up(settlement: Settlement) -> None:
    """Both, one after the other."""
    pays(settlement)
    gives_up(settlement)


def is_undone_by_staff(settlement: Settlement) -> None:
    """Two persons have decided that it is to be undone."""
    recording.record(settlement, Heard(Event.UNDO, reason="a test"))


@dataclass
class Course:
    """One settlement on its way."""

    case: Case
    settlement: Settlement
    done: set[str] = field(default_factory=set)
    states: list[str] = field(default_factory=list)

    def to_its_end(self, life: Life) -> None:
        """Round after round; who has died is succeeded by the next. Raises when it does not end."""
        for _ in range(ROUNDS):
            self._round(life)
            over = self._is_over()
            life.a_round_has_passed(all_arrives=over)
            if over:
                return
        raise AssertionError(f"{self.settlement.state}: {self.settlement.last_error} after {self.states}")

    def _round(self, life: Life) -> None:
        for turn in (*TURNS, *(OF_A_CLAIM if self.case.mode == "claim_later" else ())):
            self._meanwhile()
            time_passes(settling=not life.on_its_way)
            life.run(turn)
        for state in self.case.callbacks:
            life.run(lambda state=state: self._called_back(state))

    def _called_back(self, state: str) -> None:
        """Of an order that is known there; that money came is said only when it has."""
        order = PaymentOrder.objects.filter(order_no=self.settlement.number).exclude(pay_url="").first()
        if order is not None and (state != "paid" or "paying" in self.done):
            assert call_back(self.settlement, "paid", secret="forged") == 403
            assert call_back(self.settlement, state) == 200

    def _meanwhile(self) -> None:
        state = doing.state_of(self.settlement)
        self.states.append(state)
        act = self.case.at.get(state)
        if act is not None and state not in self.done:
            self.done.add(state)
            act(Settlement.objects.select_related("payment").get(pk=self.settlement.pk))

    def _is_over(self) -> bool:
        """No act is still to come, and no money is still to go back: neither a refund that is due, nor what was paid
        after the end and is taken up by the next round."""
        state = doing.state_of(self.settlement)
        to_come = state in self.case.at and state not in self.done
        due = Refund.objects.filter(order__order_no=self.settlement.number, state=RefundState.DUE)
        in_vain = PaymentOrder.objects.filter(order_no=self.settlement.number, state=PaymentState.PAID)
        to_go_back = due.exists() or (state == SettlementState.REVERSED and in_vain.exists())
        return state in ENDED and not to_come and not to_go_back


_TIME_PASSES = """
    UPDATE insurance_settlement SET due_at = clock_timestamp(), leased_until = created_at
     WHERE state = ANY(%(open)s) AND (due_at > clock_timestamp() OR leased_until > clock_timestamp());
    UPDATE insurance_trial SET due_at = clock_timestamp(), leased_until = created_at
     WHERE state = ANY(%(out)s) AND (due_at > clock_timestamp() OR leased_until > clock_timestamp());
    UPDATE insurance_refund SET due_at = clock_timestamp() WHERE state = 'due' AND due_at > clock_timestamp();
    UPDATE insurance_paymentorder SET due_at = clock_timestamp() WHERE state = 'open' AND due_at > clock_timestamp();
    UPDATE insurance_permit SET free_at = clock_timestamp() WHERE free_at > clock_timestamp();
    UPDATE insurance_slot SET free_at = clock_timestamp() WHERE free_at > clock_timestamp();
    UPDATE insurance_quota SET next_at = clock_timestamp() WHERE next_at > clock_timestamp();
"""
_ALL_HAS_ARRIVED = """
    UPDATE insurance_interfacecall SET sent_at = clock_timestamp() - make_interval(secs => %(settling)s)
     WHERE sent_at > clock_timestamp() - make_interval(secs => %(settling)s)
"""


def time_passes(*, settling: bool = True) -> None:
    """Leases are over, waits too; and, unless something is on its way, nothing that was sent can arrive any more."""
    under_way = [state.value for state in SettlementState if state not in ENDED]
    with connection.cursor() as cursor:
        cursor.execute(_TIME_PASSES, {"open": under_way, "out": ["waiting", "calling"]})
        if settling:
            cursor.execute(_ALL_HAS_ARRIVED, {"settling": settings.SETTLEMENT_SETTLING_SECONDS + 1})


def assert_books_are_equal(settlement: Settlement, insurer: Mapping[str, Any], payments: Mapping[str, Any]) -> None:
    """Of this settlement: what stands at the insurer, what was collected, and what our ledger says of both."""
    settlement.refresh_from_db()
    ours = entries.balance(settlement.number)
    mdtrt_id = Visit.objects.get(appointment=settlement.appointment_id).mdtrt_id
    live = [row for row in insurer["settlements"] if row["mdtrt_id"] == mdtrt_id and not row["refunded"]]
    completed = settlement.state == SettlementState.COMPLETED
    insured = completed and settlement.mode == "insurance"
    assert [row["setl_id"] for row in live] == ([settlement.setl_id] if insured else [])
    for leg, name in LEGS.items():
        assert ours.get(leg, 0) == sum(row[name] for row in live), leg
    with_us = sum(
        order["amount_fen"] - order["refunded_fen"]
        for order in payments["orders"]
        if order["order_no"] == settlement.number and order["paid_at"]
    )
    assert ours.get(Leg.CASH, 0) + ours.get(Leg.REFUND, 0) == with_us
    assert with_us == (settlement.cash_fen if completed else 0)
    reports = [row["cash_fen"] for row in insurer["self_pay"]["rows"] if row["key"] == key_of(settlement)]
    if completed and not insured:
        assert reports == [settlement.cash_fen]


def key_of(settlement: Settlement) -> str:
    """What the network knows a self-pay report by."""
    return str(Visit.objects.get(appointment=settlement.appointment_id).ipt_otp_no)


def begun(case: Case, insurer: Simulator, payments: Simulator) -> Course:
    """Accepted, with what is to go wrong waiting on the other sides."""
    claims_later = case.mode == "claim_later"
    trial = claiming.waiting(case.who()) if claims_later else doing.priced(case.who())
    insurer.faults(*case.insurer)
    payments.faults(*case.payments)
    settlement = doing.opened(trial, case.mode)
    if claims_later:
        claiming.open_again()
    return Course(case, settlement)
