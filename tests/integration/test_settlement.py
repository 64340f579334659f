"""Step 6 against the simulated insurer and payment institution: what goes well, and the insurer's leg going wrong."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from hospital import worklist
from hospital.errors import Conflict, Invalid
from hospital.models import Appointment, Notice
from insurance.ledger import entries
from insurance.models import InterfaceCall, PaymentOrder, Settlement, Trial, Visit
from insurance.payment import gateway, orders
from insurance.quota import lanes, permits
from insurance.quota.exchange import exchange, new_msgid
from insurance.quota.lanes import Lane
from insurance.settlement import collecting, opening, recording, steps
from insurance.settlement import standing as standing_at
from insurance.settlement.heard import Heard
from insurance.settlement.saga import Event
from insurance.trial import admission, conversation, turns
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator, free_port


@pytest.fixture
def cash_trial(insurer: Simulator, payments: Simulator) -> Trial:
    """A trial that leaves a part to be paid."""
    return doing.priced(doing.somebody_who_pays_cash())


@pytest.fixture
def covered_trial(insurer: Simulator) -> Trial:
    """A trial that leaves nothing to be paid."""
    return doing.priced(doing.somebody_whose_account_covers())


def refused(trial: Trial, mode: str = "insurance") -> str:
    with pytest.raises(Conflict) as caught:
        opening.open_settlement(Trial.objects.get(pk=trial.pk), mode)
    return caught.value.code


def standing(insurer: Simulator) -> list[dict[str, Any]]:
    return [row for row in insurer.ledger()["settlements"] if not row["refunded"]]


def test_insurance_with_a_part_in_cash(cash_trial: Trial, insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(cash_trial)
    assert settlement.payment is not None
    assert 0 < settlement.cash_fen == settlement.payment.amount_fen == cash_trial.cash_fen
    doing.pay(settlement)
    orders.learn(settlement.payment.order_no, gateway.query(settlement.payment.order_no))
    collecting.collect_due()
    assert doing.state_of(settlement) == "paid"
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed"
    assert Appointment.objects.get(pk=settlement.appointment_id).state == "completed"
    (theirs,) = standing(insurer)
    assert (theirs["setl_id"], theirs["msgid"]) == (settlement.setl_id, settlement.settle_msgid)
    assert (theirs["fund_fen"], theirs["cash_fen"]) == (settlement.fund_fen, settlement.cash_fen)
    assert payments.ledger()["totals"] == {"paid": 1, "cash_fen": settlement.cash_fen, "refunded_fen": 0}


def test_insurance_without_a_part_in_cash(covered_trial: Trial, insurer: Simulator) -> None:
    settlement = doing.insured(covered_trial)
    assert (doing.state_of(settlement), settlement.cash_fen, settlement.payment) == ("paid", 0, None)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed"
    assert Notice.objects.filter(appointment=settlement.appointment_id, kind="completed").count() == 1
    assert standing(insurer)[0]["account_fen"] == settlement.account_fen > 0


def test_self_pay_is_collected_first_and_then_reported(
    cash_trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    settlement = doing.paying(cash_trial, "self_pay")
    assert settlement.cash_fen == settlement.total_fen == doing.TOTAL_FEN
    assert settlement.payment is not None and not steps.settle_one()
    doing.pay(settlement)
    orders.learn(settlement.payment.order_no, gateway.query(settlement.payment.order_no))
    collecting.collect_due()
    steps.recover_one()
    assert doing.state_of(settlement) == "completed"
    ledger = insurer.ledger()
    assert ledger["settlements"] == []
    assert (ledger["self_pay"]["reports"], ledger["self_pay"]["cash_fen"]) == (1, doing.TOTAL_FEN)


def test_a_refused_settlement_ends_and_a_new_trial_is_possible(cash_trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "refuse"})
    settlement = doing.insured(cash_trial)
    assert (doing.state_of(settlement), doing.state_of(cash_trial)) == ("refused", "expired")
    insurer.faults()
    again = admission.enter(Appointment.objects.get(pk=settlement.appointment_id))
    turns.take_one()
    assert doing.state_of(again) == "priced"
    assert doing.state_of(doing.insured(again)) == "insured"
    assert len(standing(insurer)) == 1


@pytest.mark.parametrize(
    ("fault", "carried_out"),
    [("lose", 1), ("half", 1), ("http_500", 1), ("html", 1), ("empty", 1), ("rubbish", 1), ("drop_before", 0)],
)
def test_a_lost_answer_is_unknown_and_never_sent_again_on_a_guess(
    cash_trial: Trial, insurer: Simulator, fault: str, carried_out: int
) -> None:
    insurer.faults({"infno": "2207A", "kind": fault, "times": 1}, {"infno": "5204", "kind": "lose"})
    settlement = doing.insured(cash_trial)
    assert doing.state_of(settlement) == "unknown"
    Settlement.objects.update(due_at=Now() - timedelta(hours=1), leased_until=None)
    for step in (steps.settle_one, steps.recover_one, collecting.collect_due, recording.mark_lapsed, steps.settle_one):
        step()
    assert doing.state_of(settlement) == "unknown"
    assert (insurer.stats()["calls"]["2207A"], len(standing(insurer))) == (1, carried_out)
    assert InterfaceCall.objects.get(msgid=settlement.settle_msgid).outcome == "unknown"
    assert refused(cash_trial) == "already_settling"


@pytest.mark.parametrize("fault", ["lose", "half", "http_500", "html", "empty", "rubbish"])
def test_what_was_carried_out_is_found_by_asking(
    cash_trial: Trial, insurer: Simulator, payments: Simulator, fault: str
) -> None:
    insurer.faults({"infno": "2207A", "kind": fault, "times": 1})
    settlement = doing.insured(cash_trial)
    assert not steps.recover_one(), "not before its time"
    doing.now_due(settlement)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "insured"
    (theirs,) = standing(insurer)
    assert (settlement.setl_id, settlement.settle_msgid) == (theirs["setl_id"], theirs["msgid"])
    assert entries.balance(settlement.number)["fund"] == theirs["fund_fen"]
    assert insurer.stats()["calls"]["2207A"] == 1
    collecting.collect_due()
    assert doing.state_of(settlement) == "paying"


def test_what_was_not_carried_out_is_undone_all_the_same_and_then_settled_once(
    cash_trial: Trial, insurer: Simulator
) -> None:
    insurer.faults({"infno": "2207A", "kind": "drop_before", "times": 1})
    settlement = doing.insured(cash_trial)
    first = settlement.settle_msgid
    doing.now_due(settlement)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "unknown", "it may still arrive"
    assert settlement.last_error == "the insurer shows none, but it may still arrive"
    doing.recovered(settlement, "reversing")
    doing.recovered(settlement, "waiting")
    assert insurer.stats()["calls"]["2601"] == 1
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured"
    assert settlement.settle_msgid != first
    assert len(standing(insurer)) == 1


def test_what_stays_silent_stands_before_a_person_in_the_end(
    cash_trial: Trial, insurer: Simulator, settings: LazySettings
) -> None:
    settings.INSURANCE_BREAK_AFTER = 100  # somebody else is answered
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1}, {"infno": "5204", "kind": "hang", "seconds": 0})
    settlement = doing.insured(cash_trial)
    for asked in range(1, len(settings.SETTLEMENT_ATTEMPTS_SECONDS)):
        doing.now_due(settlement)
        assert steps.recover_one()
        assert (doing.state_of(settlement), settlement.asked) == ("unknown", asked)
    doing.now_due(settlement)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "manual"
    assert not PaymentOrder.objects.exists()


def test_throttled_questions_use_up_no_attempt(cash_trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1}, {"infno": "5204", "kind": "throttle", "times": 9})
    settlement = doing.insured(cash_trial)
    for _ in range(9):
        doing.now_due(settlement)
        assert steps.recover_one()
        assert (doing.state_of(settlement), settlement.asked) == ("unknown", 0)
    doing.now_due(settlement)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "insured"


def test_refused_because_it_was_settled_already_is_no_refusal(cash_trial: Trial, insurer: Simulator) -> None:
    """The network doubled the message, the first one settled, and the answer of the second one came."""
    already = "该收费批次已结算，不能重复结算"
    insurer.faults({"infno": "2207A", "kind": "refuse", "message": already, "times": 1})
    settlement = doing.insured(cash_trial)
    assert doing.state_of(settlement) == "unknown"


def test_a_message_that_the_network_doubled_leaves_one_settlement(covered_trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "duplicate", "times": 1})
    settlement = doing.insured(covered_trial)
    assert len(standing(insurer)) == 2
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed"
    (theirs,) = standing(insurer)
    assert theirs["setl_id"] == settlement.setl_id
    assert entries.balance(settlement.number)["account"] == theirs["account_fen"]


def test_a_doubled_message_without_an_answer_leaves_one_settlement_too(
    covered_trial: Trial, insurer: Simulator
) -> None:
    insurer.faults({"infno": "2207A", "kind": "duplicate", "times": 1})
    settlement = doing.opened(covered_trial)
    taken = worklist.claim(lanes.due(Lane.SETTLEMENT), "calling", lease_seconds=60, settle_msgid=new_msgid())
    held = permits.take(Lane.SETTLEMENT, turn_seconds=30)
    assert taken is not None and held is not None
    with exchange(held, Lane.SETTLEMENT, standing_at.purpose(taken)) as client:
        steps.settle(client, taken)  # and the worker dies
    Settlement.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert recording.mark_lapsed() == 1
    assert len(standing(insurer)) == 2
    doing.recovered(settlement, "completed")
    (theirs,) = standing(insurer)
    assert theirs["setl_id"] == settlement.setl_id


def test_what_the_insurer_took_back_by_itself_does_not_complete(covered_trial: Trial, insurer: Simulator) -> None:
    settlement = doing.insured(covered_trial)
    held = permits.take(Lane.RECOVERY, turn_seconds=30)
    assert held is not None
    visit = Visit.objects.get(appointment_id=settlement.appointment_id)
    with exchange(held, Lane.RECOVERY, "somebody else") as client:
        client.cancel(conversation.insured_of(visit), visit.mdtrt_id, Settlement.objects.get(pk=settlement.pk).setl_id)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "reversed"
    assert entries.balance(settlement.number) == {}
    assert doing.state_of(settlement.appointment) == "booked"


@pytest.mark.parametrize("fault", ["throttle", "gateway_401"])
def test_what_was_not_carried_out_waits_again_under_a_new_id(cash_trial: Trial, insurer: Simulator, fault: str) -> None:
    insurer.faults({"infno": "2207A", "kind": fault, "times": 1})
    settlement = doing.insured(cash_trial)
    first = settlement.settle_msgid
    assert doing.state_of(settlement) == "waiting"
    assert not steps.settle_one(), "not again at once"
    doing.now_due(settlement)
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured"
    assert settlement.settle_msgid not in ("", first)
    assert len(standing(insurer)) == 1


def test_an_insurer_that_is_down_is_tried_again(cash_trial: Trial, insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_URL = f"http://127.0.0.1:{free_port()}"
    forget_the_insurer()
    settlement = doing.insured(cash_trial)
    assert (doing.state_of(settlement), settlement.last_error.partition(":")[0]) == ("waiting", "NotSent")


def test_an_answer_that_contradicts_what_was_agreed_on_is_asked_about(cash_trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "wrong_totals"})
    settlement = doing.insured(cash_trial)
    assert (doing.state_of(settlement), settlement.setl_id != "") == ("unknown", True)
    doing.recovered(settlement, "insured")


def settled_otherwise(trial: Trial, insurer: Simulator) -> Settlement:
    """The insurer has other amounts, and says so again on being asked."""
    insurer.faults({"infno": "2207A", "kind": "wrong_totals"}, {"infno": "5203", "kind": "wrong_totals"})
    return doing.recovered(doing.insured(trial), "manual")


def test_other_amounts_than_agreed_stand_before_a_person(cash_trial: Trial, insurer: Simulator) -> None:
    settlement = settled_otherwise(cash_trial, insurer)
    assert "total: agreed 3052 fen, insurer 3152 fen" in settlement.last_error
    assert not PaymentOrder.objects.exists()


def test_a_settlement_gone_silent_is_unknown(cash_trial: Trial, insurer: Simulator) -> None:
    settlement = doing.opened(cash_trial)
    taken = worklist.claim(lanes.due(Lane.SETTLEMENT), "calling", lease_seconds=60, settle_msgid=new_msgid())
    assert taken is not None and recording.mark_lapsed() == 0
    Settlement.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert recording.mark_lapsed() == 1
    assert doing.state_of(settlement) == "unknown"
    assert not steps.settle_one()
    with pytest.raises(worklist.Overtaken):
        recording.record(taken, Heard(Event.SETTLED, reason="late"))


def test_the_network_saying_otherwise_stands_before_a_person(covered_trial: Trial, insurer: Simulator) -> None:
    insurer.faults({"infno": "5203", "kind": "wrong_totals"})
    settlement = doing.insured(covered_trial)
    steps.recover_one()
    assert doing.state_of(settlement) == "manual"
    assert Appointment.objects.get(pk=settlement.appointment_id).state == "booked"


@pytest.mark.parametrize("fault", ["lose", "throttle", "gateway_401", "half"])
def test_an_unanswered_confirmation_is_asked_again(covered_trial: Trial, insurer: Simulator, fault: str) -> None:
    insurer.faults({"infno": "5203", "kind": fault, "times": 1})
    settlement = doing.insured(covered_trial)
    steps.recover_one()
    assert doing.state_of(settlement) == "confirming"
    assert not steps.recover_one(), "not again at once"
    doing.now_due(settlement)
    steps.recover_one()
    assert doing.state_of(settlement) == "completed"


def test_a_confirmation_gone_silent_is_taken_up_again(covered_trial: Trial, insurer: Simulator) -> None:
    settlement = doing.insured(covered_trial)
    worklist.claim(lanes.due(Lane.RECOVERY), "confirming", lease_seconds=60)
    assert not steps.recover_one()
    doing.now_due(settlement)
    assert steps.recover_one()
    assert doing.state_of(settlement) == "completed"


def test_a_trial_is_accepted_once(cash_trial: Trial) -> None:
    as_another_request_read_it = Trial.objects.get(pk=cash_trial.pk)
    doing.opened(cash_trial)
    assert refused(cash_trial) == "already_settling"
    with pytest.raises(Conflict) as caught:
        opening.open_settlement(as_another_request_read_it, "self_pay")
    assert caught.value.code == "already_settling"
    assert Settlement.objects.count() == 1


def test_two_settlements_of_one_appointment_are_impossible(cash_trial: Trial) -> None:
    first = doing.opened(cash_trial)
    other = Trial.objects.create(appointment=first.appointment, state="expired")
    with pytest.raises(IntegrityError, match="one_live_settlement"), transaction.atomic():
        Settlement.objects.create(appointment=first.appointment, trial=other, mode="insurance", total_fen=1)


def test_a_settlement_before_a_person_bars_a_new_one(cash_trial: Trial, insurer: Simulator) -> None:
    first = settled_otherwise(cash_trial, insurer)
    other = Trial.objects.create(appointment=first.appointment, state="expired")
    Trial.objects.filter(pk=cash_trial.pk).update(state="expired")
    Trial.objects.filter(pk=other.pk).update(state="priced", valid_until=Now() + timedelta(hours=1))
    assert refused(other) == "already_settling"
    assert doing.state_of(other) == "priced"


def test_an_expired_trial_is_not_settled(cash_trial: Trial) -> None:
    Trial.objects.update(valid_until=Now() - timedelta(seconds=1))
    assert refused(cash_trial) == "trial_expired"
    admission.expire_due()
    assert refused(cash_trial) == "trial_expired"
    assert not Settlement.objects.exists()


def test_a_mode_that_is_not_there(cash_trial: Trial) -> None:
    with pytest.raises(Invalid) as caught:
        opening.open_settlement(cash_trial, "barter")
    assert caught.value.code == "bad_mode"


def test_a_registration_that_was_made_twice_is_taken_back(insurer: Simulator) -> None:
    """2201 is carried out without an answer, and not found when it is looked for at once."""
    insurer.faults({"infno": "2201", "kind": "lose", "times": 1})
    trial = admission.enter(doing.told(doing.somebody_whose_account_covers()))
    turns.take_one()
    Visit.objects.update(registration_asked=False)
    doing.now_due(trial)
    turns.take_one()
    assert doing.state_of(trial) == "priced"
    assert len(registered(insurer)) == 2
    doing.recovered(doing.insured(trial), "completed")
    assert registered(insurer) == [Visit.objects.get().mdtrt_id]


def registered(insurer: Simulator) -> list[str]:
    return [row["mdtrt_id"] for row in insurer.ledger()["visits"] if not row["cancelled"]]
