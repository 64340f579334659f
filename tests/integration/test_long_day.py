"""A day that takes longer to compare than it is held for at once: who is at it keeps it, and nobody begins beside.

The insurer lays out no statement, so it is asked about each settlement. What each question takes is not waited for: the
lease is made older by as much.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F

from hospital.errors import Conflict
from hospital.worklist import Overtaken
from insurance.interface.client import InsuranceClient
from insurance.interface.statements import StatementDifference
from insurance.models import DayBook
from insurance.reconciliation import lease, one_by_one, reconcile
from insurance.reconciliation.ours import Held
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.integration.laid_beside import today
from tests.simulators import Simulator, running

SETTLEMENTS = 5
A_LOOK = timedelta(seconds=lease.LEASE_SECONDS * 0.4)
"""Three looks are more than the lease, one is less."""

pytestmark = pytest.mark.usefixtures("payments")


@pytest.fixture(scope="module")
def process() -> Iterator[Simulator]:
    with running("insurer", "--dialect", "delimited") as simulator:
        yield simulator


@pytest.fixture
def long_day(process: Simulator, settings: LazySettings) -> Iterator[date]:
    """Today, with some settlements, at an insurer that is asked about each."""
    process.reset()
    settings.INSURANCE_DIALECT, settings.INSURANCE_URL = "delimited", process.url
    forget_the_insurer()
    for _ in range(SETTLEMENTS):
        doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    yield today()
    forget_the_insurer()


@pytest.fixture
def others(long_day: date, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What became of another who wanted to compare the day too, after each look."""
    outcomes: list[str] = []
    look = one_by_one.look

    def takes_long(held: Held, client: InsuranceClient) -> StatementDifference:
        told = look(held, client)
        DayBook.objects.filter(day=long_day).update(leased_until=F("leased_until") - A_LOOK)
        if "took over" not in outcomes:
            outcomes.append("took over")  # while it is at it, nobody else tries
            outcomes[-1] = another(long_day)
        return told

    monkeypatch.setattr(one_by_one, "look", takes_long)
    return outcomes


def another(day: date) -> str:
    try:
        reconcile.run(day, details=True)
    except Conflict as refused:
        return refused.code
    return "took over"


def test_who_compares_a_long_day_keeps_it(long_day: date, others: list[str]) -> None:
    book = reconcile.run(long_day, details=True)
    assert others == ["being_compared"] * SETTLEMENTS
    assert (book.state, book.attempt, book.insurer["settled"]) == ("reconciled", 1, SETTLEMENTS)
    assert DayBook.objects.get().leased_until is None


def test_without_renewing_another_begins_and_the_first_was_for_nothing(
    long_day: date, others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(lease, "renew", lambda day: None)
    with pytest.raises(Overtaken):
        reconcile.run(long_day, details=True)
    assert others == ["being_compared", "being_compared", "took over"]
    assert DayBook.objects.get().attempt == 2


def test_a_book_that_nobody_holds_is_not_held_by_looking(long_day: date) -> None:
    """Whoever was overtaken does not take it away from the other by going on."""
    book = reconcile.run(long_day)
    lease.renew(long_day)
    assert DayBook.objects.get(pk=book.pk).leased_until is None
