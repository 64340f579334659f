"""Settings changed under way: every process goes by them within two seconds, and m stays above n whoever is first."""

import multiprocessing
import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from hospital import ticks, tuning
from hospital.models import Change, Tick, Tuning
from insurance.models import Quota
from insurance.quota import limits, permits
from insurance.quota.lanes import Lane
from tests.races.together import at_once, codes, good, processes, wait_until

WITHIN_SECONDS = 2.0


def goes_by(seen: Any, kept_seconds: float = tuning.KEPT_SECONDS) -> None:
    """A process that asks for m again and again and tells what it got."""
    tuning.KEPT_SECONDS = kept_seconds
    while True:
        seen.value = tuning.value("FILING_BATCH_SIZE")
        time.sleep(0.01)


def test_a_change_holds_in_every_process_within_two_seconds_without_a_restart() -> None:
    tuning.value("FILING_BATCH_SIZE")  # what is kept here is inherited by a fork
    first, second = (multiprocessing.Value("i", 0) for _ in range(2))
    with processes(1, goes_by, first), processes(1, goes_by, second):
        for value in (300, 250, None):
            wait_until(lambda: first.value > 0 < second.value)
            tuning.change("FILING_BATCH_SIZE", value, who="a test", why="a busy day")
            wait_until(partial(both_go_by, value or 200, first, second), seconds=WITHIN_SECONDS)


def both_go_by(value: int, *seen: Any) -> bool:
    return {each.value for each in seen} == {value}


def test_a_process_that_reads_only_once_goes_by_the_old_value() -> None:
    """Negative control."""
    seen = multiprocessing.Value("i", 0)
    with processes(1, goes_by, seen, 3600.0):
        wait_until(lambda: seen.value == 200)
        tuning.change("FILING_BATCH_SIZE", 300, who="a test", why="a busy day")
        with pytest.raises(AssertionError, match="not come to pass"):
            wait_until(lambda: seen.value == 300, seconds=WITHIN_SECONDS)


def test_threads_may_all_ask_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "KEPT_SECONDS", 0)
    tuning.change("FILING_BATCH_SIZE", 300, who="a test", why="a busy day")
    assert at_once([partial(tuning.value, "FILING_BATCH_SIZE")] * 200, threads=20) == [300] * 200


def test_changes_of_one_setting_at_once_are_written_down_as_a_chain() -> None:
    at_once([partial(tuning.change, "FILING_BATCH_SIZE", 300 + n, who="a test", why="x") for n in range(10)])
    told = list(Change.objects.order_by("pk").values_list("before", "after"))
    assert len(told) == 10
    assert [before for before, _ in told[1:]] == [after for _, after in told[:-1]]
    assert told[-1][1] == str(Tuning.objects.get().value)


@pytest.mark.parametrize("round_", range(5))
def test_m_lowered_and_n_raised_at_once_never_meet(round_: int) -> None:
    outcomes = at_once([lower_m, raise_n] * 4, threads=8)
    assert good(outcomes) and set(codes(outcomes)) == {"m_not_above_n"}
    assert m() > trial_quota().per_minute


def test_compared_without_the_lock_they_do_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: each is compared with what the other was."""
    both_have_compared = threading.Barrier(2, timeout=10)
    trial_quota()
    monkeypatch.setattr(tuning, "locked", tuning.value)
    tell, check_limit = tuning.hooks.tell, limits.check_limit

    def compare_m(*arguments: Any) -> None:
        tell(*arguments)
        both_have_compared.wait()

    def compare_n(quota: Quota, per_minute: int | None) -> None:
        check_limit(quota, per_minute)
        both_have_compared.wait()

    monkeypatch.setattr(tuning.hooks, "tell", compare_m)
    monkeypatch.setattr(limits, "check_limit", compare_n)
    assert codes(at_once([lower_m, raise_n])) == []
    assert m() <= trial_quota().per_minute


def test_a_tick_is_taken_once_whoever_asks_at_the_same_time() -> None:
    take = partial(ticks.take, "test", every_seconds=3600)
    for _ in ("never taken yet", "due"):
        taken = at_once([take] * 20, threads=20)
        assert sorted(taken, key=bool) == [False] * 19 + [True]
        Tick.objects.update(last_at=Now() - timedelta(hours=2))


def test_who_had_to_wait_for_the_one_that_took_it_takes_nothing() -> None:
    """It asked before the tick was taken: by the time of its question the tick would lie ahead, as after a clock that
    was set back."""
    Tick.objects.create(name="test", last_at=Now() - timedelta(hours=2))
    held = threading.Event()

    def first() -> bool:
        with transaction.atomic():
            Tick.objects.select_for_update().get()
            held.set()
            wait_until(somebody_waits)
            Tick.objects.update(
                last_at=Now() - timedelta(hours=1)
            )  # due at this very moment, which is after that question
            return ticks.take("test", every_seconds=3600)

    def second() -> bool:
        held.wait(timeout=10)
        return ticks.take("test", every_seconds=3600)

    assert at_once([first, second]) == [True, False]


def somebody_waits() -> bool:
    """Whether a statement on this database waits for another's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_a_tick_that_is_read_and_then_written_is_taken_twice() -> None:
    """Negative control."""
    both_have_read = threading.Barrier(2, timeout=10)

    def take() -> bool:
        due = not Tick.objects.filter(name="test", last_at__gt=Now() - timedelta(hours=1)).exists()
        both_have_read.wait()
        Tick.objects.update_or_create(name="test", defaults={"last_at": Now()})
        return due

    assert at_once([take, take]) == [True, True]


def ticking(count: Any) -> None:
    """What beat does, faster."""
    while True:
        if ticks.take("test", every_seconds=tuning.value("FILING_EVERY_SECONDS")):
            with count.get_lock():
                count.value += 1
        time.sleep(0.1)


def test_a_changed_tick_is_kept_by_processes_that_run() -> None:
    """Three that ask take it together as often as one would."""
    tuning.change("FILING_EVERY_SECONDS", 3600, who="a test", why="a quiet day")
    count = multiprocessing.Value("i", 0)
    with processes(3, ticking, count):
        wait_until(lambda: count.value == 1)
        began = time.monotonic()
        tuning.change("FILING_EVERY_SECONDS", 1, who="a test", why="a busy day")
        wait_until(lambda: count.value >= 2, seconds=WITHIN_SECONDS)
        wait_until(lambda: count.value >= 5)
        assert count.value <= 3 + (time.monotonic() - began)


def lower_m() -> None:
    tuning.change("FILING_BATCH_SIZE", 120, who="a test", why="a quiet day")


def raise_n() -> None:
    limits.set_limit(trial_quota(), 150)


def m() -> int:
    tuning.forget()
    return tuning.value("FILING_BATCH_SIZE")


def trial_quota() -> Quota:
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    return quota
