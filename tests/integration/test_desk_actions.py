"""What staff may do to a settlement in each state, what speaks against it, and what follows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from hospital import changes
from hospital.errors import Conflict, Invalid
from hospital.models import Appointment, Change, Journal
from insurance.desk import acting, decisions, facts, rules
from insurance.desk.acting import Seen
from insurance.desk.actions import AT_ONCE, BY_TWO, Action, possible
from insurance.ledger import entries
from insurance.models import LedgerEntry, PaymentOrder, Refund, Settlement
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from tests.integration import brought, doing
from tests.integration.brought import CASH, seen, somebody

NOW, ASK, TELL, UNDO = Action.NOW, Action.ASK, Action.TELL, Action.UNDO
REFUND, COMPLETE, VOID, RETURNED = Action.REFUND, Action.COMPLETE, Action.VOID, Action.RETURNED
WHY = "because"

ALLOWED: dict[str, set[Action]] = {
    S.WAITING: {NOW},
    S.CALLING: set(),
    S.INSURED: {NOW},
    S.PAYING: {NOW},
    S.CLAIMING: set(),
    S.PAID: set(),
    S.CONFIRMING: {NOW},
    S.COMPLETED: {UNDO},
    S.REFUSED: set(),
    S.UNKNOWN: {NOW, UNDO},
    S.REVERSING: {NOW},
    S.REFUNDING: {NOW},
    S.REVERSED: set(),
    S.MANUAL: {ASK, TELL, UNDO, REFUND, COMPLETE, VOID},
}


@pytest.fixture
def clerk() -> User:
    return somebody("clerk")


@pytest.fixture
def supervisor() -> User:
    return somebody("supervisor")


def both(settlement: Settlement, action: Action, evidence: str = "") -> Settlement:
    """Proposed by one and approved by another."""
    decision = decisions.propose(seen(settlement), action, who=somebody("clerk"), why=WHY, evidence=evidence)
    decisions.approve(decision, who=somebody("supervisor"))
    return Settlement.objects.get(pk=settlement.pk)


def done(settlement: Settlement, action: Action) -> Settlement:
    acting.at_once(seen(settlement), action, who=somebody("clerk"), why=WHY)
    return Settlement.objects.get(pk=settlement.pk)


def free(settlement: Settlement) -> Settlement:
    """Nobody is working on it."""
    Settlement.objects.filter(pk=settlement.pk).update(leased_until=None)
    return Settlement.objects.get(pk=settlement.pk)


def refused(settlement: Settlement, action: Action, evidence: str = "") -> str:
    """The code with which it is refused; nothing is written down."""
    before = (Change.objects.count(), Journal.objects.count(), LedgerEntry.objects.count())
    who = somebody("clerk")
    with pytest.raises((Conflict, Invalid)) as caught:
        if action in AT_ONCE:
            acting.at_once(seen(settlement), action, who=who, why=WHY)
        else:
            decisions.propose(seen(settlement), action, who=who, why=WHY, evidence=evidence)
    assert (Change.objects.count(), Journal.objects.count(), LedgerEntry.objects.count()) == before
    return caught.value.code


@pytest.mark.parametrize("state", list(S))
def test_each_action_is_possible_in_its_states_and_refused_in_the_others(state: S) -> None:
    settlement = free(brought.IN_STATE[state]())
    assert settlement.state == state
    everywhere = set() if state == S.MANUAL else {RETURNED}
    assert set(possible(state)) == ALLOWED[state] | everywhere
    for action in set(Action) - ALLOWED[state] - everywhere:
        assert refused(settlement, action, "a receipt") == "not_in_this_state", action
    for action in everywhere:
        assert refused(settlement, action, "a receipt") == "nothing_refused"


@pytest.mark.parametrize("state", [S.WAITING, S.UNKNOWN, S.INSURED, S.CONFIRMING, S.REVERSING])
def test_now_makes_it_due_and_begins_the_plan_anew(state: S) -> None:
    settlement = free(brought.IN_STATE[state]())
    later = timezone.now() + timedelta(hours=2)
    Settlement.objects.filter(pk=settlement.pk).update(due_at=later, asked=3, leased_until=None)
    after = done(settlement, NOW)
    assert (after.state, after.attempt) == (state, settlement.attempt)
    assert after.due_at <= timezone.now()
    assert after.asked == (0 if state in (S.UNKNOWN, S.CONFIRMING, S.REVERSING) else 3)
    assert Journal.objects.filter(kind="settlement", item_id=settlement.pk).latest("pk").reason == f"now: {WHY}"
    written_down(settlement, NOW, state, state)


def test_now_asks_the_payment_institution_about_an_order() -> None:
    settlement = brought.paying()
    PaymentOrder.objects.update(due_at=timezone.now() + timedelta(hours=1))
    done(settlement, NOW)
    assert PaymentOrder.objects.get().due_at <= timezone.now()
    written_down(settlement, NOW, S.PAYING, S.PAYING)


def test_now_asks_for_a_refund() -> None:
    settlement = brought.refunding()
    Refund.objects.update(due_at=timezone.now() + timedelta(hours=1))
    done(settlement, NOW)
    assert Refund.objects.get().due_at <= timezone.now()
    assert Journal.objects.filter(kind="refund").latest("pk").reason == f"now: {WHY}"


def test_a_refund_that_is_being_given_back_is_left_alone() -> None:
    settlement = brought.refunding()
    later = timezone.now() + timedelta(seconds=40)
    Refund.objects.update(due_at=later, leased_until=later)
    done(settlement, NOW)
    assert Refund.objects.get().due_at == later


def test_what_is_being_worked_on_is_left_alone() -> None:
    settlement = brought.unknown()
    Settlement.objects.update(leased_until=timezone.now() + timedelta(seconds=30))
    assert refused(settlement, NOW) == "under_way"
    assert refused(settlement, UNDO) == "under_way"


@pytest.mark.parametrize("manual", [brought.manual_from_unknown, brought.manual_otherwise, brought.manual_from_insured])
def test_ask_again_goes_back_to_unknown_and_is_due_at_once(manual: Callable[[], Settlement]) -> None:
    settlement = manual()
    after = done(settlement, ASK)
    assert (after.state, after.asked) == (S.UNKNOWN, 0)
    assert after.due_at <= timezone.now()
    written_down(settlement, ASK, S.MANUAL, S.UNKNOWN)


def test_what_was_never_asked_of_the_insurer_cannot_be_asked_about() -> None:
    """Asking would find nothing there, and the patient's money would go back although all is well."""
    assert refused(brought.manual_self_pay(), ASK) == "nothing_to_ask"


