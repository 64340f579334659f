"""The gate: calls in flight, even spacing, pause, maintenance, and insurers that do not touch each other."""

from datetime import timedelta

from django.conf import LazySettings
from django.db.models.functions import Now
from django.utils import timezone

from insurance.models import Insurer, MaintenanceWindow, Permit, Quota, Slot
from insurance.quota import gate, insurers, limits, permits, turns
from insurance.quota.lanes import Lane
from insurance.quota.permits import Held
from tests.integration.false_clock import Clocks


def take(lane: Lane = Lane.TRIAL, insurer: Insurer | None = None) -> Held | None:
    return permits.take(lane, turn_seconds=30, insurer=insurer)


def change(**fields: object) -> Insurer:
    insurer = insurers.default()
    Insurer.objects.filter(pk=insurer.pk).update(**fields)
    return insurers.default()


def test_no_more_calls_are_in_flight_than_allowed_whatever_the_lane(settings: LazySettings) -> None:
    settings.INSURANCE_AT_ONCE = 3
    held = [take(Lane.TRIAL), take(Lane.SETTLEMENT), take(Lane.RECOVERY)]
    assert None not in held
    assert [take(lane) for lane in Lane] == [None, None, None]
    permits.free(held[2] or Held(None, 0, 0))
    assert take(Lane.TRIAL) is not None
    assert take(Lane.SETTLEMENT) is None


def test_a_permit_is_not_spent_on_a_call_that_may_not_be_made(settings: LazySettings) -> None:
    settings.INSURANCE_AT_ONCE = 1
    take()
    assert take() is None
    assert Permit.objects.filter(takings__gt=0).count() == 1


def test_the_slot_of_a_dead_worker_comes_back_when_its_call_must_be_over(settings: LazySettings) -> None:
    settings.INSURANCE_AT_ONCE = 1
    take()
    Slot.objects.update(free_at=Now() + timedelta(seconds=0.2))
    assert permits.take(Lane.TRIAL, turn_seconds=30, wait_seconds=5) is not None


def test_fewer_at_once_holds_for_the_next_call() -> None:
    for _ in range(2):
        take()
    change(at_once=2)
    assert take() is None


def test_evenly_spaced_nobody_comes_before_the_share_of_the_minute_is_over(clocks: Clocks) -> None:
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    Quota.objects.filter(pk=quota.pk).update(evenly=True)
    came = []
    for tenths in range(25):
        clocks.at(tenths / 10 + 0.01)
        came += [tenths] if take() else []
    assert came == [0, 6, 12, 18, 24]


def test_a_pause_holds_every_lane_until_it_is_over() -> None:
    change(paused_at=timezone.now())
    assert [take(lane) for lane in Lane] == [None, None, None]
    assert set(turns.wanted().values()) == {0}
    change(paused_at=None)
    assert take() is not None


def test_in_a_maintenance_window_nobody_calls_and_waits_include_it() -> None:
    insurer, now = insurers.default(), timezone.now()
    window = MaintenanceWindow.objects.create(
        insurer=insurer, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(minutes=9), why="upgrade"
    )
    assert take() is None
    closed = gate.why_closed(insurer)
    assert closed is not None and closed.reason == "maintenance"
    assert 530 < (closed.seconds or 0) <= 540
    window.delete()
    assert take() is not None


def test_a_window_counts_only_for_a_turn_that_would_fall_into_it_or_behind() -> None:
    insurer, now = insurers.default(), timezone.now()
    for begins, ends in ((10, 20), (25, 30)):
        MaintenanceWindow.objects.create(
            insurer=insurer,
            starts_at=now + timedelta(minutes=begins),
            ends_at=now + timedelta(minutes=ends),
            why="upgrade",
        )
    minutes = [gate.windows_until(insurer, now, wait * 60) / 60 for wait in (5, 12, 16, 40)]
    assert minutes == [0, 10, 15, 15]


def test_insurers_have_their_own_permits_and_their_own_gates(settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 2
    settings.INSURERS = {"another region": {}}
    here, there = insurers.default(), insurers.made("another region")
    assert [take(insurer=here) is not None for _ in range(3)] == [True, True, False]
    quota = permits.quota_of(Lane.TRIAL, there)
    assert quota is not None
    limits.set_limit(quota, 1)
    Insurer.objects.filter(pk=here.pk).update(paused_at=timezone.now())
    assert [take(insurer=there) is not None for _ in range(2)] == [True, False]
