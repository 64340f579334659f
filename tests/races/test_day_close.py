"""A day is closed against whoever is booking, and by one of many; it is compared by one at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections, transaction

from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind, LedgerEntry, Leg
from insurance.models import DayBook
from insurance.reconciliation import closing, days, reconcile
from tests.integration.laid_beside import surely_over
from tests.races.together import at_once, codes, good, wait_until
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("insurer", "payments")


def compared() -> DayBook:
    """A day that is surely over."""
    return reconcile.run(surely_over())


def close(book: DayBook) -> DayBook:
    return closing.close(book, who="a clerk", why="all accounted for")


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        waiting = "wait_event_type = 'Lock' AND datname = current_database()"  # other tests have databases beside ours
        cursor.execute(f"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {waiting})")
        return bool(cursor.fetchone()[0])


@contextmanager
def booking(book: DayBook) -> Iterator[threading.Event]:
    """Somebody has booked a payment of that day, and commits when told to."""
    commit, has_booked = threading.Event(), threading.Event()
    at = days.bounds(book.day)[0] + timedelta(hours=12)

    def act() -> None:
        with transaction.atomic():
            entries.book("S000000000000", [Amounts(Kind.PAID, "late", "pay", at, ((Leg.CASH, 5),))])
            has_booked.set()
            commit.wait(timeout=20)
        connections.close_all()

    thread = threading.Thread(target=act)
    thread.start()
    assert has_booked.wait(timeout=20)
    try:
        yield commit
    finally:
        commit.set()
        thread.join(timeout=20)


def test_a_close_waits_for_whoever_is_booking_and_then_refuses() -> None:
    book = compared()
    outcomes: list[object] = []
    with booking(book) as commit:
        closer = threading.Thread(target=lambda: outcomes.extend(at_once([partial(close, book)])))
        closer.start()
        wait_until(waits_for_a_lock)
        commit.set()
        closer.join(timeout=20)
    assert codes(outcomes) == ["not_ready"] and DayBook.objects.get().state == "reconciled"


def test_without_the_lock_the_day_is_closed_over_an_entry_that_it_does_not_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control."""
    monkeypatch.setattr(closing, "_NOTHING_IS_BOOKED", "SELECT 1")
    book = compared()
    with booking(book):
        assert len(good(at_once([partial(close, book)]))) == 1
    closed = DayBook.objects.get()
    entry = LedgerEntry.objects.get()
    assert closed.state == "closed" and closed.ours["paid"] == 0 and entry.source == "late"


def test_a_day_closed_ten_times_at_once_is_closed_once() -> None:
    book = compared()
    outcomes = at_once([partial(close, book)] * 10)
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["day_closed"] * 9


def test_a_day_compared_ten_times_at_once_is_compared_by_one_at_a_time(insurer: Simulator) -> None:
    insurer.faults({"infno": "3201", "kind": "slow", "seconds": 1})
    outcomes = at_once([compared] * 10)
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["being_compared"] * 9
    assert insurer.stats()["calls"]["3201"] == 2
