"""A day's books against the simulated insurer: what differs, and what its remedy does."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind, Leg
from insurance.models import InterfaceCall, Settlement
from insurance.reconciliation import comparing, reconcile
from insurance.reconciliation.ours import Group
from insurance.reconciliation.proof_of_books import unproved
from insurance.reconciliation.speaking import Asked, OfficeBook
from insurance.settlement import collecting, steps
from insurance.settlement.saga import Event
from insurance.settlement.standing import purpose
from tests.integration import doing
from tests.integration.laid_beside import (
    arrives,
    booked,
    calls,
    cancelled_at_their_desk,
    compared,
    completed,
    found,
    live,
    lose,
    lost,
    noon,
    only,
    said,
    today,
    without_effect,
    yesterday,
)
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("insurer", "payments")


def test_three_books_that_agree(insurer: Simulator, payments: Simulator) -> None:
    completed(), completed(cash=True)
    book = compared(details=True)
    theirs, money = insurer.ledger()["totals"], payments.ledger()["totals"]
    assert found(book) == [] and not book.differences.exists()
    assert book.ours["settled"] == theirs["settlements"] == 2
    assert book.ours["fund_fen"] == book.insurer["fund_fen"] == theirs["fund_fen"]
    assert book.ours["paid_fen"] == book.payments["paid_fen"] == money["cash_fen"] > 0
    assert book.insurer.items() <= book.ours.items() and book.payments.items() <= book.ours.items()
    assert all(each["balanced"] for each in book.totals) and len(book.totals) == 2
    assert set(InterfaceCall.objects.filter(infno="3201").values_list("lane", "purpose")) == {
        ("recovery", f"reconciliation {today()}")
    }


def test_details_are_asked_for_only_where_totals_differ_or_on_demand(insurer: Simulator) -> None:
    completed()
    compared()
    assert (calls("3201"), calls("9101"), calls("3202"), calls("9102")) == (2, 0, 0, 0)
    compared(details=True)
    assert (calls("9101"), calls("3202"), calls("9102")) == (1, 1, 1)


def test_what_was_settled_and_cancelled_agrees_too(insurer: Simulator) -> None:
    settlement = completed()
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "reversed")
    book = compared(details=True)
    assert (book.ours["settled"], book.ours["undone"], book.ours["total_fen"]) == (1, 1, 0)
    assert found(book) == [] and book.insurer.items() <= book.ours.items()


def test_money_given_back_agrees_too(payments: Simulator) -> None:
    settlement = completed(cash=True)
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "refunding")
    collecting.collect_due()
    assert doing.state_of(settlement) == "reversed"
    book = compared(details=True)
    assert book.ours["refunded_fen"] == book.payments["refunded_fen"] == -settlement.cash_fen
    assert found(book) == []


def test_a_lost_answer_is_handed_to_its_own_recovery(insurer: Simulator) -> None:
    lose(insurer)
    settlement = lost()
    Settlement.objects.update(due_at=Now() + timedelta(hours=2))
    book = compared()
    row = only(book)
    assert found(book) == [("only_theirs", "settled", "go on", "remedied")]
    assert (row.says, row.key, row.settlement_id) == ("under way", settlement.settle_msgid, settlement.pk)
    assert (row.ours_fen, row.theirs_fen) == (None, 3052)
    assert steps.recover_one(), "its turn is due now"
    assert doing.state_of(settlement) == "paid"
    assert found(compared()) == []
    row.refresh_from_db()
    assert (row.state, row.resolved_by) == ("resolved", "gone")


def test_a_turn_that_somebody_has_is_not_given_to_another(insurer: Simulator) -> None:
    lose(insurer)
    lost()
    later = timezone.now() + timedelta(minutes=5)
    Settlement.objects.update(due_at=later, leased_until=later)
    compared()
    assert not steps.recover_one()


def test_what_is_not_to_stand_is_reversed_by_its_message(insurer: Simulator) -> None:
    lose(insurer)
    settlement = without_effect(lost())
    assert doing.state_of(settlement) == "reversed" and len(live(insurer)) == 1
    book = compared()
    assert found(book) == [("only_theirs", "settled", "reverse", "remedied")]
    assert live(insurer) == [] and calls("2601") == 1
    assert InterfaceCall.objects.get(infno="2601").purpose == purpose(settlement)
    assert found(compared()) == []
    assert only(book).resolved_by == "gone" and calls("2601") == 1


def test_what_a_patient_relies_on_is_never_reversed(insurer: Simulator) -> None:
    """The negative control: the same message arrived a second time after the settlement was complete. 2601 by it would
    undo both; the surplus goes by its number."""
    settlement = completed()
    arrives(insurer, settlement)
    assert len(live(insurer)) == 2
    book = compared()
    assert found(book) == [("only_theirs", "settled", "take back", "remedied")]
    assert only(book).says == "counts"
    (left,) = live(insurer)
    assert left["setl_id"] == settlement.setl_id and (calls("2601"), calls("2208")) == (0, 1)
    again = compared(details=True)
    assert found(again) == [] and again.insurer.items() <= again.ours.items()
    assert doing.state_of(settlement) == "completed" and unproved() == []


def test_a_copy_is_left_to_staff_where_the_good_one_does_not_stand(insurer: Simulator) -> None:
    """The good one was cancelled at the insurer's own desk: whatever is done now, a person must do."""
    settlement = completed()
    arrives(insurer, settlement)
    cancelled_at_their_desk(insurer, settlement)
    (copy,) = live(insurer)
    assert not compared().differences.exists(), "one too many and one too few: the totals agree"
    book = compared(details=True)
    row = book.differences.get(movement="settled")
    assert (row.remedy, row.state) == ("staff", "open") and "does not stand" in row.evidence
    assert live(insurer) == [copy]
    assert book.differences.get(movement="undone").says == "nothing"


