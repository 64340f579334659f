"""One turn of the trial lane against the simulated insurer."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.db.models.functions import Now

from hospital.models import Notice
from insurance.interface.errors import NotSent
from insurance.models import InterfaceCall, Permit, Trial, Visit
from insurance.quota import insurers, permits
from insurance.quota.exchange import exchange
from insurance.quota.lanes import Lane
from insurance.states import TrialState
from insurance.trial import admission, conversation, line, turns
from tests import factories
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator, free_port

STEPS = ["1101", "2201", "2203A", "2204", "2206A"]


def waiting() -> Trial:
    return admission.enter(factories.told()[0])


def test_a_told_patient_gets_a_price(insurer: Simulator) -> None:
    trial = waiting()
    assert turns.take_one()
    trial.refresh_from_db()
    assert trial.state == TrialState.PRICED
    parts = (trial.fund_fen, trial.account_fen, trial.cash_fen, trial.hospital_fen)
    assert trial.total_fen == sum(part or 0 for part in parts) == 3052
    assert list(InterfaceCall.objects.order_by("pk").values_list("infno", "outcome")) == [
        (infno, "answered") for infno in STEPS
    ]


def test_who_has_a_price_is_told_until_when(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    notice = Notice.objects.get(appointment=trial.appointment, kind="priced")
    assert set(notice.facts) == {"valid_until", "trial"} and notice.facts["trial"] == trial.pk


def test_one_turn_is_one_metered_call_under_one_permit(insurer: Simulator) -> None:
    waiting()
    turns.take_one()
    assert [call.infno for call in InterfaceCall.objects.filter(metered=True)] == ["2206A"]
    assert set(InterfaceCall.objects.values_list("permit_id", flat=True)) == {Permit.objects.get(takings=1).pk}
    assert insurer.stats()["calls"] == dict.fromkeys(STEPS, 1)


@pytest.mark.parametrize("infno", STEPS)
def test_a_lost_answer_is_asked_again_and_registers_once(insurer: Simulator, infno: str) -> None:
    insurer.faults({"infno": infno, "kind": "lose", "times": 1})
    trial = waiting()
    turns.take_one()
    assert (doing.state_of(trial), trial.attempt) == ("waiting", 1)
    doing.now_due(trial)
    turns.take_one()
    assert doing.state_of(trial) == "priced"
    assert len(insurer.ledger()["visits"]) == 1


@pytest.mark.parametrize("infno", ["1101", "2204", "2206A"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("throttle", "Throttled"),
        ("gateway_401", "NotSent"),
        ("rubbish", "OutcomeUnknown"),
        ("html", "OutcomeUnknown"),
        ("empty", "OutcomeUnknown"),
        ("half", "OutcomeUnknown"),
        ("http_500", "OutcomeUnknown"),
        ("drop_before", "OutcomeUnknown"),
    ],
)
def test_without_a_usable_answer_the_trial_keeps_its_place(
    insurer: Simulator, infno: str, fault: str, reason: str
) -> None:
    insurer.faults({"infno": infno, "kind": fault, "times": 1})
    trial, next_one = (admission.enter(appointment) for appointment in factories.told(2))
    turns.take_one()
    assert (doing.state_of(trial), trial.last_error.partition(":")[0]) == ("waiting", reason)
    assert (trial.leased_until, line.place_of(next_one).ahead) == (None, 1)
    assert not Trial.due("waiting").filter(pk=trial.pk).exists(), "not again at once"
    doing.now_due(trial)
    turns.take_one()
    assert doing.state_of(trial) == "priced"


def test_an_insurer_that_hangs_is_given_up_in_time(insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_TIMEOUT_SECONDS = 1
    forget_the_insurer()
    insurer.faults({"infno": "2206A", "kind": "hang", "seconds": 30})
    trial = waiting()
    assert turns.take_one()
    assert (doing.state_of(trial), trial.last_error.partition(":")[0]) == ("waiting", "OutcomeUnknown")


def test_an_insurer_that_is_down_was_not_reached(insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_URL = f"http://127.0.0.1:{free_port()}"
    forget_the_insurer()
    trial = waiting()
    turns.take_one()
    assert (doing.state_of(trial), trial.last_error.partition(":")[0]) == ("waiting", "NotSent")
    assert InterfaceCall.objects.get().outcome == "not_sent"


@pytest.mark.parametrize("infno", ["1101", "2201", "2206A"])
def test_a_refusal_is_told_to_the_patient(insurer: Simulator, infno: str) -> None:
    insurer.faults({"infno": infno, "kind": "refuse", "message": "参保人员:王小明 110101199001010011 未参保"})
    trial = waiting()
    turns.take_one()
    assert doing.state_of(trial) == "refused"
    notice = Notice.objects.get(appointment=trial.appointment, kind="trial_refused")
    assert "未参保" in notice.facts["reason"]
    for text in (notice.facts["reason"], trial.refusal, InterfaceCall.objects.latest("pk").note):
        assert "110101199001010011" not in text and "王小明" not in text
    insurer.faults()
    again = admission.enter(trial.appointment)
    turns.take_one()
    assert doing.state_of(again) == "priced"


def test_a_turn_without_anybody_waiting_gives_its_permit_back(insurer: Simulator) -> None:
    assert not turns.take_one()
    assert Permit.objects.filter(takings__gt=0).count() == 1
    assert not Permit.objects.filter(free_at__gt=Now()).exists()
    assert insurer.stats()["calls"] == {}


def test_without_a_permit_nothing_is_sent(insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 1
    first, second = (admission.enter(appointment) for appointment in factories.told(2))
    assert (turns.take_one(), turns.take_one()) == (True, False)
    assert (doing.state_of(first), doing.state_of(second), second.attempt) == ("priced", "waiting", 0)
    assert insurer.stats()["calls"]["2206A"] == 1


def test_contradictory_amounts_freeze_the_trial(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "wrong_totals"})
    trial = waiting()
    turns.take_one()
    assert doing.state_of(trial) == TrialState.FROZEN
    assert "identity" in trial.last_error


def test_under_a_permit_whose_time_is_over_nothing_leaves(insurer: Simulator) -> None:
    trial = waiting()
    held = permits.take(Lane.TRIAL, turn_seconds=0)
    assert held is not None
    with pytest.raises(NotSent), exchange(held, Lane.TRIAL, "trial") as client:
        conversation.price(client, trial, list(trial.appointment.charges.all()))
    assert InterfaceCall.objects.get().outcome == "not_sent"
    assert insurer.stats()["calls"] == {}


def test_a_permit_carries_one_metered_message(insurer: Simulator) -> None:
    waiting()
    trial = line.claim_next(insurers.default(), 60)
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    assert held is not None and trial is not None
    lines = list(trial.appointment.charges.order_by("pk"))
    with pytest.raises(NotSent), exchange(held, Lane.TRIAL, "trial") as client:
        conversation.price(client, trial, lines)
        conversation.price(client, trial, lines)
    assert insurer.stats()["calls"]["2206A"] == 1
    assert Permit.objects.filter(free_at__gt=Now()).get().pk == held.permit_id, "the first one has arrived"


def test_a_permit_is_free_a_window_after_the_last_answer(insurer: Simulator) -> None:
    waiting()
    turns.take_one()
    Permit.objects.update(free_at=F("free_at") - timedelta(seconds=58))
    assert Permit.objects.filter(free_at__gt=Now()).count() == 1
    Permit.objects.update(free_at=F("free_at") - timedelta(seconds=2 + permits.MARGIN_SECONDS))
    assert not Permit.objects.filter(free_at__gt=Now()).exists()


def test_an_interrupted_trial_goes_on_where_it_stopped(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "throttle", "times": 1})
    trial = waiting()
    turns.take_one()
    doing.now_due(trial)
    turns.take_one()
    assert insurer.stats()["calls"] == {"1101": 1, "2201": 1, "2203A": 1, "2204": 1, "2206A": 2}
    assert Visit.objects.get(appointment=trial.appointment).mdtrt_id == insurer.ledger()["visits"][0]["mdtrt_id"]


def test_a_call_that_the_gateway_turned_away_has_arrived(insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 1
    insurer.faults({"infno": "2206A", "kind": "gateway_401"})
    for appointment in factories.told(2):
        admission.enter(appointment)
    assert (turns.take_one(), turns.take_one()) == (True, False)
    assert insurer.stats()["calls"]["2206A"] == 1