def test_tell_again_goes_on_with_the_report() -> None:
    for manual in (brought.manual_from_confirming, brought.manual_self_pay):
        settlement = manual()
        assert done(settlement, TELL).state == S.CONFIRMING
        written_down(settlement, TELL, S.MANUAL, S.CONFIRMING)


def test_what_is_not_settled_or_not_paid_is_not_told() -> None:
    assert refused(brought.manual_from_unknown(), TELL) == "ask_first"
    assert refused(brought.manual_otherwise(), TELL) == "not_paid_as_agreed"


def test_what_the_patient_has_given_up_is_not_told() -> None:
    settlement = brought.manual_from_confirming()
    Settlement.objects.update(wanted=False)
    assert refused(settlement, TELL) == "given_up"


def test_what_goes_back_is_neither_told_nor_completed() -> None:
    """The ledger still holds all of it: it is booked when it has been given."""
    settlement = brought.manual_from_confirming()
    brought.refund_due(settlement)
    assert refused(settlement, TELL) == "refund_under_way"
    assert rules.refusal(Action.COMPLETE, facts.of(settlement)).code == "refund_under_way"


def test_what_is_undone_is_neither_asked_about_nor_told_nor_undone() -> None:
    """Asked again, it could be settled once more while the money is on its way back."""
    for action in (ASK, TELL, UNDO):
        assert refused(brought.manual_from_refunding(), action) == "undone_already"


@pytest.mark.parametrize(
    "settlement", [brought.manual_from_unknown, brought.manual_from_confirming, brought.unknown, brought.completed]
)
def test_undo_ends_the_patients_wish_so_that_it_is_not_settled_again(settlement: Callable[[], Settlement]) -> None:
    before = settlement()
    after = both(before, UNDO)
    assert (after.state, after.wanted) == (S.REVERSING, False)
    written_down(before, UNDO, before.state, S.REVERSING)


