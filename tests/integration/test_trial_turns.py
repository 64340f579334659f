"""One turn of the trial lane against the simulated insurer."""

import pytest

from insurance.models import InterfaceCall, Permit
from insurance.states import TrialState
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests import factories
from tests.simulators import Simulator


def test_a_told_patient_gets_a_price(insurer: Simulator) -> None:
    trial = admission.enter(factories.told()[0])
    assert turns.take_one()
    trial.refresh_from_db()
    assert trial.state == TrialState.PRICED
    assert trial.total_fen == trial.fund_fen + trial.account_fen + trial.cash_fen + trial.hospital_fen == 3052
    assert list(InterfaceCall.objects.order_by("pk").values_list("infno", "outcome")) == [
        (infno, "answered") for infno in ("1101", "2201", "2203A", "2204", "2206A")
    ]


@pytest.mark.parametrize("infno", ["1101", "2201", "2203A", "2204", "2206A"])
def test_a_lost_answer_is_asked_again_and_registers_once(insurer: Simulator, infno: str) -> None:
    insurer.faults({"infno": infno, "kind": "lose", "times": 1})
    trial = admission.enter(factories.told()[0])
    turns.take_one()
    trial.refresh_from_db()
    assert (trial.state, trial.attempt) == (TrialState.WAITING, 1)
    Trial.objects.update(due_at=trial.created_at)
    turns.take_one()
    trial.refresh_from_db()
    assert trial.state == TrialState.PRICED
    assert len(insurer.ledger()["visits"]) == 1


def test_a_turn_without_anybody_waiting_gives_its_permit_back(insurer: Simulator) -> None:
    assert not turns.take_one()
    assert Permit.objects.filter(takings__gt=0).count() == 1
    assert insurer.stats()["calls"] == {}


def test_contradictory_amounts_freeze_the_trial(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "wrong_totals"})
    trial = admission.enter(factories.told()[0])
    turns.take_one()
    trial.refresh_from_db()
    assert trial.state == TrialState.FROZEN
    assert "identity" in trial.last_error
