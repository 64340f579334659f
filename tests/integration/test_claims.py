"""Pay now, claim later: while the interface is closed the patient pays everything and goes; the insurance follows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models.functions import Now

from hospital.appointments import booking, charges
from hospital.errors import Conflict
from hospital.models import Appointment, Notice
from insurance.ledger import entries
from insurance.models import Insurer, MaintenanceWindow, PaymentOrder, Settlement, Trial
from insurance.quota import insurers
from insurance.settlement import claims, collecting, opening, steps
from insurance.simulator.insurer.persons import psn_no_of
from insurance.trial import admission, line, turns
from tests import factories
from tests.integration import claiming, doing
from tests.simulators import Simulator

FREE = charges.Line(med_list_codg="1", medins_list_codg="H1", name="free", quantity=Decimal(1), unit_price=Decimal(0))


def refused(trial: Trial, way: str = "claim_later") -> str:
    with pytest.raises(Conflict) as caught:
        opening.open_settlement(Trial.objects.get(pk=trial.pk), way)
    return caught.value.code


def kinds(settlement: Settlement) -> list[str]:
    """What the patient was told of, after the filing."""
    notices = Notice.objects.filter(appointment=settlement.appointment_id).exclude(kind="filed")
    return list(notices.order_by("pk").values_list("kind", flat=True))


def lapsed(trial: Trial) -> None:
    """The bill's validity is over."""
    Trial.objects.filter(pk=trial.pk).update(valid_until=Now() - timedelta(seconds=1))


def retrial(settlement: Settlement) -> Trial:
    """The trial that the claim waits for now; it stands at the place of the one before."""
    settlement.refresh_from_db()
    trial = settlement.trial
    assert trial.instead_of is not None and trial.claimed
    assert (trial.line_id, trial.number) == (trial.instead_of.line_id, trial.instead_of.number)
    return trial


