"""A second person decides: never the first, only for what was seen, and once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from hospital.errors import Conflict, Invalid, Refusal
from hospital.models import Change, Journal, Notice
from insurance import upkeep
from insurance.desk import decisions, facts
from insurance.desk.actions import Action
from insurance.desk.models import Decision
from insurance.models import Settlement
from insurance.settlement.saga import Event
from tests.integration import brought, doing
from tests.integration.brought import seen, somebody

WHY = "the patient came to the desk"


@pytest.fixture
def clerk() -> User:
    return somebody("clerk")


@pytest.fixture
def supervisor() -> User:
    return somebody("supervisor")


def proposed(by: User, settlement: Settlement | None = None, action: Action = Action.UNDO) -> Decision:
    settlement = settlement or brought.manual_from_confirming()
    return decisions.propose(seen(settlement), action, who=by, why=WHY)


def code(act: object, *arguments: object, **more: object) -> str:
    assert callable(act)
    with pytest.raises(Refusal) as caught:
        act(*arguments, **more)
    return caught.value.code


def moves(decision: Decision) -> list[str]:
    rows = Journal.objects.filter(kind="decision", item_id=decision.pk).order_by("pk")
    return list(rows.values_list("to_state", flat=True))


def test_a_proposal_does_nothing_yet(clerk: User) -> None:
    decision = proposed(clerk)
    assert (decision.of_state, doing.state_of(decision.settlement)) == ("manual", "manual")
    change = Change.objects.get()
    assert (change.field, change.before, change.after, change.who, change.why) == (
        *("undo", "manual", "proposed"),
        *(clerk, WHY),
    )


def test_another_person_approves_and_it_is_carried_out(clerk: User, supervisor: User) -> None:
    decision = decisions.approve(proposed(clerk), who=supervisor, answer="seen the record")
    decision.refresh_from_db()
    assert (decision.state, decision.decided_by, decision.answer) == ("carried_out", supervisor, "seen the record")
    assert doing.state_of(decision.settlement) == "reversing"
    assert moves(decision) == ["proposed", "approved", "carried_out"]
    change = Change.objects.latest("pk")
    assert (change.before, change.after, change.who) == ("manual", "reversing", supervisor)
    assert WHY in change.why and "seen the record" in change.why


def test_the_patient_is_told_that_it_is_taken_back(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk, brought.completed())
    assert not Notice.objects.filter(kind="taken_back").exists()
    decisions.approve(decision, who=supervisor)
    assert Notice.objects.get(kind="taken_back").appointment_id == decision.settlement.appointment_id


def test_nobody_approves_what_he_has_proposed(supervisor: User) -> None:
    decision = proposed(supervisor)
    assert code(decisions.approve, decision, who=supervisor) == "second_person"
    assert code(decisions.reject, decision, who=supervisor, answer=WHY) == "second_person"
    assert doing.state_of(decision) == "proposed" and doing.state_of(decision.settlement) == "manual"


def test_not_even_a_superuser_approves_his_own() -> None:
    root = User.objects.create_superuser("root")
    assert code(decisions.approve, proposed(root), who=root) == "second_person"


def test_the_database_refuses_a_second_person_who_is_the_first(supervisor: User) -> None:
    decision = proposed(supervisor)
    with pytest.raises(IntegrityError, match="decided_by_another"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(decided_by=supervisor)


@pytest.mark.parametrize("state", ["approved", "carried_out", "rejected"])
def test_the_database_refuses_a_decision_of_nobody(state: str, clerk: User) -> None:
    decision = proposed(clerk)
    with pytest.raises(IntegrityError, match="decided_by_somebody"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(state=state)


def test_who_may_not_approve_does_not(clerk: User) -> None:
    decision = proposed(clerk)
    assert code(decisions.approve, decision, who=somebody("clerk")) == "not_allowed"
    assert code(decisions.reject, decision, who=somebody("clerk"), answer=WHY) == "not_allowed"
    nobody = User.objects.create_user("visitor", is_staff=True)
    assert code(decisions.propose, seen(decision.settlement), Action.UNDO, who=nobody, why=WHY) == "not_allowed"


def test_a_proposal_lapses_when_the_case_has_moved_on(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk)
    brought.heard(decision.settlement, Event.ASK)
    assert code(decisions.approve, decision, who=supervisor) == "lapsed"
    assert doing.state_of(decision) == "lapsed"
    assert doing.state_of(decision.settlement) == "unknown"


def test_the_same_state_after_another_attempt_is_not_what_was_seen(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk, brought.unknown())
    Settlement.objects.update(attempt=decision.of_attempt + 1)
    assert code(decisions.approve, decision, who=supervisor) == "lapsed"
    assert doing.state_of(decision.settlement) == "unknown"


def test_the_tick_lapses_what_nobody_decided_on(clerk: User) -> None:
    moved, standing = proposed(clerk), proposed(clerk)
    brought.heard(moved.settlement, Event.ASK)
    assert upkeep.sweep()["proposals whose case has moved on"] == 1
    assert (doing.state_of(moved), doing.state_of(standing)) == ("lapsed", "proposed")
    assert decisions.lapse_overtaken() == 0


def test_what_may_no_longer_be_done_is_not_carried_out_and_stays_proposed(clerk: User, supervisor: User) -> None:
    """The refund that was to be given up is under way again by the time it is approved."""
    settlement = brought.manual_from_refunding()
    decision = decisions.propose(seen(settlement), Action.VOID, who=clerk, why=WHY, evidence="receipt 17")
    refund = brought.Refund.objects.get()
    brought.worklist.move(refund, "due", due_at=Now())
    assert code(decisions.approve, decision, who=supervisor) == "refund_under_way"
    assert doing.state_of(decision) == "proposed" and doing.state_of(settlement) == "manual"
    assert facts.of(settlement).collected_fen == brought.CASH


def test_money_that_comes_meanwhile_asks_for_evidence(clerk: User, supervisor: User) -> None:
    """Void without evidence was right when it was proposed; then the patient paid."""
    settlement = brought.waiting("self_pay")
    brought.orders.prepare(settlement.number, settlement.cash_fen)
    brought.heard(settlement, Event.REFUSED, reason="payment institution: HTTP 422")
    decision = decisions.propose(seen(settlement), Action.VOID, who=clerk, why=WHY)
    brought.money_comes(settlement)
    assert code(decisions.approve, decision, who=supervisor) == "no_evidence"
    assert doing.state_of(settlement) == "manual"


def test_a_rejection_says_why_and_a_new_proposal_is_possible(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk)
    assert code(decisions.reject, decision, who=supervisor, answer=" ") == "no_reason"
    decisions.reject(decision, who=supervisor, answer="ask the insurer first")
    assert doing.state_of(decision) == "rejected"
    assert code(decisions.approve, decision, who=supervisor) == "already_decided"
    assert proposed(clerk, decision.settlement).state == "proposed"
    assert Change.objects.filter(before="proposed", after="rejected", who=supervisor).exists()


def test_only_whoever_proposed_it_withdraws_it(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk)
    assert code(decisions.withdraw, decision, who=supervisor, answer=WHY) == "not_yours"
    decisions.withdraw(decision, who=clerk, answer="a mistake")
    assert (doing.state_of(decision), decision.decided_by) == ("withdrawn", None)
    assert code(decisions.withdraw, decision, who=clerk, answer=WHY) == "already_decided"


def test_one_thing_is_proposed_at_a_time(clerk: User) -> None:
    decision = proposed(clerk)
    for action in (Action.UNDO, Action.COMPLETE):
        with pytest.raises(Conflict) as caught:
            decisions.propose(seen(decision.settlement), action, who=clerk, why=WHY, evidence="a record")
        assert caught.value.code == "already_proposed"
    assert Decision.objects.count() == 1
    assert Change.objects.count() == 1, "what was refused is not written down"


def test_answers_are_kept_short_and_free_of_id_numbers(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk)
    number = decision.settlement.appointment.patient.id_number
    for answer, expected in (("x" * 2_001, "too_long"), (f"for {number}", "personal_data")):
        with pytest.raises(Invalid) as caught:
            decisions.approve(decision, who=supervisor, answer=answer)
        assert caught.value.code == expected
    assert doing.state_of(decision) == "proposed"


def test_a_lease_delays_a_decision_and_does_not_end_it(clerk: User, supervisor: User) -> None:
    decision = proposed(clerk, brought.unknown())
    Settlement.objects.update(leased_until=timezone.now() + timedelta(seconds=30))
    assert code(decisions.approve, decision, who=supervisor) == "under_way"
    Settlement.objects.update(leased_until=None)
    assert decisions.approve(decision, who=supervisor).state == "carried_out"


def test_people_with_decisions_cannot_be_deleted(clerk: User) -> None:
    proposed(clerk)
    with pytest.raises(Exception, match="protected"):
        clerk.delete()
