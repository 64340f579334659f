"""What changes while a trial waits or is being made: new charges, a cancelled appointment, a turn gone silent."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models.functions import Now

from hospital import worklist
from hospital.appointments import booking, charges
from hospital.errors import Conflict
from hospital.models import Appointment
from insurance.interface.errors import NotSent, OutcomeUnknown
from insurance.models import Trial
from insurance.quota import lanes, permits
from insurance.quota.exchange import exchange
from insurance.quota.lanes import Lane
from insurance.trial import admission, conversation, line, turns
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator

LINE = charges.Line(
    med_list_codg="001", medins_list_codg="H9", name="item", quantity=Decimal(2), unit_price=Decimal("10.005")
)


def waiting() -> Trial:
    return admission.enter(factories.told()[0])


def go_silent(trial: Trial) -> Trial:
    """Somebody takes the trial and is not heard of again."""
    taken = worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert isinstance(taken, Trial) and taken == trial
    Trial.objects.filter(pk=trial.pk).update(leased_until=Now() - timedelta(seconds=1))
    return taken


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


def test_a_worker_that_stood_still_does_not_overwrite_what_the_next_one_has_told_the_insurer(
    insurer: Simulator,
) -> None:
    """It wakes in the middle of its conversation, after another has taken over and made the price."""
    trial = waiting()
    late = go_silent(trial)
    visit = conversation.visit_of(late.appointment)
    turns.recover_lapsed()
    turns.take_one()
    priced = conversation.visit_of(trial.appointment)
    held = permits.take(Lane.TRIAL, turn_seconds=30)
    assert held is not None
    lines = list(late.appointment.charges.order_by("pk"))
    with pytest.raises(worklist.Overtaken), exchange(held, Lane.TRIAL, "trial") as client:
        conversation.send_charges(client, visit, late, lines)
    priced.refresh_from_db()
    assert (priced.chrg_bchno, priced.charges_fingerprint) == (f"{trial.pk}-2", conversation.fingerprint(lines))


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
