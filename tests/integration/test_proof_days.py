"""The proof of each day is kept: once when the day is over, now and then before, and also when the calls are gone."""

from datetime import date, datetime, timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from insurance import upkeep
from insurance.models import InterfaceCall, ProofDay
from insurance.quota import days, permits, proof
from insurance.quota.lanes import Lane
from tests.integration import recorded
from tests.integration.recorded import DAY, call, calls, moment

NAME = "days of the proof"


def kept() -> list[tuple[date, int]]:
    return list(ProofDay.objects.order_by("day", "quota").values_list("day", "calls"))


def made_at(day: date) -> datetime:
    return ProofDay.objects.get(day=day).made_at


def later() -> None:
    """Long enough that the tick measures again."""
    ProofDay.objects.update(made_at=Now() - timedelta(seconds=days.EVERY_SECONDS + 1))


def test_finished_days_are_kept_and_days_on_which_nothing_ran_are_not_invented() -> None:
    quota = recorded.quota(2)
    calls(quota, "08:00:00", "08:00:30")
    calls(quota, "09:00:00", day=DAY + timedelta(days=3))
    assert upkeep.keep_records()[NAME] == 2
    assert kept() == [(DAY, 2), (DAY + timedelta(days=3), 1)]
    first = ProofDay.objects.get(day=DAY)
    assert (first.per_minute, first.worst, first.over, first.permits_used) == (2, 2, 0, 2)
    assert (first.worst_ended_at, first.worst_possible, first.shortest_gap_seconds) == (moment("08:00:30"), 2, None)


def test_again_and_again_is_as_once() -> None:
    calls(recorded.quota(), "08:00")
    assert days.remember_lately() == 1
    before = made_at(DAY)
    for _ in range(3):
        later()
        ProofDay.objects.filter(day=DAY).update(made_at=before)
        days.remember_lately()
    assert kept() == [(DAY, 1)] and made_at(DAY) == before, "a day that is over is measured once"


def test_today_is_measured_anew_every_few_minutes() -> None:
    quota = recorded.quota()
    call(quota, timezone.now() - timedelta(seconds=1))
    today = timezone.localdate(timezone.now() - timedelta(seconds=1))
    assert days.remember_lately() == 1
    call(quota, timezone.now(), 1)
    assert days.remember_lately() == 0 and kept()[-1] == (today, 1)
    later()
    assert days.remember_lately() >= 1
    assert sum(count for _, count in kept()) == 2


def test_a_day_that_was_measured_before_it_was_over_is_measured_again() -> None:
    quota = recorded.quota()
    calls(quota, "08:00")
    days.remember(DAY)
    ProofDay.objects.update(made_at=moment("23:50"))
    call(quota, moment("23:55"), 1)
    assert days.remember_lately() == 1
    assert kept() == [(DAY, 2)]


def test_a_day_is_over_when_its_last_calls_are() -> None:
    end = proof.bounds(DAY)[1]
    calls(recorded.quota(), "08:00")
    for made, again in ((end + timedelta(minutes=4), 1), (end + timedelta(minutes=5), 0)):
        days.remember(DAY)
        ProofDay.objects.update(made_at=made)
        assert days.remember_lately() == again
    assert days.is_over(DAY) and not days.is_over(timezone.localdate())


def test_what_is_kept_stays_when_the_calls_are_cleared_away() -> None:
    calls(recorded.quota(), "08:00", "09:00")
    days.remember_lately()
    InterfaceCall.objects.all().delete()
    later()
    assert days.remember_lately() == days.remember(DAY) == 0
    assert kept() == [(DAY, 2)]


def test_each_quota_has_its_own() -> None:
    settlement = permits.quota_of(Lane.SETTLEMENT)
    assert settlement is not None
    calls(recorded.quota(), "08:00", "09:00")
    calls(settlement, "10:00")
    assert days.remember_lately() == 2
    assert sorted(kept()) == [(DAY, 1), (DAY, 2)]


def test_many_days_are_measured_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_AT_ONCE", 2)
    quota = recorded.quota()
    for place in range(5):
        calls(quota, "08:00", day=DAY + timedelta(days=place))
    for expected in (2, 4, 5, 5):
        days.remember_lately()
        assert len(kept()) == expected
        ProofDay.objects.update(made_at=moment("08:00", DAY + timedelta(days=7)))


def test_days_on_which_nothing_left_do_not_keep_the_others_from_being_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_AT_ONCE", 2)
    quota = recorded.quota()
    for place in range(5):
        call(quota, moment("08:00", DAY + timedelta(days=place)), outcome="not_sent", reply="")
    calls(quota, "08:00", day=DAY + timedelta(days=5))
    assert days.remember_lately() == 1
    assert kept() == [(DAY + timedelta(days=5), 1)]
