"""Day close: what stands in the way, told by patient; and that nothing of a closed day changes any more."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from hospital import worklist
from hospital.errors import Conflict, Invalid
from hospital.models import Change
from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind, LedgerEntry, Leg
from insurance.models import DayBook, Difference, Settlement
from insurance.reconciliation import closing, days, reconcile, resolving, schedule
from insurance.reconciliation.late import booked_late
from insurance.settlement.saga import Event
from tests.integration import doing, laid_beside
from tests.integration.laid_beside import completed, noon, said, surely_over, today, yesterday
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("insurer", "payments")


def tonight() -> datetime:
    """When today is over."""
    return days.bounds(today())[1] + timedelta(hours=3)


def compared() -> DayBook:
    """Today, as tonight."""
    book = reconcile.run(today(), now=tonight())
    assert book.state == "reconciled", book.last_error
    return book


def close(book: DayBook, why: str = "all accounted for") -> DayBook:
    return closing.close(book, who="a clerk", why=why, now=tonight())


def refused(book: DayBook) -> str:
    with pytest.raises(Conflict) as caught:
        close(book)
    assert caught.value.code == "not_ready" and DayBook.objects.get(pk=book.pk).state != "closed"
    return str(caught.value.detail)


def lost(insurer: Simulator) -> Settlement:
    laid_beside.lose(insurer)
    return laid_beside.lost()


def refuses(sql: str) -> bool:
    """Whether the database itself refuses."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        assert "immutable" in str(error) or "append-only" in str(error)
        return True
    return False


# --- what stands in the way -------------------------------------------------------------------------


def test_a_day_on_which_all_agrees_is_closed() -> None:
    completed()
    book = close(compared())
    assert (book.state, book.closed_by, book.verdict) == ("closed", "a clerk", "0 unknown, 0 one-sided")
    change = Change.objects.latest("pk")
    assert (change.subject, change.after, change.why) == (f"day {today()}", "closed", "all accounted for")
    assert book.last_entry_id == LedgerEntry.objects.latest("pk").pk


def test_a_reason_is_asked_for() -> None:
    book = compared()
    with pytest.raises(Invalid):
        close(book, why=" ")
    assert DayBook.objects.get().state == "reconciled"


def test_a_day_that_is_not_over_is_not_closed() -> None:
    book = reconcile.run(today())
    with pytest.raises(Conflict) as caught:
        closing.close(book, who="a clerk", why="early")
    assert "the day is not over" in str(caught.value.detail)
    assert "compared before it was over" in refused(book)
    close(compared())


def test_a_day_that_was_not_compared_is_not_closed(payments: Simulator) -> None:
    assert "not compared yet" in refused(reconcile.book_of(today()))
    payments.faults({"call": "statement", "kind": "down"})
    book = reconcile.run(today(), now=tonight())
    assert "payment institution" in refused(book)
    payments.faults()
    close(compared())


def test_what_was_booked_since_it_was_compared_is_compared_first() -> None:
    book = compared()
    completed()
    assert "booked since" in refused(book)
    close(compared())


def test_an_open_difference_bars_it_and_a_resolved_one_does_not(insurer: Simulator) -> None:
    said(lost(insurer), Event.EXHAUSTED)
    book = compared()
    assert "1 unknown, 1 one-sided" in refused(book)
    (settlement,) = closing.standing(book, tonight()).unknown
    said(settlement, Event.VOID)
    assert "0 unknown, 1 one-sided" in refused(book)
    resolving.resolve(Difference.objects.get(), who="a clerk", why="reversed at the bureau's desk")
    close(book)


def unknown(insurer: Simulator) -> Settlement:
    return lost(insurer)


def reversing(insurer: Simulator) -> Settlement:
    settlement = completed()
    said(settlement, Event.UNDO)
    return settlement


def manual(insurer: Simulator) -> Settlement:
    settlement = lost(insurer)
    said(settlement, Event.EXHAUSTED)
    return settlement


def refunding(insurer: Simulator) -> Settlement:
    settlement = manual(insurer)
    said(settlement, Event.REFUND)
    return settlement


@pytest.mark.parametrize("make", [unknown, reversing, manual, refunding])
def test_what_nobody_knows_the_end_of_bars_it(insurer: Simulator, make: Callable[[Simulator], Settlement]) -> None:
    settlement = make(insurer)
    settlement.refresh_from_db()
    book = compared()
    stands = closing.standing(book, tonight())
    assert (settlement.state, stands.unknown) == (make.__name__, [settlement])
    assert "1 unknown" in refused(book)


