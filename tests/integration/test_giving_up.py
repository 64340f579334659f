"""The patient gives a settlement up, at every point of its way: nothing stands, and no money stays that was not for the
service."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from hospital import worklist
from hospital.appointments import booking
from hospital.errors import Conflict
from insurance.ledger import entries
from insurance.models import InterfaceCall, PaymentOrder, Settlement, Trial
from insurance.payment import orders
from insurance.quota import lanes
from insurance.quota.exchange import new_msgid
from insurance.quota.lanes import Lane
from insurance.settlement import claims, collecting, giving_up, opening, recording, steps
from insurance.settlement.heard import Heard, settled
from insurance.settlement.saga import Event
from insurance.trial import admission, line, turns
from tests.integration import claiming, doing
from tests.simulators import Simulator


@pytest.fixture
def cash_trial(insurer: Simulator, payments: Simulator) -> Trial:
    """A trial that leaves a part to be paid."""
    return doing.priced(doing.somebody_who_pays_cash())


@pytest.fixture
def covered_trial(insurer: Simulator) -> Trial:
    """A trial that leaves nothing to be paid."""
    return doing.priced(doing.somebody_whose_account_covers())


def give_up(settlement: Settlement) -> str:
    """The state that the patient is told."""
    return str(giving_up.give_up(settlement).state)


def barred(settlement: Settlement) -> str:
    with pytest.raises(Conflict) as caught:
        giving_up.give_up(settlement)
    assert Settlement.objects.get(pk=settlement.pk).wanted
    return caught.value.code


def nothing_stands(settlement: Settlement, insurer: Simulator, payments: Simulator | None = None) -> bool:
    """On no side, and in no book of ours."""
    assert doing.state_of(settlement) == "reversed"
    balance = entries.balance(settlement.number)
    assert balance.get("cash", 0) + balance.get("refund", 0) == 0 and not balance.keys() - {"cash", "refund"}
    assert payments is None or payments.ledger()["totals"]["cash_fen"] == 0
    return not [row for row in insurer.ledger()["settlements"] if not row["refunded"]]


def calling(trial: Trial) -> Settlement:
    """Its turn is under way."""
    doing.opened(trial)
    taken = worklist.claim(lanes.due(Lane.SETTLEMENT), "calling", lease_seconds=60, settle_msgid=new_msgid())
    assert isinstance(taken, Settlement)
    return taken


def test_before_its_turn_it_is_over_at_once(cash_trial: Trial, insurer: Simulator) -> None:
    settlement = doing.opened(cash_trial)
    assert give_up(settlement) == give_up(settlement) == "reversed"
    assert not steps.settle_one() and "2207A" not in insurer.stats()["calls"]
    assert nothing_stands(settlement, insurer) and doing.state_of(cash_trial) == "expired"
    booking.cancel(settlement.appointment)


def test_who_has_given_up_stands_at_the_end_of_the_line(cash_trial: Trial, insurer: Simulator) -> None:
    claiming.closed()
    first = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    settlement = doing.opened(cash_trial)
    give_up(settlement)
    assert not Trial.objects.get(pk=cash_trial.pk).keeps_place
    again = admission.enter(settlement.appointment)
    assert [line.place_of(trial).ahead for trial in (first, again)] == [0, 1]


@pytest.mark.parametrize("way", ["self_pay", "claim_later"])
def test_before_the_order_is_open_it_is_over_at_once(insurer: Simulator, payments: Simulator, way: str) -> None:
    trial = claiming.waiting() if way == "claim_later" else doing.priced(doing.somebody_who_pays_cash())
    settlement = opening.open_settlement(trial, way)
    assert give_up(settlement) == "reversed"
    collecting.collect_due()
    assert not PaymentOrder.objects.exists()
    assert doing.state_of(trial) == ("waiting" if way == "claim_later" else "expired")


def test_an_order_that_somebody_is_opening_is_closed_again(insurer: Simulator, payments: Simulator) -> None:
    settlement = opening.open_settlement(claiming.waiting(), "claim_later")
    taken = worklist.claim(collecting.to_order(), {"waiting": "waiting"}, lease_seconds=40)
    assert taken is not None
    assert give_up(settlement) == "waiting", "the other one may be asking for the order just now"
    recording.record(taken, collecting._order(taken))
    assert doing.state_of(settlement) == "paying"
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
    (order,) = payments.ledger()["orders"]
    assert order["state"] == "cancelled"


def test_an_order_that_was_left_open_is_closed(insurer: Simulator, payments: Simulator) -> None:
    """Whoever opened it died before it was written down."""
    settlement = opening.open_settlement(claiming.waiting(), "claim_later")
    order = orders.prepare(settlement.number, settlement.cash_fen)
    orders.open_at_institution(order, "left")
    assert give_up(settlement) == "waiting"
    collecting.collect_due()
    assert (doing.state_of(settlement), doing.state_of(order)) == ("reversed", "cancelled")


def test_during_its_turn_it_is_undone_after_it(cash_trial: Trial, insurer: Simulator, payments: Simulator) -> None:
    settlement = calling(cash_trial)
    assert give_up(settlement) == "calling"
    Settlement.objects.update(state="waiting", leased_until=None, due_at=Now(), wanted=True)
    assert steps.settle_one()  # the turn itself, for which the patient was too late
    settlement = Settlement.objects.get()
    assert settlement.state == "insured"
    assert give_up(settlement) == "insured"
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversing" and not PaymentOrder.objects.exists()
    doing.recovered(settlement, "reversed")
    assert nothing_stands(settlement, insurer, payments)


def test_a_turn_that_settles_in_full_does_not_complete_what_was_given_up_meanwhile(
    covered_trial: Trial, insurer: Simulator
) -> None:
    settlement = calling(covered_trial)
    assert give_up(settlement) == "calling"
    recording.record(settlement, Heard(settled(settlement)))
    assert doing.state_of(settlement) == "insured"
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversing"


def test_unless_it_is_recorded_first(covered_trial: Trial, insurer: Simulator) -> None:
    settlement = doing.insured(covered_trial)
    assert doing.state_of(settlement) == "paid"
    assert barred(settlement) == "already_settled"
    assert steps.recover_one() and doing.state_of(settlement) == "completed"
    assert barred(settlement) == "already_settled"


@pytest.mark.parametrize("fault", ["lose", "drop_before"])
def test_while_nothing_is_known_it_is_asked_about_and_undone(
    cash_trial: Trial, insurer: Simulator, payments: Simulator, fault: str
) -> None:
    insurer.faults({"infno": "2207A", "kind": fault, "times": 1})
    settlement = doing.insured(cash_trial)
    assert give_up(settlement) == "unknown"
    doing.recovered(settlement, "reversed", most=10)
    assert insurer.stats()["calls"]["2207A"] == 1, "it is not settled once more"
    assert nothing_stands(settlement, insurer, payments)


def test_what_was_undone_is_not_sent_again_where_it_was_given_up_meanwhile(
    cash_trial: Trial, insurer: Simulator
) -> None:
    """Undone and to be settled once more, as the patient was read to want it."""
    insurer.faults({"infno": "2207A", "kind": "drop_before", "times": 1})
    settlement = doing.recovered(doing.insured(cash_trial), "reversing")
    as_it_was_read = Settlement.objects.get(pk=settlement.pk)
    assert give_up(settlement) == "reversing"
    recording.record(as_it_was_read, Heard(Event.AGAIN))
    assert steps.settle_one()
    assert (doing.state_of(settlement), insurer.stats()["calls"]["2207A"]) == ("reversed", 1)


def test_while_the_patient_could_pay_nobody_can_any_more(
    cash_trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    settlement = doing.paying(cash_trial)
    assert give_up(settlement) == give_up(settlement) == "paying"
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversing"
    (order,) = payments.ledger()["orders"]
    assert order["state"] == "cancelled"
    doing.recovered(settlement, "reversed")
    assert nothing_stands(settlement, insurer, payments)


@pytest.mark.parametrize("way", ["self_pay", "claim_later"])
def test_without_the_insurer_the_end_needs_no_turn(insurer: Simulator, payments: Simulator, way: str) -> None:
    trial = claiming.waiting() if way == "claim_later" else doing.priced(doing.somebody_who_pays_cash())
    settlement = claiming.paying(trial) if way == "claim_later" else doing.paying(trial, way)
    give_up(settlement)
    collecting.collect_due()
    assert nothing_stands(settlement, insurer, payments)
    if way == "claim_later":
        assert doing.state_of(trial) == "waiting" and line.place_of(trial).ahead == 0


@pytest.mark.parametrize("way", ["insurance", "self_pay"])
def test_who_had_paid_before_he_gave_up_gets_his_money_back(insurer: Simulator, payments: Simulator, way: str) -> None:
    """He paid, we have not heard of it yet, and he gives up."""
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()), way)
    doing.pay(settlement)
    assert give_up(settlement) == "paying"
    for _ in range(2):
        collecting.collect_due()
        doing.settling_time_over()
        steps.recover_one()
        collecting.collect_due()
    assert nothing_stands(settlement, insurer, payments)
    assert payments.ledger()["totals"]["refunded_fen"] == settlement.cash_fen


def test_once_we_have_heard_that_he_has_paid_it_is_settled(
    cash_trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    settlement = doing.paying(cash_trial)
    doing.pay(settlement)
    claiming.hear(settlement)
    assert barred(settlement) == "already_settled"
    collecting.collect_due()
    assert doing.state_of(settlement) == "paid" and barred(settlement) == "already_settled"


def test_an_institution_that_is_away_is_asked_again(cash_trial: Trial, insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(cash_trial)
    give_up(settlement)
    payments.faults({"call": "cancel", "kind": "down", "times": 1})
    collecting.collect_due()
    assert doing.state_of(settlement) == "paying"
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversing"


def test_a_claim_that_is_given_up_stays_as_self_pay_and_leaves_the_line(
    insurer: Simulator, payments: Simulator
) -> None:
    settlement = claiming.paid()
    assert give_up(settlement) == "paid"
    assert (doing.state_of(settlement), settlement.mode, settlement.cash_fen) == ("paid", "self_pay", doing.TOTAL_FEN)
    assert doing.state_of(settlement.trial) == "cancelled" and line.waiting() == 0
    assert give_up(settlement) == "paid", "asked again, nothing more happens"
    claiming.open_again()
    assert steps.recover_one() and doing.state_of(settlement) == "completed"
    assert payments.ledger()["totals"]["refunded_fen"] == 0 and not insurer.ledger()["settlements"]


def test_a_claim_that_was_priced_but_not_sent_may_be_given_up_too(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.priced(claiming.paid())
    assert give_up(settlement) == "paid"
    assert (doing.state_of(settlement), settlement.mode, settlement.cash_fen) == ("paid", "self_pay", doing.TOTAL_FEN)
    assert not steps.settle_one() and "2207A" not in insurer.stats()["calls"]


def test_a_claim_on_its_way_is_settled(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1})
    settlement = claiming.insured()
    assert doing.state_of(settlement) == "unknown" and barred(settlement) == "already_settled"
    doing.recovered(settlement, "insured")
    assert barred(settlement) == "already_settled"


def test_a_claim_whose_trial_is_being_made_is_given_up_all_the_same(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paid()
    taken = worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert isinstance(taken, Trial) and give_up(settlement) == "paid"
    Trial.objects.update(leased_until=Now() - timedelta(seconds=1))
    turns.recover_lapsed()
    claiming.open_again()
    assert turns.take_one() and not claims.follow()
    assert steps.recover_one() and doing.state_of(settlement) == "completed"
    assert doing.state_of(taken) == "cancelled"


@pytest.mark.parametrize("fault", ["refuse"])
def test_what_the_insurer_has_refused_is_over_already(cash_trial: Trial, insurer: Simulator, fault: str) -> None:
    insurer.faults({"infno": "2207A", "kind": fault})
    settlement = doing.insured(cash_trial)
    assert give_up(settlement) == "refused"


def test_what_stands_before_a_person_is_marked_for_him(
    cash_trial: Trial, insurer: Simulator, payments: Simulator
) -> None:
    insurer.faults({"infno": "2207A", "kind": "wrong_totals"}, {"infno": "5203", "kind": "wrong_totals"})
    settlement = doing.recovered(doing.insured(cash_trial), "manual")
    assert give_up(settlement) == "manual"
    assert not Settlement.objects.get(pk=settlement.pk).wanted
    assert InterfaceCall.objects.filter(infno="2601").count() == 0
