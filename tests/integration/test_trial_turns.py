"""One turn of the trial lane against the simulated insurer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.db.models.functions import Now

from hospital import worklist
from hospital.appointments import booking, charges
from hospital.errors import Conflict
from hospital.models import Appointment, Notice
from insurance.interface.errors import NotSent, OutcomeUnknown
from insurance.models import InterfaceCall, Permit, Trial, Visit
from insurance.quota import lanes, permits
from insurance.quota.exchange import exchange
from insurance.quota.lanes import Lane
from insurance.states import TrialState
from insurance.trial import admission, conversation, line, turns
from tests import factories
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator, free_port

STEPS = ["1101", "2201", "2203A", "2204", "2206A"]
LINE = charges.Line(
    med_list_codg="001", medins_list_codg="H9", name="item", quantity=Decimal(2), unit_price=Decimal("10.005")
)


def waiting() -> Trial:
    return admission.enter(factories.told()[0])


def go_silent(trial: Trial) -> Trial:
    """Somebody takes the trial and is not heard of again."""
    taken = worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert taken == trial
    Trial.objects.filter(pk=trial.pk).update(leased_until=Now() - timedelta(seconds=1))
    return taken


def test_a_told_patient_gets_a_price(insurer: Simulator) -> None:
    trial = waiting()
    assert turns.take_one()
    trial.refresh_from_db()
    assert trial.state == TrialState.PRICED
    assert trial.total_fen == trial.fund_fen + trial.account_fen + trial.cash_fen + trial.hospital_fen == 3052
    assert list(InterfaceCall.objects.order_by("pk").values_list("infno", "outcome")) == [
        (infno, "answered") for infno in STEPS
    ]


def test_who_has_a_price_is_told_until_when(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    notice = Notice.objects.get(appointment=trial.appointment, kind="priced")
    assert set(notice.facts) == {"valid_until"}


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


def test_charges_changed_before_the_turn_are_the_ones_that_are_priced(insurer: Simulator) -> None:
    trial = waiting()
    charges.replace(trial.appointment, [LINE])
    turns.take_one()
    assert (doing.state_of(trial), trial.total_fen) == ("priced", 2001)


def test_charges_changed_during_the_call_send_it_back_to_its_place(insurer: Simulator) -> None:
    trial = waiting()
    taken = worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    assert taken is not None and held is not None
    old = list(taken.appointment.charges.order_by("pk"))
    with exchange(held, Lane.TRIAL, "trial") as client:
        bill = conversation.price(client, taken, old)
    charges.replace(trial.appointment, [LINE])
    turns.record(taken, bill, old)
    assert (doing.state_of(trial), trial.total_fen) == ("waiting", None)
    turns.take_one()
    assert (doing.state_of(trial), trial.total_fen) == ("priced", 2001)
    assert [visit["lines"] for visit in insurer.ledger()["visits"]] == [1], "the old lines were withdrawn"


def test_charges_changed_after_the_bill_supersede_it(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    charges.replace(trial.appointment, [LINE])
    assert doing.state_of(trial) == "superseded"
    again = admission.enter(trial.appointment)
    turns.take_one()
    assert (doing.state_of(again), again.total_fen) == ("priced", 2001)


def test_charges_are_not_changed_while_money_moves(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    doing.opened(trial)
    with pytest.raises(Conflict) as caught:
        charges.replace(trial.appointment, [LINE])
    assert caught.value.code == "already_settling"
    assert trial.appointment.charges.count() == 2


def test_an_answer_for_somebody_who_has_cancelled_is_not_used(insurer: Simulator) -> None:
    trial = waiting()
    taken = worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    assert taken is not None and held is not None
    lines = list(taken.appointment.charges.order_by("pk"))
    with exchange(held, Lane.TRIAL, "trial") as client:
        bill = conversation.price(client, taken, lines)
    booking.cancel(Appointment.objects.get(pk=trial.appointment_id))
    turns.record(taken, bill, lines)
    assert (doing.state_of(trial), trial.total_fen) == ("cancelled", None)


def test_a_failed_call_for_somebody_who_has_cancelled_does_not_stay_in_the_line() -> None:
    trial = waiting()
    taken = worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert taken is not None
    booking.cancel(Appointment.objects.get(pk=trial.appointment_id))
    turns.record_failure(taken, NotSent("no connection"))
    assert (doing.state_of(trial), line.waiting()) == ("cancelled", 0)


def test_a_turn_gone_silent_for_somebody_who_has_cancelled_does_not_stay_in_the_line() -> None:
    trial = waiting()
    go_silent(trial)
    booking.cancel(Appointment.objects.get(pk=trial.appointment_id))
    assert turns.recover_lapsed() == 1
    assert (doing.state_of(trial), line.waiting()) == ("cancelled", 0)


def test_a_turn_gone_silent_is_followed_by_another_at_the_same_place(insurer: Simulator) -> None:
    trial = waiting()
    go_silent(trial)
    assert turns.recover_lapsed() == 1
    assert doing.state_of(trial) == "waiting"
    assert turns.take_one()
    assert (doing.state_of(trial), trial.attempt) == ("priced", 2)


def test_a_turn_still_within_its_lease_is_left_alone() -> None:
    trial = waiting()
    worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert (turns.recover_lapsed(), doing.state_of(trial)) == (0, "calling")


def test_a_late_answer_after_the_lapse_is_not_used(insurer: Simulator) -> None:
    trial = waiting()
    late = go_silent(trial)
    turns.recover_lapsed()
    turns.take_one()
    with pytest.raises(worklist.Overtaken):
        turns.record_failure(late, OutcomeUnknown("late"))
    assert doing.state_of(trial) == "priced"


def test_under_a_permit_whose_time_is_over_nothing_leaves(insurer: Simulator) -> None:
    trial = waiting()
    held = permits.take(Lane.TRIAL, turn_seconds=0)
    assert held is not None
    with pytest.raises(NotSent), exchange(held, Lane.TRIAL, "trial") as client:
        conversation.price(client, trial, list(trial.appointment.charges.all()))
    assert InterfaceCall.objects.get().outcome == "not_sent"
    assert insurer.stats()["calls"] == {}


def test_a_permit_carries_one_metered_message(insurer: Simulator) -> None:
    trial = waiting()
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    assert held is not None
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
    Permit.objects.update(free_at=F("free_at") - timedelta(seconds=2))
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