def test_a_settlement_of_another_day_does_not_bar_it(insurer: Simulator) -> None:
    """The negative control: begun the day before, and nothing was said of it today."""
    lost(insurer)
    earlier = noon(yesterday())
    Settlement.objects.update(created_at=earlier)
    book = compared()
    assert closing.standing(book, tonight()).unknown != [], "the message was sent today"
    (settlement,) = Settlement.objects.all()
    call = closing.InterfaceCall.objects.filter(purpose=closing.purpose(settlement))
    call.update(sent_at=earlier)
    assert closing.standing(book, tonight()).unknown == []
    assert closing.standing(reconcile.book_of(yesterday()), tonight()).unknown == [settlement]


def test_books_that_are_not_proved_bar_it() -> None:
    settlement = completed()
    book = compared()
    entries.book(settlement.number, [Amounts(Kind.PAID, "X", "pay", noon(yesterday()), ((Leg.CASH, 5),))])
    assert "0 unknown, 1 one-sided" in refused(book)
    (wrong,) = closing.standing(book, tonight()).unproved
    assert wrong.number == settlement.number
    assert compared().differences.get(movement="standing").settlement == settlement


# --- closed -----------------------------------------------------------------------------------------


def test_the_database_refuses_to_change_a_closed_day(insurer: Simulator) -> None:
    said(lost(insurer), Event.EXHAUSTED)
    book = compared()
    assert not refuses("UPDATE insurance_daybook SET verdict = 'x'"), "an open one may change"
    assert not refuses("UPDATE insurance_difference SET evidence = 'x'")
    said(Settlement.objects.get(), Event.VOID)
    resolving.resolve(Difference.objects.get(), who="a clerk", why="reversed at the bureau's desk")
    close(book)
    for sql in (
        "UPDATE insurance_daybook SET verdict = 'x'",
        "UPDATE insurance_daybook SET state = 'open'",
        "DELETE FROM insurance_daybook",
        "UPDATE insurance_difference SET ours_fen = 1",
        "DELETE FROM insurance_difference",
        "INSERT INTO insurance_difference (book_id, classed, movement, key, says, remedy, state, evidence, resolved_by,"
        f" msgid, attempt) VALUES ({book.pk}, 'amount', 'total', 'k', '', '', 'open', '', '', '', 0)",
    ):
        assert refuses(sql), sql
    book.refresh_from_db()
    assert (book.state, book.verdict) == ("closed", "0 unknown, 0 one-sided")


def test_the_database_refuses_to_change_the_ledger() -> None:
    completed()
    for sql in ("UPDATE insurance_ledgerentry SET amount_fen = 0", "DELETE FROM insurance_ledgerentry"):
        assert refuses(sql), sql


def test_a_closed_day_is_not_compared_nor_closed_again(insurer: Simulator) -> None:
    book = close(compared())
    for again in (
        lambda: reconcile.run(today(), now=tonight()),
        lambda: close(book),
        lambda: schedule.ask_for(book, who="a clerk", why="again"),
    ):
        with pytest.raises(Conflict) as caught:
            again()
        assert caught.value.code == "day_closed"
    assert not schedule.due(tonight() + timedelta(days=3)).filter(pk=book.pk).exists()
    with pytest.raises(worklist.ForbiddenMove):
        worklist.move(book, "open")


def test_what_is_booked_after_the_close_lands_in_the_next_day() -> None:
    settlement = completed()
    first = close(compared())
    tomorrow = reconcile.book_of(today() + timedelta(days=1), tonight())
    after = reconcile.book_of(today() + timedelta(days=2), tonight() + timedelta(days=1))
    assert not booked_late(tomorrow)
    entries.book(settlement.number, [Amounts(Kind.UNDONE, "late", "2208", noon(today()), ((Leg.FUND, -5),))])
    entries.book(settlement.number, [Amounts(Kind.UNDONE, "on time", "2208", noon(tomorrow.day), ((Leg.FUND, -5),))])
    assert [entry.source for entry in booked_late(tomorrow)] == ["late"]
    assert not booked_late(after), "the oldest open day takes it"
    assert not booked_late(first), "the closed day is as it was"
    first.refresh_from_db()
    assert first.ours["undone"] == 0


def test_what_the_next_day_has_taken_up_stays_with_it() -> None:
    settlement = completed()
    close(compared())
    book = reconcile.book_of(yesterday())
    entries.book(settlement.number, [Amounts(Kind.UNDONE, "late", "2208", noon(today()), ((Leg.FUND, 0),))])
    assert [entry.source for entry in booked_late(book)] == ["late"]
    reconcile.run(yesterday(), now=tonight())
    closed = closing.close(book, who="a clerk", why="late", now=tonight() + timedelta(minutes=1))
    assert [entry.source for entry in booked_late(closed)] == ["late"]
    assert not booked_late(reconcile.book_of(today() + timedelta(days=1), tonight()))


