"""An order that nobody needs any more is withdrawn (6401), so that no late message pays it; never without asking."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from hospital import worklist
from hospital.appointments import booking
from insurance.interface.errors import Refused
from insurance.interface.messages import Bill
from insurance.interface.profile import Operation
from insurance.models import InterfaceCall, Settlement, Withdrawal
from insurance.quota import exchange, insurers, permits
from insurance.quota.lanes import Lane
from insurance.settlement import collecting, credentials, giving_up, steps, withdrawing
from insurance.trial import admission, conversation, turns
from insurance.trial.models import Trial, Visit
from tests.conformance.conftest import Centre
from tests.conformance.test_settling import completed
from tests.integration import doing
from tests.simulators import Simulator

pytestmark = pytest.mark.parametrize("centre_process", ["mobile"], indirect=True)


def state() -> str:
    return str(Withdrawal.objects.latest("pk").state)


def reason() -> str:
    row = Withdrawal.objects.latest("pk")
    return str(row.last_error)


def asked(centre: Centre) -> tuple[int, int]:
    """How many questions about an order and how many withdrawals came to the centre."""
    return centre.calls(Operation.QUERY), centre.calls(Operation.WITHDRAW_CHARGES)


def paid_late(trial: Trial) -> Bill:
    """A message that was on its way for long: 6202 of the order that the trial has opened. Raises `Refused`."""
    visit, settlement = Visit.objects.get(appointment=trial.appointment_id), Settlement(trial=trial)
    settlement.appointment = trial.appointment
    held = permits.take(Lane.SETTLEMENT, turn_seconds=30, insurer=insurers.default())
    assert held is not None
    with exchange.exchange(held, Lane.SETTLEMENT, "a late one") as client:
        insured, card = conversation.insured_of(visit), credentials.card_of(settlement)
        assert trial.total_fen is not None
        words = (insured, card, visit.mdtrt_id, visit.chrg_bchno, trial.total_fen, conversation.ORDINARY_OUTPATIENT)
        return client.settle(*words, invono="1", split=None)


# --- how an order is left -------------------------------------------------------------------------
def _cancelled(trial: Trial) -> None:
    booking.cancel(trial.appointment)


def _lapsed(trial: Trial) -> None:
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))
    assert admission.expire_due() == 1


def _given_up(trial: Trial) -> None:
    giving_up.give_up(doing.opened(trial))


def _paid_by_himself(trial: Trial) -> None:
    settlement = doing.paying(trial, "self_pay")
    doing.pay(settlement)
    doing.closed_there(settlement.payment)  # type: ignore[arg-type]
    collecting.collect_due()
    doing.recovered(settlement, "completed")


LEFT: list[Callable[[Trial], None]] = [_cancelled, _lapsed, _given_up, _paid_by_himself]


@pytest.mark.parametrize("leave", LEFT, ids=lambda each: each.__name__)
def test_what_nobody_needs_is_asked_about_and_withdrawn(
    centre: Centre, trial: Trial, leave: Callable[[Trial], None]
) -> None:
    leave(trial)
    assert (withdrawing.find_left(), state()) == (1, "due")
    assert steps.recover_one()
    assert (state(), asked(centre)) == ("done", (1, 1))
    sent = InterfaceCall.objects.order_by("pk").values_list("infno", "lane", "purpose", "metered")
    assert list(sent)[-2:] == [(infno, "recovery", f"trial {trial.pk}", False) for infno in ("6301", "6401")]
    with pytest.raises(Refused):
        paid_late(trial)
    assert centre.standing() == []
    assert not withdrawing.find_left() and not steps.recover_one(), "and never again"


def test_negative_control_what_is_not_withdrawn_can_be_paid_by_a_late_message(centre: Centre, trial: Trial) -> None:
    _cancelled(trial)
    paid_late(trial)
    assert len(centre.standing()) == 1


def test_what_the_insurer_refused_is_withdrawn(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "refuse")
    assert doing.state_of(doing.insured(trial)) == "refused"
    assert withdrawing.find_left() == 1 and steps.recover_one()
    assert (state(), centre.calls(Operation.WITHDRAW_CHARGES)) == ("done", 1)


# --- what is still needed -------------------------------------------------------------------------
def _waits(trial: Trial) -> None:
    """Its bill may still be accepted."""


def _opened(trial: Trial) -> None:
    doing.opened(trial)


def _insured(trial: Trial) -> None:
    doing.insured(trial)


def _paying_by_himself(trial: Trial) -> None:
    doing.paying(trial, "self_pay")


@pytest.mark.parametrize("use", [_waits, _opened, _insured, _paying_by_himself], ids=lambda each: each.__name__)
def test_what_may_still_be_needed_is_kept(centre: Centre, trial: Trial, use: Callable[[Trial], None]) -> None:
    use(trial)
    assert (withdrawing.find_left(), state()) == (0, "kept")
    assert asked(centre)[1] == 0


def test_a_settlement_of_which_nothing_is_known_keeps_its_order(centre: Centre, trial: Trial) -> None:
    centre.goes_wrong(Operation.SETTLE, "lose")
    settlement = doing.insured(trial)
    assert (doing.state_of(settlement), withdrawing.find_left(), state()) == ("unknown", 0, "kept")
    giving_up.give_up(settlement)
    assert withdrawing.find_left() == 0, "it stands there, and is taken back first"
    doing.recovered(settlement, "reversed")
    assert withdrawing.find_left() == 1 and steps.recover_one()
    assert (state(), centre.calls(Operation.WITHDRAW_CHARGES)) == ("done", 0), "what was refunded is over"


def test_a_trial_that_waits_again_gives_it_up_itself(centre: Centre, trial: Trial) -> None:
    _lapsed(trial)
    again = admission.enter(trial.appointment)
    assert (withdrawing.find_left(), state()) == (0, "kept")
    assert turns.take_one() and doing.state_of(again) == "priced"
    older, newer = Withdrawal.objects.order_by("pk")
    assert (older.state, newer.state, centre.calls(Operation.WITHDRAW_CHARGES)) == ("done", "kept", 1)
    assert not steps.recover_one()


def test_a_worker_that_stood_still_withdraws_none_that_was_opened_meanwhile(centre: Centre, trial: Trial) -> None:
    _lapsed(trial)
    withdrawing.find_left()
    taken = worklist.claim(Withdrawal.due("due"), "due", lease_seconds=60)
    held = permits.take(Lane.RECOVERY, turn_seconds=30, insurer=insurers.default())
    assert taken is not None and held is not None
    again = admission.enter(trial.appointment)
    assert turns.take_one() and doing.state_of(again) == "priced"
    with pytest.raises(worklist.Overtaken):
        withdrawing._record(taken, held)
    assert [row.state for row in Withdrawal.objects.order_by("pk")] == ["done", "kept"]
    settlement = doing.insured(again)
    assert doing.state_of(settlement) == "insured", settlement.last_error


def test_an_order_that_was_settled_is_left_alone(centre: Centre, trial: Trial) -> None:
    completed(trial)
    before = asked(centre)
    assert (withdrawing.find_left(), state()) == (1, "done")
    assert not steps.recover_one()
    assert (asked(centre), len(centre.standing())) == (before, 1)


def test_settled_orders_are_never_taken_for_left_however_many(centre: Centre, payments: Simulator) -> None:
    for _ in range(2):
        completed(doing.priced(doing.somebody_who_pays_cash()))
    assert withdrawing.find_left(most=1) == 1
    assert sorted(Withdrawal.objects.values_list("state", flat=True)) == ["done", "kept"]


# --- what is not known ----------------------------------------------------------------------------
def test_what_turns_out_to_be_paid_is_never_withdrawn(centre: Centre, trial: Trial) -> None:
    _cancelled(trial)
    withdrawing.find_left()
    paid_late(trial)
    assert steps.recover_one()
    assert (state(), asked(centre)) == ("done", (1, 0))
    assert len(centre.standing()) == 1


@pytest.mark.parametrize("fault", ["lose", "rubbish", "drop_before", "refuse", "throttle", "gateway_401"])
def test_without_an_answer_nothing_is_withdrawn(centre: Centre, trial: Trial, fault: str) -> None:
    _cancelled(trial)
    withdrawing.find_left()
    centre.goes_wrong(Operation.QUERY, fault)
    assert steps.recover_one()
    assert (state(), centre.calls(Operation.WITHDRAW_CHARGES)) == ("due", 0), reason()
    assert not steps.recover_one(), "not due yet"
    doing.now_due(Withdrawal.objects.get())
    assert steps.recover_one()
    assert (state(), centre.calls(Operation.WITHDRAW_CHARGES)) == ("done", 1)


@pytest.mark.parametrize("fault", ["lose", "drop_before"])
def test_a_lost_withdrawal_is_asked_about_before_it_is_repeated(centre: Centre, trial: Trial, fault: str) -> None:
    _cancelled(trial)
    withdrawing.find_left()
    centre.goes_wrong(Operation.WITHDRAW_CHARGES, fault)
    assert steps.recover_one() and state() == "due"
    doing.now_due(Withdrawal.objects.get())
    assert steps.recover_one()
    assert (state(), centre.calls(Operation.QUERY)) == ("done", 2)
    with pytest.raises(Refused):
        paid_late(trial)


def due_for_a_day() -> None:
    Withdrawal.objects.update(since=Now() - withdrawing.GIVEN_UP_AFTER - timedelta(seconds=1))


def test_after_a_day_it_is_left_to_expire(centre: Centre, trial: Trial) -> None:
    _cancelled(trial)
    withdrawing.find_left()
    centre.goes_wrong(Operation.QUERY, "lose")
    assert steps.recover_one() and withdrawing.find_left() == 0, "negative control: not a day yet"
    due_for_a_day()
    assert (withdrawing.find_left(), state()) == (1, "done")
    assert (asked(centre), reason()[:14]) == ((1, 0), "OutcomeUnknown")
    assert not steps.recover_one()


def test_what_no_turn_ever_took_is_left_to_expire_too(centre: Centre, trial: Trial) -> None:
    _cancelled(trial)
    withdrawing.find_left()
    due_for_a_day()
    taken = worklist.claim(Withdrawal.due("due"), "due", lease_seconds=60)
    assert taken is not None and withdrawing.find_left() == 0, "negative control: somebody has it in hand"
    worklist.put_back(taken, "due", wait_seconds=3600, error="")
    assert (withdrawing.find_left(), state(), asked(centre)) == (1, "done", (0, 0))


def test_the_day_begins_when_nobody_needs_it_any_more(centre: Centre, trial: Trial) -> None:
    due_for_a_day()
    Withdrawal.objects.update(created_at=Now() - 2 * withdrawing.GIVEN_UP_AFTER)
    _cancelled(trial)
    assert (withdrawing.find_left(), withdrawing.find_left(), state()) == (1, 0, "due")
    centre.goes_wrong(Operation.QUERY, "lose")
    assert steps.recover_one() and state() == "due"
    doing.now_due(Withdrawal.objects.get())
    assert withdrawing.find_left() == 0 and steps.recover_one()
    assert (state(), asked(centre)) == ("done", (2, 1))


def test_an_order_whose_token_was_erased_is_not_spoken_of(centre: Centre, trial: Trial) -> None:
    _cancelled(trial)
    withdrawing.find_left()
    order = Withdrawal.objects.get().order
    order.token = ""
    order.save(update_fields=["token"])
    assert steps.recover_one()
    assert (state(), asked(centre)) == ("done", (0, 0))
