"""The ledger's sums of a settlement are what its state says, on every way through; what is wrong is found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind, Leg
from insurance.models import PaymentOrder, Settlement
from insurance.payment import gateway, orders
from insurance.reconciliation import days
from insurance.reconciliation.proof_of_books import unproved
from insurance.settlement import collecting, steps
from insurance.settlement.saga import Event
from tests.integration import doing
from tests.integration.laid_beside import said
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("insurer", "payments")


def nothing_wrong() -> None:
    assert unproved() == [] == unproved(days.local_day(timezone.now()))


def paid(settlement: Settlement) -> Settlement:
    doing.pay(settlement)
    orders.learn(settlement.number, gateway.query(settlement.number))
    nothing_wrong()
    collecting.collect_due()
    return settlement


def completed() -> Settlement:
    return doing.recovered(paid(doing.paying(doing.priced(doing.somebody_who_pays_cash()))), "completed")


def test_every_step_there_and_back_is_proved(insurer: Simulator) -> None:
    trial = doing.priced(doing.somebody_who_pays_cash())
    settlement = doing.opened(trial)
    nothing_wrong()
    steps.settle_one()
    nothing_wrong()
    collecting.collect_due()
    assert doing.state_of(settlement) == "paying"
    paid(settlement)
    nothing_wrong()
    doing.recovered(settlement, "completed")
    nothing_wrong()
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "refunding")
    nothing_wrong()
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
    nothing_wrong()


def test_self_pay_a_refusal_and_a_lost_answer_are_proved(insurer: Simulator) -> None:
    self_pay = paid(doing.paying(doing.priced(doing.somebody_who_pays_cash()), "self_pay"))
    doing.recovered(self_pay, "completed")
    insurer.faults({"infno": "2207A", "kind": "refuse", "times": 1})
    assert doing.state_of(doing.insured(doing.priced(doing.somebody_who_pays_cash()))) == "refused"
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1})
    lost = doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    nothing_wrong()
    doing.recovered(lost, "completed")
    nothing_wrong()


@pytest.mark.parametrize(
    ("leg", "kind", "fen", "side"),
    [
        (Leg.FUND, Kind.SETTLED, 1, "insurer"),
        (Leg.OWN, Kind.SETTLED, 1, "insurer"),
        (Leg.HOSPITAL, Kind.SETTLED, 1, "insurer"),
        (Leg.CASH, Kind.PAID, 1, "money"),
        (Leg.REFUND, Kind.REFUNDED, -1, "money"),
    ],
)
def test_one_fen_too_many_is_found(leg: Leg, kind: Kind, fen: int, side: str) -> None:
    settlement = completed()
    nothing_wrong()
    entries.book(settlement.number, [Amounts(kind, "another", "test", timezone.now(), ((leg, fen),))])
    (wrong,) = unproved()
    assert (wrong.number, wrong.state) == (settlement.number, "completed")
    assert f"{side} not as booked" in wrong.told
    assert (wrong.insurer_agrees, wrong.money_agrees) == (side != "insurer", side != "money")
    assert unproved(days.local_day(timezone.now())) == [wrong]
    assert unproved(days.local_day(timezone.now()) - timedelta(days=3)) == []


def test_a_settlement_that_ended_without_effect_holds_nothing(insurer: Simulator) -> None:
    """A person says that nothing of it stands, and the ledger says otherwise."""
    insurer.faults({"infno": "5203", "kind": "wrong_totals"})
    settlement = doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    doing.recovered(settlement, "manual")
    nothing_wrong()
    said(settlement, Event.VOID)
    (wrong,) = unproved()
    assert wrong.told == "reversed: insurer not as booked (1 at the insurer with 3052 fen, 0 paid, 0 back)"


def test_an_order_that_says_paid_without_an_entry_is_found() -> None:
    settlement = completed()
    PaymentOrder.objects.filter(order_no=settlement.number).update(amount_fen=settlement.cash_fen + 1)
    (wrong,) = unproved()
    assert not wrong.money_agrees