# --- at the command line ----------------------------------------------------------------------------


def run(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


def failing(*command: str) -> tuple[str, str]:
    """What a command that ends with status 1 has printed, and why."""
    output = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*command, stdout=output)
    return output.getvalue(), str(caught.value)


def begun_then(settlement: Settlement) -> None:
    Settlement.objects.filter(pk=settlement.pk).update(created_at=noon(surely_over()))


def test_close_day_compares_closes_and_says_so_in_one_line() -> None:
    assert run("close_day", f"{surely_over()}") == "closed: 0 unknown, 0 one-sided\n"
    book = DayBook.objects.get()
    assert (book.state, book.closed_by, book.day) == ("closed", "command line", surely_over())
    assert run("close_day", f"{surely_over()}") == "closed: 0 unknown, 0 one-sided\n", "it is closed"
    assert json.loads(run("close_day", f"{surely_over()}", "--json"))["closed"] is True
    assert Change.objects.count() == 1


def test_close_day_lists_by_patient_what_is_left(insurer: Simulator) -> None:
    settlement = lost(insurer)
    begun_then(settlement)
    cover = doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")
    legs = ((Leg.FUND, 5), (Leg.OWN, 0))
    entries.book(cover.number, [Amounts(Kind.SETTLED, "S-none", "2207", noon(surely_over()), legs)])
    printed, why = failing("close_day", f"{surely_over()}")
    assert why.startswith(f"{surely_over()}: not closed: 1 unknown, 2 one-sided")
    patient = f"appointment {settlement.appointment_id}, settlement {settlement.number}"
    assert f"  unknown: {patient}: unknown since" in printed
    other = f"appointment {cover.appointment_id}, settlement {cover.number}"
    assert f"  one-sided: {other}: only_ours settled S-none: ours 5 fen, theirs -; staff, for 0 days\n" in printed
    figures = json.loads(failing("close_day", f"{surely_over()}", "--json")[0])
    assert (figures["closed"], figures["unknown"], figures["one_sided"]) == (False, 1, 2)
    (told,) = figures["settlements"]
    assert (told["appointment"], told["settlement"]) == (settlement.appointment_id, settlement.number)
    assert {row["settlement"] for row in figures["differences"]} == {cover.number}
    archive = settlement.appointment.archive
    for personal in (archive.card_number, archive.appointment.patient.name, archive.appointment.patient.id_number):
        assert personal not in printed + json.dumps(figures)


def test_close_day_of_today_is_refused_with_the_reason() -> None:
    printed, why = failing("close_day", f"{today()}")
    assert "  the day is not over\n" in printed and "0 unknown, 0 one-sided" in why
    assert DayBook.objects.get().state == "reconciled"


@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", ""])
def test_a_day_is_written_as_one(day: str) -> None:
    for command in ("close_day", "reconcile"):
        assert "2026-11-23" in failing(command, day)[1]


def test_a_day_to_come_is_refused() -> None:
    day = f"{today() + timedelta(days=2)}"
    for command in ("close_day", "reconcile"):
        assert "not begun" in failing(command, day)[1]
    assert not DayBook.objects.exists()


def test_reconcile_prints_the_three_books(insurer: Simulator) -> None:
    completed()
    printed = run("reconcile", f"{today()}", "--details")
    assert printed.startswith(f"{today()}: reconciled\n  ours: settled 1, ")
    assert "  insurer: settled 1, " in printed and "  payments: paid 0, " in printed
    figures = json.loads(run("reconcile", f"{today()}", "--json"))
    assert figures["ours"]["settled"] == figures["insurer"]["settled"] == 1
    assert figures["differences"] == []


def test_reconcile_carries_out_what_is_safe_and_sees_that_it_helped(insurer: Simulator) -> None:
    settlement = lost(insurer)
    said(settlement, Event.EXHAUSTED)
    said(settlement, Event.VOID)
    assert "reconciled" in run("reconcile", f"{today()}")
    assert Difference.objects.get().state == "resolved"
    assert [row for row in insurer.ledger()["settlements"] if not row["refunded"]] == []


def test_reconcile_ends_with_status_one_when_something_differs_or_a_side_is_away(insurer: Simulator) -> None:
    said(lost(insurer), Event.EXHAUSTED)
    printed, why = failing("reconcile", f"{today()}")
    assert "only_theirs settled" in printed and "1 unknown, 1 one-sided" in why
    insurer.faults({"infno": "3201", "kind": "drop_before"})
    assert "not reconciled: insurer: OutcomeUnknown" in failing("reconcile", f"{today()}")[1]