def test_an_earlier_message_of_a_complete_settlement_is_reversed(insurer: Simulator) -> None:
    settlement = completed()
    earlier = settlement.settle_msgid[:-1] + "X"
    arrives(insurer, settlement, earlier)
    InterfaceCall.objects.create(msgid=earlier, infno="2207A", lane="settlement", purpose=purpose(settlement))
    book = compared()
    assert (only(book).says, only(book).remedy) == ("another counts", "reverse")
    (left,) = live(insurer)
    assert left["setl_id"] == settlement.setl_id
    assert found(compared()) == [] and doing.state_of(settlement) == "completed"


def test_what_nobody_here_has_sent_waits_for_staff(insurer: Simulator) -> None:
    arrives(insurer, completed(), "H99999900001" + "9" * 18)
    book = compared()
    assert found(book) == [("only_theirs", "settled", "staff", "open")]
    assert (only(book).says, only(book).settlement) == ("nothing", None)
    assert len(live(insurer)) == 2


def test_a_settlement_before_a_person_waits_for_that_person(insurer: Simulator) -> None:
    lose(insurer)
    said(lost(), Event.EXHAUSTED)
    book = compared()
    assert (only(book).says, only(book).remedy, only(book).state) == ("before a person", "staff", "open")
    assert len(live(insurer)) == 1


def test_a_reversal_that_is_not_answered_is_tried_with_the_next_comparison(insurer: Simulator) -> None:
    lose(insurer)
    without_effect(lost())
    insurer.faults({"infno": "2601", "kind": "drop_before", "times": 1})
    book = compared()
    assert found(book) == [("only_theirs", "settled", "reverse", "open")] and len(live(insurer)) == 1
    assert book.due_at < timezone.now() + timedelta(seconds=reconcile.RETRY_SECONDS + 1)
    assert found(compared()) == [("only_theirs", "settled", "reverse", "remedied")] and live(insurer) == []
    assert found(compared()) == []


def test_a_settlement_cancelled_at_their_desk_waits_for_staff(insurer: Simulator) -> None:
    cancelled_at_their_desk(insurer, completed())
    book = compared()
    assert found(book) == [("only_theirs", "undone", "staff", "open")]
    assert (only(book).says, only(book).theirs_fen) == ("nothing", -3052)


def test_a_reversal_that_does_not_help_comes_before_a_person(insurer: Simulator) -> None:
    lose(insurer)
    settlement = without_effect(lost())
    book = compared()
    assert live(insurer) == []
    arrives(insurer, settlement)
    assert found(compared()) == [("only_theirs", "settled", "staff", "open")]
    assert only(book).state == "open" and len(live(insurer)) == 1


