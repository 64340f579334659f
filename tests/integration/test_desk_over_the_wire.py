"""What staff decide, carried all the way to the simulated insurer and payment institution."""

import pytest
from django.conf import LazySettings

from hospital.models import Patient
from insurance.desk import acting, decisions
from insurance.desk.actions import Action
from insurance.ledger import entries
from insurance.models import PaymentOrder, Refund, Settlement, Trial
from insurance.payment import gateway, orders, refunds
from insurance.settlement import collecting, steps
from insurance.trial import admission, frozen, turns
from tests.integration import doing
from tests.integration.brought import seen, somebody
from tests.simulators import Simulator

WHY = "the patient came to the desk"


@pytest.fixture
def trial(insurer: Simulator, payments: Simulator) -> Trial:
    """A bill that leaves a part to be paid."""
    return doing.priced(doing.somebody_who_pays_cash())


def asked(who: Patient) -> Trial:
    """A place in the line."""
    return admission.enter(doing.told(who))


def at_once(settlement: Settlement, action: Action) -> None:
    acting.at_once(seen(settlement), action, who=somebody("clerk"), why=WHY)


def both(settlement: Settlement, action: Action, evidence: str = "") -> None:
    decision = decisions.propose(seen(settlement), action, who=somebody("clerk"), why=WHY, evidence=evidence)
    decisions.approve(decision, who=somebody("supervisor"))


def paid(settlement: Settlement) -> Settlement:
    """The patient pays, and we hear of it."""
    doing.pay(settlement)
    assert settlement.payment is not None
    orders.learn(settlement.payment.order_no, gateway.query(settlement.payment.order_no))
    collecting.collect_due()
    return settlement


def standing(insurer: Simulator) -> list[str]:
    return [row["setl_id"] for row in insurer.ledger()["settlements"] if not row["refunded"]]


def complete(trial: Trial) -> Settlement:
    return doing.recovered(paid(doing.paying(trial)), "completed")


def test_a_completed_settlement_is_undone_and_the_money_goes_back(
    trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    settlement = complete(trial)
    both(settlement, Action.UNDO)
    doing.recovered(settlement, "refunding")
    assert standing(insurer) == []
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
    assert payments.ledger()["totals"]["cash_fen"] == 0
    assert {leg: fen for leg, fen in entries.balance(settlement.number).items() if leg not in ("cash", "refund")} == {}


def test_what_was_asked_in_vain_is_asked_again_and_goes_on(
    trial: Trial, insurer: Simulator, settings: LazySettings
) -> None:
    settings.SETTLEMENT_ATTEMPTS_SECONDS = [10, 60]
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1}, {"infno": "5204", "kind": "lose"})
    settlement = doing.insured(trial)
    doing.recovered(settlement, "manual")
    insurer.faults()
    at_once(settlement, Action.ASK)
    doing.recovered(settlement, "insured")
    assert standing(insurer) == [settlement.setl_id]


def test_what_the_network_contradicted_is_told_again_when_the_record_is_mended(
    trial: Trial, insurer: Simulator
) -> None:
    settlement = paid(doing.paying(trial))
    insurer.faults({"infno": "5203", "kind": "wrong_totals"})
    doing.recovered(settlement, "manual")
    insurer.faults()
    at_once(settlement, Action.TELL)
    doing.recovered(settlement, "completed")


def test_other_amounts_are_undone_and_the_patient_starts_anew(trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "wrong_totals"}, {"infno": "5203", "kind": "wrong_totals"})
    settlement = doing.insured(trial)
    doing.recovered(settlement, "manual")
    insurer.faults()
    both(settlement, Action.UNDO)
    doing.recovered(settlement, "reversed")
    assert standing(insurer) == []
    assert [decision.state for decision in settlement.decisions.all()] == ["carried_out"]


def test_a_refund_that_was_refused_goes_back_when_it_is_decided(
    trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    settlement = paid(doing.paying(trial))
    doing.recovered(settlement, "completed")
    both(settlement, Action.UNDO)
    doing.recovered(settlement, "refunding")
    order_as_it_is = PaymentOrder.objects.get().order_no
    PaymentOrder.objects.update(order_no="S-nowhere")
    refunds.give_back_due()
    PaymentOrder.objects.update(order_no=order_as_it_is)
    collecting.follow()
    assert (doing.state_of(settlement), Refund.objects.get().state) == ("manual", "refused")
    both(settlement, Action.REFUND)
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
    assert payments.ledger()["totals"]["refunded_fen"] == settlement.cash_fen


def test_what_the_institution_disputed_goes_on_when_it_is_cleared_up(
    trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    """The institution had lost the order; asked again, the order is opened anew and can be paid."""
    settlement = doing.paying(trial)
    payments.reset()
    PaymentOrder.objects.update(due_at="2020-01-01T00:00:00Z")
    collecting.collect_due()
    collecting.follow()
    assert doing.state_of(settlement) == "manual"
    at_once(settlement, Action.ASK)
    doing.recovered(settlement, "insured")
    doing.now_due(settlement)
    collecting.collect_due()
    collecting.follow()
    assert doing.state_of(settlement) == "paying", settlement.last_error
    doing.recovered(paid(settlement), "completed")


def test_a_frozen_trial_is_made_anew_at_its_place(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "wrong_totals", "times": 1})
    first = asked(doing.somebody_who_pays_cash())
    turns.take_one()
    assert doing.state_of(first) == "frozen"
    second = asked(doing.somebody_who_pays_cash())
    frozen.back_into_the_line(first, who="a test", why=WHY)
    turns.take_one()
    assert (doing.state_of(first), doing.state_of(second)) == ("priced", "waiting")


def test_an_evidenced_end_sends_nothing_to_anybody(trial: Trial, insurer: Simulator, payments: Simulator) -> None:
    settlement = paid(doing.paying(trial))
    insurer.faults({"infno": "5203", "kind": "wrong_totals"})
    doing.recovered(settlement, "manual")
    before = (insurer.stats()["calls"], payments.stats()["calls"])
    both(settlement, Action.VOID, "taken back at the insurer's desk; cash at the counter, receipt 17")
    collecting.collect_due()
    assert not steps.recover_one()
    assert (insurer.stats()["calls"], payments.stats()["calls"]) == before
    assert doing.state_of(settlement) == "reversed"