def test_the_money_goes_back_when_nothing_stands_at_the_insurer() -> None:
    settlement = brought.manual_from_refunding()
    after = both(settlement, REFUND)
    assert after.state == S.REFUNDING
    assert Refund.objects.get().state == "due", "what was refused is tried again"
    written_down(settlement, REFUND, S.MANUAL, S.REFUNDING)


def test_the_money_does_not_go_back_while_it_stands_at_the_insurer() -> None:
    assert refused(brought.manual_from_confirming(), REFUND) == "undo_first"
    assert refused(brought.manual_from_unknown(), REFUND) == "nothing_was_paid"


def test_the_money_does_not_go_back_while_nobody_knows_what_stands() -> None:
    """Paid ahead, claimed, no answer: the ledger is empty, and the insurer may have settled."""
    settlement = brought.manual_from_unknown()
    brought.orders.prepare(settlement.number, CASH)
    brought.money_comes(settlement)
    assert not facts.of(settlement).insurer
    assert refused(settlement, REFUND) == "undo_first"


def test_complete_where_both_legs_stand_as_agreed() -> None:
    settlement = brought.manual_from_confirming()
    after = both(settlement, COMPLETE, "the insurer's record, printed on Monday")
    assert after.state == S.COMPLETED and after.completed_at is not None
    assert Appointment.objects.get(pk=settlement.appointment_id).state == "completed"
    written_down(settlement, COMPLETE, S.MANUAL, S.COMPLETED)


def test_a_self_pay_settlement_is_complete_with_its_money() -> None:
    assert both(brought.manual_self_pay(), COMPLETE, "reported by hand").state == S.COMPLETED


@pytest.mark.parametrize(
    ("manual", "code"),
    [
        (brought.manual_from_unknown, "insurer_not_as_agreed"),
        (brought.manual_otherwise, "insurer_not_as_agreed"),
        (brought.manual_from_reversing, "insurer_not_as_agreed"),
        (brought.manual_from_insured, "cash_not_as_agreed"),
        (brought.manual_from_refunding, "insurer_not_as_agreed"),
    ],
)
def test_what_does_not_stand_as_agreed_is_not_complete(manual: Callable[[], Settlement], code: str) -> None:
    assert refused(manual(), COMPLETE, "the insurer's record") == code


def test_complete_needs_evidence() -> None:
    assert refused(brought.manual_from_confirming(), COMPLETE) == "no_evidence"


def test_void_where_nothing_stands_needs_no_evidence() -> None:
    settlement = brought.heard(brought.waiting("self_pay"), Event.REFUSED, reason="payment institution: HTTP 422")
    after = both(settlement, VOID)
    assert (after.state, doing.state_of(settlement.trial)) == (S.REVERSED, "expired")
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    "manual",
    [
        brought.manual_from_confirming,
        brought.manual_otherwise,
        brought.manual_from_unknown,
        brought.manual_from_refunding,
    ],
)
def test_void_against_the_records_needs_evidence(manual: Callable[[], Settlement]) -> None:
    settlement = manual()
    assert refused(settlement, VOID) == "no_evidence"
    assert rules.objections(VOID, facts.of(settlement))
    after = both(settlement, VOID, "the insurer's letter, and the patient's receipt")
    assert after.state == S.REVERSED
    written_down(settlement, VOID, S.MANUAL, S.REVERSED)


def test_void_puts_the_ledger_right_in_the_name_of_the_staff() -> None:
    settlement = brought.manual_from_confirming()
    both(settlement, VOID, "taken back at the insurer's desk; the patient has the cash, receipt 17")
    assert entries.balance(settlement.number) == {"cash": CASH, "refund": -CASH}
    corrected = LedgerEntry.objects.filter(number=settlement.number, by="staff")
    assert {(entry.kind, entry.leg) for entry in corrected} >= {("undone", "fund"), ("refunded", "refund")}
    assert facts.of(settlement).collected_fen == 0 and not facts.of(settlement).insurer


