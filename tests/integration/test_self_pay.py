"""Self-pay where insurance cannot help, where nothing is to be paid, and where the institution says no."""

from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from hospital.appointments import charges
from hospital.errors import Conflict
from hospital.models import Notice
from insurance.models import PaymentOrder, Settlement, Trial
from insurance.payment import orders
from insurance.settlement import collecting, opening, steps
from insurance.trial import admission, turns
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator


@pytest.fixture
def refused_trial(insurer: Simulator) -> Trial:
    """A trial that the insurer would not make."""
    insurer.faults({"infno": "1101", "kind": "refuse", "message": "not insured"})
    trial = admission.enter(factories.told()[0])
    assert turns.take_one()
    assert doing.state_of(trial) == "refused"
    return trial


def test_what_the_insurer_refuses_may_be_paid_by_oneself(refused_trial: Trial, payments: Simulator) -> None:
    settlement = opening.open_settlement(refused_trial, "self_pay")
    assert (settlement.total_fen, settlement.cash_fen, settlement.fund_fen) == (3052, 3052, 0)
    collecting.collect_due()
    settlement.refresh_from_db()
    doing.pay(settlement)
    PaymentOrder.objects.update(due_at=Now())
    assert orders.ask_due() == 1
    collecting.collect_due()
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed"
    assert Notice.objects.filter(kind="completed").count() == 1


def test_but_not_by_insurance(refused_trial: Trial) -> None:
    with pytest.raises(Conflict, match="trial_not_priced"):
        opening.open_settlement(refused_trial, "insurance")


def test_and_not_beside_a_newer_trial(refused_trial: Trial) -> None:
    admission.enter(refused_trial.appointment)
    with pytest.raises(Conflict, match="newer_trial"):
        opening.open_settlement(refused_trial, "self_pay")
    assert doing.state_of(refused_trial) == "refused"


def test_nothing_to_pay_is_reported_without_an_order(refused_trial: Trial, insurer: Simulator) -> None:
    free = charges.Line(
        med_list_codg="001", medins_list_codg="H1", name="free", quantity=Decimal(1), unit_price=Decimal(0)
    )
    charges.replace(refused_trial.appointment, [free])
    settlement = opening.open_settlement(refused_trial, "self_pay")
    collecting.collect_due()
    assert doing.state_of(settlement) == "paid"
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed"
    assert not PaymentOrder.objects.exists()
    assert insurer.ledger()["self_pay"]["reports"] == 1


def test_an_order_that_is_refused_stands_before_a_person(refused_trial: Trial, payments: Simulator) -> None:
    settlement = opening.open_settlement(refused_trial, "self_pay")
    taken = orders.prepare(settlement.number, 1)  # the number is taken by an order of another amount
    orders.open_at_institution(taken, "other")
    taken.delete()
    collecting.collect_due()
    assert doing.state_of(settlement) == "manual"
    assert "409" in settlement.last_error


def test_an_institution_that_does_not_know_us_is_asked_again(
    refused_trial: Trial, payments: Simulator, settings: LazySettings
) -> None:
    settings.PAYMENT_SECRET = "another-secret-than-theirs-0123456789"
    settlement = opening.open_settlement(refused_trial, "self_pay")
    collecting.collect_due()
    assert doing.state_of(settlement) == "waiting"
    assert "401" in settlement.last_error
    assert Settlement.objects.get().attempt == 1
