"""Lost answers, refusals, throttling and wrong sums, in every dialect."""

import logging

import pytest

from insurance.interface.profile import Operation
from insurance.models import InterfaceCall, Visit
from insurance.settlement import collecting, giving_up, steps
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests import factories
from tests.conformance.conftest import Centre
from tests.integration import doing
from tests.simulators import Simulator

LOST = ("lose", "rubbish")
"""Carried out, and nothing comes back, or nothing that can be read. The other ways are the transports' own tests."""


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_settlement_is_found_by_asking(centre: Centre, trial: Trial, fault: str) -> None:
    centre.goes_wrong(Operation.SETTLE, fault)
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "unknown"
    for step in (steps.settle_one, collecting.collect_due, steps.settle_one):
        step()
    assert (doing.state_of(settlement), centre.calls(Operation.SETTLE)) == ("unknown", 1), "never sent on a guess"
    doing.recovered(settlement, "insured")
    (theirs,) = centre.standing()
    assert theirs["msgid"] == settlement.settle_msgid
    assert (theirs["fund_fen"], theirs["cash_fen"]) == (settlement.fund_fen, settlement.cash_fen)


def test_what_never_arrived_is_settled_once_after_it_was_seen_undone(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "drop_before")
    settlement = doing.insured(trial)
    first = settlement.settle_msgid
    doing.now_due(settlement)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "unknown", "it may still arrive"
    doing.recovered(settlement, "waiting")
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured", settlement.last_error
    assert settlement.settle_msgid != first
    assert len(centre.standing()) == 1


def test_what_is_given_up_while_unknown_is_taken_back(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "lose")
    settlement = doing.insured(trial)
    giving_up.give_up(settlement)
    doing.recovered(settlement, "reversed")
    assert centre.standing() == []
    assert len(centre.ledger()["settlements"]) == 2, "it was there, and was taken back"


def test_a_lost_cancellation_is_seen_and_not_believed(centre: Centre, trial: Trial) -> None:
    settlement = doing.paying(trial)
    giving_up.give_up(settlement)
    centre.goes_wrong(Operation.CANCEL, "lose")
    collecting.collect_due()
    doing.recovered(settlement, "reversed", most=8)
    assert centre.standing() == []


def test_a_doubled_message_leaves_one_settlement(centre: Centre, payments: Simulator) -> None:
    trial = doing.priced(doing.somebody_whose_account_covers())
    centre.goes_wrong(Operation.SETTLE, "duplicate")
    settlement = doing.insured(trial)
    doing.recovered(settlement, "completed")
    assert [row["msgid"] for row in centre.standing()] == [settlement.settle_msgid]


def test_an_answer_with_other_sums_is_asked_about(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "wrong_totals")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "unknown"
    doing.recovered(settlement, "insured")


def test_a_bill_that_does_not_add_up_is_shown_to_nobody(centre: Centre, payments: Simulator) -> None:
    centre.goes_wrong(Operation.TRIAL, "wrong_totals")
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    assert turns.take_one()
    assert doing.state_of(trial) == "frozen"
    assert "identity" in trial.last_error


@pytest.mark.parametrize("fault", ["throttle", "gateway_401"])
def test_what_was_surely_not_done_keeps_its_place(centre: Centre, trial: Trial, fault: str) -> None:
    other = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    centre.goes_wrong(Operation.TRIAL, fault)
    assert turns.take_one()
    assert doing.state_of(other) == "waiting"
    settlement = doing.opened(trial)
    centre.goes_wrong(Operation.SETTLE, fault)
    doing.now_due(settlement)
    assert steps.settle_one()
    assert doing.state_of(settlement) == "waiting"
    assert centre.standing() == []
    doing.now_due(settlement)
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured", settlement.last_error


def test_a_refused_settlement_ends_and_a_new_trial_is_possible(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "refuse")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "refused"
    again = admission.enter(settlement.appointment)
    assert turns.take_one()
    assert doing.state_of(again) == "priced", again.last_error
    assert doing.state_of(doing.insured(again)) == "insured"
    assert len(centre.standing()) == 1


def test_a_refusal_names_nobody(centre: Centre, payments: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    who = factories.patient(name="张三丰")
    centre.goes_wrong(Operation.TRIAL, "refuse", message=f"参保人员：张三丰，{who.id_number}，待遇已冻结")
    trial = admission.enter(doing.told(who))
    with caplog.at_level(logging.DEBUG):
        assert turns.take_one()
    assert doing.state_of(trial) == "refused"
    notes = InterfaceCall.objects.values_list("note", flat=True)
    for text in (trial.refusal, trial.last_error, caplog.text, *notes):
        assert "张三丰" not in text and who.id_number not in text
    assert "待遇已冻结" in trial.refusal


@pytest.mark.parametrize("operation", [Operation.REGISTER, Operation.UPLOAD_CHARGES])
def test_a_trial_goes_on_where_an_answer_was_lost(centre: Centre, payments: Simulator, operation: Operation) -> None:
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    centre.goes_wrong(operation, "lose")
    assert turns.take_one()
    assert doing.state_of(trial) == "waiting"
    doing.now_due(trial)
    assert turns.take_one()
    assert doing.state_of(trial) == "priced", trial.last_error
    visit = Visit.objects.get(appointment=trial.appointment)
    live = [row for row in centre.ledger()["visits"] if not row["cancelled"]]
    assert [row["mdtrt_id"] for row in live] == [visit.mdtrt_id]
    assert live[0]["lines"] == 2, "none is there twice"