def test_void_leaves_nothing_for_the_system_to_give_back() -> None:
    """The patient has it already: what is booked as given back is never asked of the institution."""
    settlement = brought.manual_from_refunding()
    both(settlement, VOID, "given back at the counter, receipt 17")
    assert brought.collecting.follow() == 0
    assert PaymentOrder.objects.get().state == "refunded"
    assert [refund.state for refund in Refund.objects.all()] == ["done"]
    assert doing.state_of(settlement) == S.REVERSED


def test_void_waits_for_a_refund_that_is_under_way() -> None:
    settlement = brought.manual_from_confirming()
    brought.refund_due(settlement)
    assert refused(settlement, VOID, "a letter") == "refund_under_way"


def test_a_refused_refund_that_was_given_back_in_another_way_ends() -> None:
    settlement = brought.completed()
    brought.refund_due(settlement)
    refund = brought.refused_refund(settlement)
    after = both(settlement, RETURNED, "in cash at the counter, receipt 17")
    assert (after.state, doing.state_of(refund)) == (S.COMPLETED, "done")
    assert LedgerEntry.objects.get(kind="refunded").by == "staff"
    assert PaymentOrder.objects.get().state == "paid", "only a part of it went back"


def test_one_who_acts_on_an_old_page_is_told_to_look_again() -> None:
    settlement = brought.unknown()
    old = Seen.of(settlement)
    brought.heard(settlement, Event.EXHAUSTED)
    with pytest.raises(Conflict) as caught:
        acting.at_once(old, NOW, who=somebody("clerk"), why=WHY)
    assert caught.value.code == "moved_on"


@pytest.mark.parametrize("why", ["", "  "])
def test_nothing_is_done_without_a_reason(why: str, clerk: User) -> None:
    settlement = brought.manual_from_confirming()
    for act in (
        lambda: acting.at_once(seen(settlement), ASK, who=clerk, why=why),
        lambda: decisions.propose(seen(settlement), UNDO, who=clerk, why=why),
    ):
        with pytest.raises(Invalid) as caught:
            act()
        assert caught.value.code == "no_reason"
    assert doing.state_of(settlement) == S.MANUAL


def test_an_id_number_has_no_place_in_a_reason(clerk: User) -> None:
    settlement = brought.manual_from_confirming()
    number = settlement.appointment.patient.id_number
    for text in (f"patient {number} came", f"1{number}", number.lower()):
        with pytest.raises(Invalid) as caught:
            acting.at_once(seen(settlement), ASK, who=clerk, why=text)
        assert caught.value.code == "personal_data"


def test_a_receipt_number_of_eighteen_digits_is_no_id_number() -> None:
    assert changes.clean("receipt 202611240000000001") == "receipt 202611240000000001"


def test_what_would_make_a_second_live_settlement_waits_for_the_first_to_end() -> None:
    """Money that came late was refused back, while the patient was settling anew."""
    settlement = brought.manual_from_confirming()
    Settlement.objects.create(
        appointment=settlement.appointment, trial=settlement.trial, mode="insurance", total_fen=1, state=S.WAITING
    )
    for action in (ASK, TELL):
        assert refused(settlement, action) == "another_settlement"


def test_what_needs_two_is_not_done_by_one(clerk: User) -> None:
    settlement = brought.manual_from_confirming()
    for action in BY_TWO:
        with pytest.raises(Conflict) as caught:
            acting.at_once(seen(settlement), action, who=clerk, why=WHY)
        assert caught.value.code == "needs_two"
    with pytest.raises(Conflict) as caught:
        decisions.propose(seen(settlement), ASK, who=clerk, why=WHY)
    assert caught.value.code == "needs_nobody"


def written_down(settlement: Settlement, action: Action, before: str, after: str) -> None:
    """The change names who and why, the journal has the move."""
    change = Change.objects.filter(subject=f"settlement {settlement.pk}").latest("pk")
    assert (change.field, change.before, change.after) == (action.value, before, after)
    assert change.who is not None and change.why.startswith(WHY)
    if before != after:
        move = Journal.objects.filter(kind="settlement", item_id=settlement.pk, to_state=after).latest("pk")
        assert move.from_state == before and move.reason.startswith(f"{action.value}: {WHY}")
