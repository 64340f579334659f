"""Day close at the desk: a day's page, its two buttons and the differences, each for those who may."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from insurance.models import DayBook, Difference
from insurance.reconciliation import days, reconcile
from tests.integration import doing
from tests.integration.desk import act, address, at_the_desk, changes, page
from tests.simulators import Simulator

LOOK = ("view_daybook", "view_difference")


@pytest.fixture
def book(insurer: Simulator, payments: Simulator) -> DayBook:
    """Yesterday, compared."""
    return reconcile.run(surely_over())


@pytest.fixture
def difference(book: DayBook) -> Difference:
    return made(book, key="S1", ours_fen=7, theirs_fen=8)


def made(book: DayBook, **fields: object) -> Difference:
    told = {"classed": "amount", "movement": "settled", "says": "nothing", "remedy": "staff"}
    return Difference.objects.create(book=book, **told, **fields)


def surely_over() -> date:
    """Yesterday is not, in the first minutes of a day: its last answers may still come."""
    return days.local_day(timezone.now()) - timedelta(days=2)


def pressed(client: Client, book: DayBook, button: str, **fields: str) -> str:
    """What the page says after a button."""
    where = reverse(f"admin:insurance_daybook_{button}", args=[book.pk])
    answer = client.post(where, {"why": "because", **fields}, follow=True)
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_day_is_shown_with_its_three_books_and_its_differences(
    client: Client, insurer: Simulator, payments: Simulator
) -> None:
    doing.recovered(doing.insured(doing.priced(doing.somebody_whose_account_covers())), "completed")
    book = reconcile.run(days.local_day(timezone.now()))
    made(book, key="S-odd", evidence="one\ntwo")
    at_the_desk(client, LOOK)
    shown = page(client, address(DayBook, "change", book.pk))
    for told in ("30.52", "the insurer's", "S-odd", "one<br>two", "0 unknown, 1 one-sided", "the day is not over"):
        assert told in shown, told
    assert "<form" not in shown[shown.index('id="content-main"') : shown.index("</main>")]
    assert address(DayBook, "change", book.pk) in page(client, address(DayBook, "changelist"))
    assert "S-odd" in page(client, address(Difference, "changelist"))


def test_nobody_else_may_look(client: Client, difference: Difference) -> None:
    places = [address(DayBook, "changelist"), address(DayBook, "change", difference.book_id)]
    for where in (*places, address(Difference, "changelist")):
        assert client.get(where).status_code == 302
    at_the_desk(client, ("view_settlement",))
    for where in (*places, address(Difference, "changelist")):
        assert client.get(where).status_code == 403


def test_buttons_are_for_those_who_may(client: Client, book: DayBook) -> None:
    at_the_desk(client, LOOK)
    for button in ("reconcile", "close"):
        where = reverse(f"admin:insurance_daybook_{button}", args=[book.pk])
        assert client.post(where, {"why": "because"}).status_code == 403
    assert DayBook.objects.get().state == "reconciled" and changes() == []


def test_one_button_does_not_open_the_other(client: Client, book: DayBook) -> None:
    at_the_desk(client, (*LOOK, "change_daybook"))
    assert client.post(reverse("admin:insurance_daybook_close", args=[book.pk]), {"why": "x"}).status_code == 403
    assert client.get(reverse("admin:insurance_daybook_reconcile", args=[book.pk])).status_code == 403, "only by POST"
    shown = page(client, address(DayBook, "change", book.pk))
    assert "Compare now" in shown and "Close the day" not in shown


def test_a_day_is_closed_with_a_reason(client: Client, book: DayBook) -> None:
    at_the_desk(client, (*LOOK, "close_daybook"))
    assert "Say why" in pressed(client, book, "close", why=" ")
    assert pressed(client, book, "close") == "Done."
    book.refresh_from_db()
    assert (book.state, book.closed_by) == ("closed", "clerk")
    assert changes() == [(f"day {book.day}", "state", "reconciled", "closed")]
    assert "Close the day" not in page(client, address(DayBook, "change", book.pk))


def test_a_day_that_cannot_be_closed_says_why(client: Client, difference: Difference) -> None:
    at_the_desk(client, (*LOOK, "close_daybook"))
    assert "0 unknown, 1 one-sided" in pressed(client, difference.book, "close")
    assert DayBook.objects.get().state == "reconciled" and changes() == []


def test_a_comparison_is_asked_for_with_a_reason(client: Client, book: DayBook) -> None:
    at_the_desk(client, (*LOOK, "change_daybook"))
    assert pressed(client, book, "reconcile", details="1") == "Done."
    book.refresh_from_db()
    assert (book.state, book.details) == ("open", True) and book.due_at <= timezone.now()
    assert changes() == [(f"day {book.day}", "reconciliation", "", "now")]
    assert "Done" in act(client, book, "reconcile")


def test_a_difference_is_resolved_with_evidence(client: Client, difference: Difference) -> None:
    at_the_desk(client, (*LOOK, "change_difference"))
    assert "Say why" in act(client, difference, "resolve", why="")
    assert "Done" in act(client, difference, "resolve")
    difference.refresh_from_db()
    assert (difference.state, difference.resolved_by, difference.evidence) == ("resolved", "clerk", "because")
    assert changes() == [(f"difference {difference.pk}", "state", "open", "resolved")]
    assert "resolved already" in act(client, difference, "resolve")


def test_who_only_looks_resolves_nothing(client: Client, difference: Difference) -> None:
    at_the_desk(client, LOOK)
    act(client, difference, "resolve")
    difference.refresh_from_db()
    assert difference.state == "open" and changes() == []