def test_paid_now_claimed_later_and_refunded_by_the_difference(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paid()
    order = settlement.payment
    assert order is not None and order.amount_fen == settlement.total_fen == settlement.cash_fen == doing.TOTAL_FEN
    assert doing.state_of(settlement.appointment) == "booked"
    assert not turns.take_one() and not claims.follow() and not insurer.stats()["calls"]
    claiming.priced(settlement)
    assert (settlement.mode, settlement.total_fen) == ("insurance", doing.TOTAL_FEN)
    assert doing.state_of(settlement.trial) == "accepted"
    assert steps.settle_one()
    assert doing.state_of(settlement) == "insured" and 0 < settlement.cash_fen < doing.TOTAL_FEN
    collecting.collect_due()
    assert doing.state_of(settlement) == "paid"
    assert steps.recover_one()
    assert (doing.state_of(settlement), doing.state_of(settlement.appointment)) == ("completed", "completed")
    difference_fen = doing.TOTAL_FEN - settlement.cash_fen
    assert difference_fen == settlement.fund_fen + settlement.account_fen
    totals = {"paid": 1, "cash_fen": settlement.cash_fen, "refunded_fen": difference_fen}
    assert payments.ledger()["totals"] == totals
    money = {"cash": doing.TOTAL_FEN, "refund": -difference_fen, "own": settlement.cash_fen}
    assert entries.balance(settlement.number).items() >= money.items()
    (theirs,) = insurer.ledger()["settlements"]
    assert (theirs["setl_id"], theirs["cash_fen"]) == (settlement.setl_id, settlement.cash_fen)
    assert kinds(settlement) == ["claim_settled", "completed"]
    assert Notice.objects.get(kind="claim_settled").facts == {
        "refund": f"{difference_fen / 100:.2f}",
        "settlement": settlement.pk,
    }


def test_all_of_it_goes_back_where_the_account_covers(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.insured(doing.somebody_whose_account_covers())
    assert (doing.state_of(settlement), settlement.cash_fen) == ("insured", 0)
    collecting.collect_due()
    doing.recovered(settlement, "completed")
    assert payments.ledger()["totals"]["refunded_fen"] == doing.TOTAL_FEN


def test_the_trial_keeps_its_place_while_the_money_is_collected(payments: Simulator) -> None:
    first, trial, last = claiming.waiting(), *(admission.enter(one) for one in factories.told(2))
    claiming.paying(trial)
    assert [line.place_of(one).ahead for one in (first, trial, last)] == [0, 1, 2]
    assert doing.state_of(trial) == "waiting" and line.waiting() == 3


def test_only_while_the_interface_is_closed() -> None:
    trial = claiming.waiting()
    claiming.open_again()
    assert refused(trial) == "interface_up"
    assert not Settlement.objects.exists() and not Trial.objects.get(pk=trial.pk).claimed


@pytest.mark.parametrize("reason", ["window", "circuit", "probed"])
def test_whatever_closes_it(reason: str) -> None:
    trial = claiming.waiting()
    claiming.open_again()
    insurer = insurers.default()
    if reason == "window":
        ends_at = MaintenanceWindow._meta.get_field("ends_at").to_python("2100-01-01T00:00:00Z")
        MaintenanceWindow.objects.create(insurer=insurer, starts_at=Now(), ends_at=ends_at, why="planned")
    else:
        opened_at = Now() if reason == "circuit" else Now() - timedelta(hours=1)
        Insurer.objects.update(circuit="open", circuit_opened_at=opened_at)
    assert opening.open_settlement(trial, "claim_later").claim_later


def test_only_for_who_waits(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    claiming.closed()
    assert refused(trial) == "trial_not_waiting"


def test_nothing_else_happens_to_the_appointment_meanwhile(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paid()
    for way in ("claim_later", "insurance", "self_pay"):
        assert refused(settlement.trial, way) == "already_settling"
    for act in (booking.cancel, lambda appointment: charges.replace(appointment, [FREE])):
        with pytest.raises(Conflict) as caught:
            act(settlement.appointment)
        assert caught.value.code == "already_settling"
    claiming.open_again()
    turns.take_one()
    assert doing.state_of(settlement.trial) == "priced"
    assert refused(settlement.trial, "insurance") == "already_settling"
    assert admission.enter(Appointment.objects.get(pk=settlement.appointment_id)) == settlement.trial


def test_who_never_pays_stands_in_the_line_as_if_nothing_had_happened(insurer: Simulator, payments: Simulator) -> None:
    trial = claiming.waiting()
    settlement = claiming.paying(trial)
    claiming.never_paid(settlement)
    assert (doing.state_of(trial), line.place_of(trial).ahead, trial.claimed) == ("waiting", 0, False)
    assert admission.enter(settlement.appointment) == trial
    claiming.open_again()
    assert turns.take_one() and kinds(settlement) == ["priced"]
    second = doing.paying(Trial.objects.get(pk=trial.pk))
    assert second.trial_id == settlement.trial_id and 0 < second.cash_fen < settlement.cash_fen


def test_and_may_pay_ahead_once_more(payments: Simulator) -> None:
    trial = claiming.waiting()
    claiming.never_paid(claiming.paying(trial))
    second = claiming.paying(trial)
    claiming.pay(second)
    assert doing.state_of(second) == "claiming"


def test_and_may_cancel(payments: Simulator) -> None:
    trial = claiming.waiting()
    settlement = claiming.paying(trial)
    claiming.never_paid(settlement)
    booking.cancel(settlement.appointment)
    assert (doing.state_of(trial), line.waiting()) == ("cancelled", 0)


def test_a_bill_that_was_there_before_the_money_is_not_lost(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paying(claiming.waiting())
    claiming.open_again()
    assert turns.take_one()
    assert not claims.follow(), "the money is not here"
    assert kinds(settlement) == []
    claiming.pay(settlement)
    assert claims.follow() == 1
    assert doing.state_of(settlement) == "waiting" and settlement.mode == "insurance"


def test_who_does_not_pay_after_all_is_told_of_that_bill(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paying(claiming.waiting())
    claiming.open_again()
    turns.take_one()
    claiming.never_paid(settlement)
    assert kinds(settlement) == ["priced"]
    assert doing.state_of(doing.opened(Trial.objects.get(pk=settlement.trial_id))) == "waiting"


def test_who_does_not_pay_after_all_is_told_of_a_refusal(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "1101", "kind": "refuse"})
    settlement = claiming.paying(claiming.waiting())
    claiming.open_again()
    turns.take_one()
    assert kinds(settlement) == []
    claiming.never_paid(settlement)
    assert kinds(settlement) == ["trial_refused"]


def test_a_bill_that_lapses_before_the_money_comes_is_made_again_at_its_place(
    insurer: Simulator, payments: Simulator
) -> None:
    settlement = claiming.paying(claiming.waiting())
    claiming.open_again()
    turns.take_one()
    first = settlement.trial
    lapsed(first)
    assert not admission.expire_due() and admission.enter(settlement.appointment) == first, "a claim may still come"
    claiming.pay(settlement)
    behind = admission.enter(factories.told()[0])
    assert claims.follow() == 1
    second = retrial(settlement)
    assert (doing.state_of(settlement), doing.state_of(first)) == ("claiming", "expired")
    assert [line.place_of(one).ahead for one in (second, behind)] == [0, 1]
    assert turns.take_one() and claims.follow() == 1
    assert doing.state_of(settlement) == "waiting" and doing.state_of(second) == "accepted"
    assert admission.expire_due() == 0


def test_a_bill_that_lapses_before_its_turn_is_made_again_and_nothing_is_sent(
    insurer: Simulator, payments: Simulator
) -> None:
    settlement = claiming.priced(claiming.paid())
    lapsed(settlement.trial)
    assert steps.settle_one()
    assert (doing.state_of(settlement), settlement.mode, settlement.cash_fen) == ("claiming", "self_pay", 3052)
    assert "2207A" not in insurer.stats()["calls"]
    assert claims.follow() == 1
    assert doing.state_of(retrial(settlement)) == "waiting"
    assert turns.take_one() and claims.follow() == 1
    assert steps.settle_one() and doing.state_of(settlement) == "insured"
    collecting.collect_due()
    doing.recovered(settlement, "completed")
    assert payments.ledger()["totals"]["cash_fen"] == settlement.cash_fen < doing.TOTAL_FEN


def test_what_the_insurer_will_not_price_stays_as_self_pay(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "1101", "kind": "refuse", "message": "未参保"})
    settlement = claiming.paid()
    claiming.open_again()
    assert turns.take_one() and claims.follow() == 1
    assert (doing.state_of(settlement), settlement.mode) == ("paid", "self_pay")
    assert kinds(settlement) == ["claim_refused"]
    assert Notice.objects.get(kind="claim_refused").facts == {"reason": "未参保", "settlement": settlement.pk}
    assert steps.recover_one() and doing.state_of(settlement) == "completed"
    report = insurer.ledger()["self_pay"]
    assert (report["reports"], report["cash_fen"]) == (1, doing.TOTAL_FEN)
    assert payments.ledger()["totals"]["refunded_fen"] == 0


def test_what_the_insurer_will_not_settle_stays_as_self_pay(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "refuse", "message": "已停保"})
    settlement = claiming.insured()
    assert (doing.state_of(settlement), settlement.mode) == ("paid", "self_pay")
    assert (settlement.total_fen, settlement.cash_fen, settlement.fund_fen) == (3052, 3052, 0)
    doing.recovered(settlement, "completed")
    assert kinds(settlement) == ["claim_refused", "completed"]
    assert Notice.objects.get(kind="claim_refused").facts == {"reason": "已停保", "settlement": settlement.pk}
    assert payments.ledger()["totals"]["refunded_fen"] == 0 and not insurer.ledger()["settlements"]


def test_a_claim_without_an_answer_is_asked_about_and_settled_once(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1})
    settlement = claiming.insured()
    assert doing.state_of(settlement) == "unknown"
    doing.recovered(settlement, "insured")
    collecting.collect_due()
    doing.recovered(settlement, "completed")
    assert len(insurer.ledger()["settlements"]) == 1
    assert payments.ledger()["totals"]["cash_fen"] == settlement.cash_fen


def test_a_claim_that_did_not_arrive_is_undone_and_settled_once(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "drop_before", "times": 1})
    settlement = doing.recovered(claiming.insured(), "waiting")
    assert steps.settle_one() and doing.state_of(settlement) == "insured"
    collecting.collect_due()
    doing.recovered(settlement, "completed")
    assert payments.ledger()["totals"]["cash_fen"] == settlement.cash_fen


def test_a_claim_that_was_undone_after_its_bill_lapsed_gets_another(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "drop_before", "times": 1})
    settlement = claiming.insured()
    lapsed(settlement.trial)
    doing.recovered(settlement, "waiting")
    assert steps.settle_one() and doing.state_of(settlement) == "claiming"
    assert claims.follow() == 1 and turns.take_one() and claims.follow() == 1
    assert steps.settle_one() and doing.state_of(settlement) == "insured"


