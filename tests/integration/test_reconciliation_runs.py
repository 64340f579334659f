"""When days are compared, what happens when a side is away, and what staff have resolved."""

from datetime import timedelta

import httpx
import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.utils import timezone

from hospital.errors import Conflict, Invalid
from insurance.models import DayBook, Difference, InterfaceCall
from insurance.payment import gateway
from insurance.quota import insurers
from insurance.reconciliation import reconcile, resolving, schedule
from insurance.settlement.saga import Event
from tasks import reconciliation as tasks
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.integration.laid_beside import (
    booked,
    calls,
    compared,
    completed,
    found,
    lose,
    lost,
    night,
    said,
    today,
    yesterday,
)
from tests.simulators import Simulator, free_port

pytestmark = pytest.mark.usefixtures("insurer", "payments")


def test_a_day_stays_open_with_the_reason_while_the_insurer_is_away(insurer: Simulator, settings: LazySettings) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    settings.INSURANCE_URL = f"http://127.0.0.1:{free_port()}"
    forget_the_insurer()
    book = reconcile.run(today())
    assert (book.state, book.last_error.partition(":")[0], book.insurer) == ("open", "insurer", {})
    assert book.differences.filter(movement="paid").exists(), "the other side was compared"
    assert book.leased_until is None and book.due_at > timezone.now()
    settings.INSURANCE_URL = insurer.url
    forget_the_insurer()
    assert (compared().last_error, found(book)) == ("", [])


def test_a_day_stays_open_while_the_payment_institution_is_away(payments: Simulator) -> None:
    completed()
    payments.faults({"call": "statement", "kind": "down"})
    book = reconcile.run(today())
    assert book.state == "open" and "payment institution" in book.last_error
    assert book.insurer["settled"] == 1


def test_what_was_not_compared_does_not_close_what_was_found(insurer: Simulator, settings: LazySettings) -> None:
    lose(insurer)
    said(lost(), Event.EXHAUSTED)
    book = compared()
    insurer.faults({"infno": "3201", "kind": "drop_before"})
    book = reconcile.run(today())
    assert (book.state, found(book)) == ("open", [("only_theirs", "settled", "staff", "open")])


def test_while_the_interface_is_paused_the_reason_is_told() -> None:
    insurers.pause(insurers.default(), who="a test", why="a test")
    book = reconcile.run(today())
    assert "paused by staff" in book.last_error and not InterfaceCall.objects.filter(infno="3201").exists()


def test_a_day_has_one_comparison_at_a_time() -> None:
    book = reconcile._taken(today(), timezone.now())
    with pytest.raises(Conflict) as caught:
        reconcile.run(today())
    assert caught.value.code == "being_compared"
    with pytest.raises(Conflict) as caught:
        schedule.ask_for(book, who="a clerk", why="now")
    assert caught.value.code == "being_compared"
    DayBook.objects.update(leased_until=Now() - timedelta(seconds=1))
    compared()


def test_a_comparison_that_breaks_off_gives_the_day_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "with_all", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reconcile.run(today())
    monkeypatch.undo()
    compared()


def test_a_day_that_has_not_begun_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        reconcile.run(today() + timedelta(days=2))
    assert caught.value.code == "not_begun" and not DayBook.objects.exists()


def test_the_nightly_tick_twice_does_it_once() -> None:
    assert schedule.run_due(night()) == 1
    book = DayBook.objects.get()
    assert (book.day, book.state, book.so_far) == (today(), "reconciled", False)
    assert calls("3202") == 1, "settlement by settlement, although nothing differs"
    asked = calls("3201")
    assert (schedule.run_due(night()), calls("3201")) == (0, asked)
    assert schedule.run_due(night(2)) == 2, "the next night: the next day, and this one once more"


def test_the_task_compares_what_is_due() -> None:
    tasks.run()
    book = DayBook.objects.get()
    assert book.state == "reconciled", book.last_error


def test_before_its_hour_the_night_has_not_come() -> None:
    schedule.open_days(night(hour=1))
    assert [book.day for book in DayBook.objects.all()] == [yesterday()]


def test_days_that_were_missed_are_made_up_for() -> None:
    reconcile.book_of(today() - timedelta(days=3))
    reconcile.book_of(today())
    schedule.open_days(night())
    assert [(today() - book.day).days for book in DayBook.objects.order_by("day")] == [3, 2, 1, 0]


def test_what_is_in_doubt_is_compared_until_it_is_resolved(insurer: Simulator) -> None:
    old = reconcile.run(today() - timedelta(days=30))
    assert old.state == "reconciled" and not schedule.due(night(2)).filter(pk=old.pk).exists()
    Difference.objects.create(book=old, classed="amount", movement="total", key="x", says="nothing", remedy="staff")
    assert schedule.due(night(2)).filter(pk=old.pk).exists()


def test_staff_resolve_with_evidence_and_it_stays_so_while_it_says_the_same(insurer: Simulator) -> None:
    settlement = completed()
    booked(settlement, timezone.now(), "S-none")
    book = compared()
    row = book.differences.get(classed="only_ours")
    with pytest.raises(Invalid):
        resolving.resolve(row, who="a clerk", why=" ")
    resolving.resolve(row, who="a clerk", why="letter of the bureau, 3 March")
    with pytest.raises(Conflict):
        resolving.resolve(row, who="a clerk", why="again")
    compared()
    row.refresh_from_db()
    assert (row.state, row.resolved_by) == ("resolved", "a clerk")
    assert row.evidence.endswith("letter of the bureau, 3 March")


def test_what_is_gone_and_comes_back_is_open_again(insurer: Simulator, payments: Simulator) -> None:
    gateway.open_order("X1", 100, timezone.now() + timedelta(minutes=5), "诊费")
    httpx.post(f"{payments.url}/pay/X1", trust_env=False).raise_for_status()
    book = compared()
    Difference.objects.update(key="X0")
    compared()
    gone = book.differences.get(key="X0")
    assert (gone.state, gone.resolved_by) == ("resolved", "gone")
    Difference.objects.filter(key="X1").delete()
    Difference.objects.filter(key="X0").update(key="X1")
    compared()
    assert found(book) == [("only_theirs", "paid", "staff", "open")] and book.differences.count() == 1
