"""A tick is due on the database's clock: asked for as often as anybody likes, taken once each interval."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from kombu.exceptions import OperationalError

from config.celery import app
from hospital import ticks, tuning
from hospital.archives import filing
from hospital.archives.filing import Batch
from hospital.models import Tick
from tasks import filing as tasks
from tasks import second_path
from tests.races import brokers


def take(every_seconds: int = 5) -> bool:
    return ticks.take("test", every_seconds=every_seconds)


def pass_by(seconds: float) -> None:
    """Time goes by, as the tick sees it; less than nothing: the clock is set back."""
    Tick.objects.update(last_at=F("last_at") - timedelta(seconds=seconds))


def last_at() -> datetime:
    return Tick.objects.get(name="test").last_at


def test_the_first_time_it_is_due_and_then_not_before_its_interval_is_over() -> None:
    assert take()
    assert not take()
    pass_by(4)
    assert not take()
    pass_by(1)
    assert take()
    assert not take()


def test_each_name_is_a_tick_of_its_own() -> None:
    assert take()
    assert ticks.take("another", every_seconds=5)


def test_a_shorter_interval_holds_at_once() -> None:
    assert take(3600)
    pass_by(2)
    assert not take(3600)
    assert take(1)


def test_a_longer_interval_holds_at_once() -> None:
    assert take(1)
    pass_by(2)
    assert not take(3600)


@pytest.mark.parametrize("seconds", [1, 3600, 86_400 * 365])
def test_a_clock_that_was_set_back_holds_nobody_up(seconds: int) -> None:
    assert take()
    pass_by(-seconds)
    assert take()
    assert not take()
    pass_by(5)
    assert take()


def test_what_was_asked_for_a_little_late_does_not_put_the_next_off() -> None:
    """Asked for each second and a little more, an interval of five seconds would else become one of six."""
    assert take()
    due = last_at() + timedelta(seconds=5)
    pass_by(5.3)
    assert take()
    assert last_at() == due - timedelta(seconds=5.3)


def test_what_nobody_asked_for_is_not_made_up_for() -> None:
    assert take(1)
    pass_by(60)
    assert [take(1) for _ in range(10)] == [True] + [False] * 9


@pytest.fixture
def drained(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """How often the filing queue was drained: the drain itself needs a broker and is tested with one."""
    times: list[str] = []

    def drain() -> Batch:
        times.append("drained")
        return Batch(filed=1)

    monkeypatch.setattr(filing, "drain", drain)
    yield times


def test_beat_asks_each_second_and_the_queue_is_drained_each_tick(drained: list[str]) -> None:
    for _ in range(20):
        tasks.drain()
        pass_by(1)
    assert len(drained) == 4


def test_a_tick_that_staff_have_changed_is_the_next_one(drained: list[str]) -> None:
    assert filing.drain_if_due() == Batch(filed=1)
    pass_by(2)
    assert filing.drain_if_due() == Batch()
    tuning.change("FILING_EVERY_SECONDS", 2, who="a test", why="a busy day")
    assert filing.drain_if_due() == Batch(filed=1)


def test_every_tick_notes_that_it_came(settings: LazySettings) -> None:
    brokers.use(settings, brokers.address("valkey"))
    app.loader.import_default_modules()
    for name in second_path.TICKS:
        assert name not in ticks.ages_seconds()
        with suppress(OperationalError, OSError):  # `turns` asks Celery's own broker, which no test has
            app.tasks[name]()
        assert 0 <= ticks.ages_seconds()[name] < 30


def test_a_tick_is_noted_once_a_second_and_whatever_the_clock_did() -> None:
    ticks.seen("test")
    first = last_at()
    ticks.seen("test")
    assert last_at() == first
    for seconds in (2, -3600):
        pass_by(seconds)
        ticks.seen("test")
        assert 0 <= ticks.ages_seconds()["test"] < 1