def test_taken_back_at_the_insurer_on_the_same_day_stands_on_neither_side(insurer: Simulator) -> None:
    """The worker died between 2208 and its record: their book has both rows, ours has none."""
    lose(insurer)
    settlement = lost()
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "reversed")
    assert not entries.balance(settlement.number)
    book = compared(details=True)
    assert not book.differences.exists()


def test_what_only_we_have_is_asked_about_once_and_waits_for_staff(insurer: Simulator) -> None:
    settlement = completed()
    booked(settlement, timezone.now(), "S-none")
    book = compared()
    row = book.differences.get(classed="only_ours")
    assert (row.movement, row.key, row.remedy, row.state) == ("settled", "S-none", "staff", "open")
    assert "does not show it" in row.evidence and row.ours_fen == 3052
    asked = calls("5203")
    compared()
    row.refresh_from_db()
    assert (calls("5203"), row.state) == (asked, "open"), "not asked again"
    assert row.last_seen > row.first_seen


def test_another_amount_is_found_and_waits_for_staff(insurer: Simulator) -> None:
    lose(insurer)
    settlement = lost()
    booked(settlement, timezone.now(), live(insurer)[0]["setl_id"], fund=1)
    book = compared()
    assert found(book)[0] == ("amount", "settled", "staff", "open")
    theirs = live(insurer)[0]
    assert book.differences.get(classed="amount").evidence == (
        f"3052+1+0 / 3052+{theirs['fund_fen']}+{theirs['account_fen']}"
    )


def test_two_errors_that_cancel_are_found_settlement_by_settlement(insurer: Simulator) -> None:
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 2})
    one, other = lost(), lost()
    rows = {row["msgid"]: row for row in live(insurer)}
    theirs = [rows[each.settle_msgid] for each in (one, other)]
    fund, account = (sum(row[name] for row in theirs) for name in ("fund_fen", "account_fen"))
    booked(one, timezone.now(), theirs[0]["setl_id"], fund=fund)
    booked(other, timezone.now(), theirs[1]["setl_id"], account=account)
    assert found(compared()) == [], "the totals agree"
    assert [row[:2] for row in found(compared(details=True))] == [("amount", "settled"), ("amount", "settled")]
    assert [row[:2] for row in found(compared())] == [("amount", "settled")] * 2, "what was found is looked for again"


def test_totals_that_differ_for_no_reason_are_a_difference(insurer: Simulator) -> None:
    sums = {"total_fen": 5, "fund_fen": 0, "account_fen": 0}
    asked = Asked(Group("310", "11", "999900"), sums, 1, balanced=False, told="总额不一致")
    (told,) = comparing._unexplained(OfficeBook([], [], [asked], one_by_one=True))
    assert (told.classed, told.movement, told.key, told.remedy) == ("amount", "total", "310/11/999900", "staff")


def test_a_settlement_booked_on_the_day_before_is_a_shift_that_closes_itself(insurer: Simulator) -> None:
    lose(insurer)
    settlement = lost()
    theirs = live(insurer)[0]
    legs = tuple((leg, theirs[f"{name}_fen"]) for leg, name in ((Leg.FUND, "fund"), (Leg.ACCOUNT, "account")))
    amounts = Amounts(
        Kind.SETTLED, theirs["setl_id"], "2207", noon(yesterday()), (*legs, (Leg.OWN, theirs["cash_fen"]))
    )
    entries.book(settlement.number, [amounts])
    before = compared(yesterday())
    row = before.differences.get(classed="only_ours")
    assert (row.remedy, row.state, row.theirs_day) == ("note", "open", today()), row.evidence
    compared(yesterday())
    assert found(before) == [("time_shift", "settled", "note", "open")]
    book = compared()
    assert found(book) == [] and found(before) == []
    shift = book.differences.get(classed="time_shift")
    assert (shift.ours_day, shift.theirs_day, shift.resolved_by) == (yesterday(), today(), "its remedy")
    assert found(compared(yesterday())) == []


def test_what_2601_has_reversed_counts_as_never_settled(insurer: Simulator) -> None:
    settlement = completed()
    booked(settlement, timezone.now(), "S-gone")
    undone = Amounts(Kind.UNDONE, "S-gone", "2601", timezone.now(), ((Leg.FUND, 0), (Leg.OWN, -3052)))
    entries.book(settlement.number, [undone])
    book = compared(details=True)
    assert (book.ours["settled"], book.ours["undone"], found(book)) == (1, 0, [])
