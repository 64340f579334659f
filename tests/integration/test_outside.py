"""Who is held back is told when there will be a place for each, not all of them the next one."""

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from hospital.errors import HeldBack
from hospital.models import Appointment
from insurance.quota import insurers
from insurance.trial import admission, line, outside
from tests import factories
from tests.integration import doing


@pytest.fixture(autouse=True)
def both_used(db: None, settings: LazySettings) -> None:
    """Two a minute, and both were used just now."""
    settings.INSURANCE_TRIAL_PER_MINUTE, settings.TRIAL_LINE_MINUTES = 2, 0
    while doing.answered_now():
        pass


def told(appointment: Appointment) -> int:
    with pytest.raises(HeldBack) as caught:
        admission.enter(appointment)
    return int(caught.value.retry_after_seconds)


def test_each_is_told_to_come_when_there_is_a_place_for_this_one_too() -> None:
    after = [told(one) for one in factories.told(6)]
    soonest = line.is_full(0)  # what all of them were told while nobody counted who is outside
    for window, told_for in enumerate((after[:2], after[2:4], after[4:])):
        assert soonest + 60 * window <= min(told_for) <= max(told_for) <= 62 * (window + 1)


def test_who_asks_too_early_hears_the_same_moment_and_is_counted_once() -> None:
    impatient, other, third = factories.told(3)
    for _ in range(5):
        assert 0 < told(impatient) <= 61
    assert told(other) <= 61 < told(third)


def test_who_does_not_come_back_is_forgotten_when_the_moment_is_past() -> None:
    now = timezone.now()
    at = [_after(now + timedelta(hours=hours), number) for hours in (0, 2) for number in range(3)]
    assert max(at[:2]) <= 61 < at[2]
    assert max(at[3:5]) <= 61 < at[5]


def _after(now: datetime, number: int) -> int:
    return outside.come_again_after(1000 + 10 * now.hour + number, 0, insurers.default(), now)


def test_without_the_cache_everybody_is_told_the_next_place(settings: LazySettings) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert max(told(one) for one in factories.told(4)) <= 61