def test_money_that_comes_late_for_one_does_not_touch_the_next(insurer: Simulator, payments: Simulator) -> None:
    """The same trial, accepted by another settlement meanwhile."""
    settlement = claiming.paying(claiming.waiting())
    PaymentOrder.objects.update(state="expired")  # as it was once told
    collecting.collect_due()
    claiming.open_again()
    turns.take_one()
    second = doing.opened(Trial.objects.get(pk=settlement.trial_id))
    doing.pay(settlement)
    claiming.hear(settlement)
    for _ in range(2):
        collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
    assert payments.ledger()["totals"]["refunded_fen"] == doing.TOTAL_FEN
    assert doing.state_of(second.trial) == "accepted"
    assert steps.settle_one() and doing.state_of(second) == "insured"


def test_a_trial_before_a_person_is_waited_for(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "wrong_totals", "times": 1})
    settlement = claiming.paid()
    claiming.open_again()
    turns.take_one()
    assert doing.state_of(settlement.trial) == "frozen"
    assert not claims.follow() and doing.state_of(settlement) == "claiming"


def test_nothing_to_pay_needs_no_order_and_no_claim(insurer: Simulator, payments: Simulator) -> None:
    trial = claiming.waiting()
    charges.replace(trial.appointment, [FREE])
    settlement = opening.open_settlement(trial, "claim_later")
    collecting.collect_due()
    assert doing.state_of(settlement) == "paid" and not PaymentOrder.objects.exists()
    claiming.open_again()
    assert steps.recover_one() and doing.state_of(settlement) == "completed"
    assert doing.state_of(trial) == "cancelled" and line.waiting() == 0


def test_the_person_is_the_one_of_the_bill(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.insured()
    (theirs,) = insurer.ledger()["settlements"]
    assert theirs["psn_no"] == psn_no_of(settlement.appointment.patient.id_number)
