"""Who has waited long is told when the turn is near, once."""

import pytest
from django.conf import LazySettings

from hospital.models import Notice
from insurance.models import Trial
from insurance.trial import admission, nearing
from tests import factories
from tests.integration import doing


@pytest.fixture
def trials(settings: LazySettings) -> list[Trial]:
    """Twelve in a line of two a minute, told a minute before: the first two rounds are near."""
    settings.INSURANCE_TRIAL_PER_MINUTE, settings.TRIAL_CLOSE_MINUTES = 2, 1
    while doing.answered_now():
        pass
    return [admission.enter(appointment) for appointment in factories.told(12)]


def told() -> list[int]:
    return sorted(Notice.objects.filter(kind="close").values_list("appointment_id", flat=True))


def test_those_who_are_near_are_told_and_those_who_did_not_wait_long_are_not(trials: list[Trial]) -> None:
    assert nearing.tell_those_who_are_near() == 0, "the first two were told less than two minutes"
    Trial.objects.update(predicted_seconds=600)
    assert nearing.tell_those_who_are_near() == 2
    assert told() == [trial.appointment_id for trial in trials[:2]]


def test_nobody_is_told_twice(trials: list[Trial]) -> None:
    Trial.objects.update(predicted_seconds=600)
    assert [nearing.tell_those_who_are_near() for _ in range(2)] == [2, 0]


def test_it_can_be_switched_off(trials: list[Trial], settings: LazySettings) -> None:
    settings.TRIAL_CLOSE_MINUTES = 0
    Trial.objects.update(predicted_seconds=600)
    assert nearing.tell_those_who_are_near() == 0
