"""What a patient is told of the wait: it only falls, and where it rises it is said why."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from insurance.models import Insurer, Line, LineDay, MaintenanceWindow, Permit, Quota, Trial
from insurance.quota import adapting, insurers, limits, permits
from insurance.quota.lanes import Lane
from insurance.trial import accuracy, admission, line
from tests import factories
from tests.integration import doing

N = 3


@pytest.fixture(autouse=True)
def _three_a_minute(settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = N


@pytest.fixture
def trial() -> Trial:
    """The last of nine, with all permits just used: three rounds, about three minutes."""
    while doing.answered_now():
        pass
    *_, last = (admission.enter(appointment) for appointment in factories.told(9))
    return last


def quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def seconds_pass(seconds: float) -> None:
    """For everything that a wait is reckoned with."""
    gone = timedelta(seconds=seconds)
    Permit.objects.update(free_at=F("free_at") - gone, taken_at=F("taken_at") - gone)
    Trial.objects.update(eta_at=F("eta_at") - gone, eta_told_at=F("eta_told_at") - gone)


def told(trial: Trial) -> tuple[int, str]:
    trial.refresh_from_db()
    place = line.place_of(trial)
    return place.eta_seconds, place.later_because


def test_rounds_of_permits_and_the_answers_they_wait_for(trial: Trial) -> None:
    assert told(trial) == (pytest.approx(3 * 60, abs=2), "")
    assert trial.predicted_seconds == pytest.approx(3 * 60, abs=2)
    Permit.objects.update(held_seconds=4.0)
    Trial.objects.update(eta_at=None)
    assert told(trial) == (pytest.approx(3 * 60 + 2 * 4, abs=2), "")


def test_it_falls_with_the_clock(trial: Trial) -> None:
    before, _ = told(trial)
    seconds_pass(20)
    assert told(trial) == (pytest.approx(before - 20, abs=1), "")


def test_a_permit_in_somebodys_hand_is_expected_back_after_the_usual_time(trial: Trial) -> None:
    seconds_pass(61)
    before, why = told(trial)
    assert permits.take(Lane.TRIAL, turn_seconds=30) is not None
    assert told(trial) == (pytest.approx(before, abs=1), why), "taken, and nobody has left the line yet"
    assert line.claim_next(insurers.default(), 60) is not None
    assert told(trial)[0] <= before, "one less is in front"


def test_a_burst_of_free_permits_is_used_as_the_brake_lets_them(settings: LazySettings) -> None:
    """Six, with three permits free: the third of them is used after 20 s, and again 60 s after that."""
    *_, last = (admission.enter(appointment) for appointment in factories.told(6))
    assert told(last) == (pytest.approx(20 + 60, abs=2), "")


def test_how_long_permits_lie_idle_is_reckoned_with_but_not_that_nobody_came(trial: Trial) -> None:
    Permit.objects.update(idle_seconds=2.0)
    Trial.objects.update(eta_at=None)
    assert told(trial) == (pytest.approx(3 * 60 + 2 * 2, abs=2), "")
    Permit.objects.update(idle_seconds=500.0)
    Trial.objects.update(eta_at=None)
    assert told(trial) == (pytest.approx(3 * 60, abs=2), "")


def test_small_delays_are_not_told_and_never_make_it_rise(trial: Trial) -> None:
    before, _ = told(trial)
    Permit.objects.update(free_at=F("free_at") + timedelta(seconds=3))
    assert told(trial) == (pytest.approx(before, abs=1), "")


def test_what_turns_out_better_is_told(trial: Trial) -> None:
    limits.set_limit(quota(), 100)
    assert told(trial) == (pytest.approx(3, abs=1), ""), "the brake spreads the eight before it"


def test_what_turns_out_worse_without_a_cause_we_know_is_told_as_such(trial: Trial) -> None:
    Permit.objects.update(free_at=F("free_at") + timedelta(seconds=40))
    assert told(trial) == (pytest.approx(220, abs=2), "running_late")


def test_a_lowered_limit_is_named(trial: Trial) -> None:
    adapting.throttled(quota().pk, None)
    seconds, why = told(trial)
    assert seconds > 400 and why == "limit_lowered"


def test_an_interface_that_is_down_is_named(trial: Trial, settings: LazySettings) -> None:
    settings.INSURANCE_PROBE_SECONDS = 600
    Insurer.objects.update(circuit="open", circuit_opened_at=Now())
    assert told(trial) == (pytest.approx(600, abs=2), "interface_down")


def test_a_maintenance_window_is_reckoned_with_and_named(trial: Trial) -> None:
    now = timezone.now()
    MaintenanceWindow.objects.create(
        insurer=insurers.default(), starts_at=now + timedelta(minutes=2), ends_at=now + timedelta(minutes=12), why="x"
    )
    assert told(trial) == (pytest.approx(780, abs=2), "maintenance")


def test_who_joins_before_a_planned_window_is_told_of_it_at_once(trial: Trial) -> None:
    now = timezone.now()
    MaintenanceWindow.objects.create(
        insurer=insurers.default(), starts_at=now + timedelta(minutes=2), ends_at=now + timedelta(minutes=12), why="x"
    )
    late = admission.enter(factories.told()[0])
    assert told(late) == (pytest.approx(840, abs=2), "")


def test_an_urgent_case_is_named(trial: Trial) -> None:
    for appointment in factories.told(N):
        admission.enter(appointment, urgent=True)
    assert told(trial) == (pytest.approx(240, abs=2), "priority_case")
    assert line.place_of(trial).ahead == 8 + N


def test_an_urgent_case_has_its_turn_before_those_who_wait(trial: Trial) -> None:
    urgent = admission.enter(factories.told()[0], urgent=True)
    assert line.place_of(urgent).ahead == 0


def test_the_share_of_a_department_is_named(trial: Trial) -> None:
    appointments = factories.told(N)
    department = appointments[0].session.doctor.department
    Line.objects.create(insurer=insurers.default(), department=department, weight=5)
    for appointment in appointments:
        admission.enter(appointment)
    seconds, why = told(trial)
    assert seconds > 200 and why == "fair_share"


def test_a_pause_is_named_also_when_it_is_over(trial: Trial) -> None:
    Insurer.objects.update(paused_at=Now())
    Permit.objects.update(free_at=F("free_at") + timedelta(seconds=40))
    assert told(trial)[1] == "paused"
    Insurer.objects.update(paused_at=None, resumed_at=Now())
    Permit.objects.update(free_at=F("free_at") + timedelta(seconds=40))
    assert told(trial)[1] == "paused"


def test_with_a_line_of_nobody_a_closed_gate_holds_back(settings: LazySettings) -> None:
    settings.TRIAL_LINE_MINUTES = 0
    assert line.is_full(0) == 0
    Insurer.objects.filter(pk=insurers.default().pk).update(paused_at=Now())
    assert line.is_full(0) == 59


def test_the_range_follows_the_errors_of_the_last_day(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "_spread", accuracy._Spread())
    assert line.place_of(trial).eta_high_seconds == pytest.approx(180 * 1.1, abs=3)
    LineDay.objects.create(day="2026-01-01", turns=500, median_wait_seconds=60, median_error=0.1, p90_error=0.25)
    monkeypatch.setattr(accuracy, "_spread", accuracy._Spread())
    place = line.place_of(trial)
    assert (place.eta_low_seconds, place.eta_high_seconds) == (pytest.approx(135, abs=3), pytest.approx(225, abs=3))


def test_a_day_is_measured_by_what_was_told_at_first(trial: Trial) -> None:
    waited, now = timedelta(seconds=100), timezone.now()
    for predicted in (90.0, 100.0, 130.0):
        one = admission.enter(factories.told()[0])
        Trial.objects.filter(pk=one.pk).update(created_at=now - waited, turn_at=now, predicted_seconds=predicted)
    day = accuracy.remember(timezone.localdate())
    assert day is not None
    assert (day.turns, day.median_wait_seconds) == (3, pytest.approx(100))
    assert (day.median_error, day.p90_error) == (pytest.approx(0.1), pytest.approx(0.26))
    assert accuracy.remember_lately() == 0, "it was measured just now"


def test_a_day_on_which_nobody_waited_is_not_kept() -> None:
    assert accuracy.remember(timezone.localdate()) is None
    assert not LineDay.objects.exists()
