"""Never more than n in any 60 seconds: permits, taken, held, given back, made more and fewer."""

import time
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.db.models.functions import Now

from hospital import worklist
from hospital.errors import Invalid
from insurance.models import Permit, Quota, Settlement, Trial
from insurance.quota import lanes, limits, permits, turns
from insurance.quota.lanes import Lane
from insurance.quota.permits import Held
from insurance.trial import admission
from tests import factories


@pytest.fixture(autouse=True)
def _three_a_minute(settings: LazySettings) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 3


def take(lane: Lane = Lane.TRIAL, turn_seconds: float = 30.0) -> Held | None:
    return permits.take(lane, turn_seconds=turn_seconds)


def taken(lane: Lane = Lane.TRIAL, turn_seconds: float = 30.0) -> Held:
    """A permit under which something that counts was sent."""
    held = take(lane, turn_seconds)
    assert held is not None
    held.arrives_until = time.monotonic()
    return held


LAST = 1 + permits.MARGIN_SECONDS
"""The last second of a window, with the margin for clocks."""


def pass_by(seconds: float) -> None:
    """Time goes by, as the permits see it."""
    Permit.objects.update(free_at=F("free_at") - timedelta(seconds=seconds))


def quota(lane: Lane = Lane.TRIAL) -> Quota:
    found = permits.quota_of(lane)
    assert found is not None
    return found


def settlement(state: str = "waiting") -> Settlement:
    """One that waits for its turn in the lane that goes first."""
    trial = worklist.enter(Trial(appointment=factories.booked(), state="accepted"))
    agreed = Settlement(appointment=trial.appointment, trial=trial, mode="insurance", total_fen=1, state=state)
    return worklist.enter(agreed)


def test_a_quota_of_n_owns_n_permits() -> None:
    assert quota().permits.count() == 3
    assert len({taken().permit_id for _ in range(3)}) == 3
    assert take() is None


def test_a_permit_is_free_again_a_window_after_the_answer_and_not_before() -> None:
    held = [taken() for _ in range(3)]
    permits.free(held[0])
    pass_by(59)
    assert take() is None
    pass_by(LAST)
    assert taken().permit_id == held[0].permit_id
    assert take() is None


def test_while_its_message_may_still_arrive_the_window_does_not_begin() -> None:
    held = [taken() for _ in range(3)]
    held[0].arrives_until = time.monotonic() + 10
    permits.free(held[0])
    pass_by(69)
    assert take() is None
    pass_by(LAST)
    assert taken().permit_id == held[0].permit_id


def test_without_an_answer_it_is_free_a_window_after_it_can_last_have_arrived() -> None:
    for _ in range(3):
        taken(turn_seconds=30)
    pass_by(30 + permits.LATE_SECONDS + 59)
    assert take() is None
    pass_by(LAST)
    assert take() is not None


def test_what_was_not_used_is_free_at_once() -> None:
    for _ in range(2):
        taken()
    unused = take()
    assert unused is not None and take() is None
    permits.free(unused)
    assert taken().permit_id == unused.permit_id


def test_an_earlier_taker_cannot_free_what_somebody_else_holds() -> None:
    late = [taken() for _ in range(3)]
    late[1].arrives_until = None
    pass_by(30 + permits.LATE_SECONDS + 59 + LAST)
    for _ in range(3):
        taken()
    for held in late:
        permits.free(held)
    pass_by(89)
    assert take() is None


def test_nothing_may_be_sent_after_the_permits_time() -> None:
    held = taken(turn_seconds=5)
    assert 4 < held.seconds_left() <= 5
    assert taken(turn_seconds=0).seconds_left() <= 0


def test_a_taker_waits_for_the_exact_instant_but_not_longer() -> None:
    held = [taken() for _ in range(3)]
    permits.free(held[0])
    pass_by(59.8 + permits.MARGIN_SECONDS)
    assert permits.take(Lane.TRIAL, turn_seconds=30, wait_seconds=0.01) is None
    assert permits.take(Lane.TRIAL, turn_seconds=30, wait_seconds=5) is not None


def test_an_unlimited_lane_needs_no_permit(settings: LazySettings) -> None:
    settings.INSURANCE_SETTLEMENT_PER_MINUTE = None
    for _ in range(10):
        held = taken(Lane.SETTLEMENT)
        assert held.permit_id is None
        permits.free(held)
    assert taken(Lane.RECOVERY).permit_id is None
    assert Permit.objects.count() == 0


def test_a_quota_of_none_lets_nobody_through() -> None:
    limits.set_limit(quota(), 0)
    assert take() is None


def test_on_a_shared_quota_a_trial_leaves_the_last_permits_to_settlements(settings: LazySettings) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = 3
    settlement()
    settlement("paid")
    first = take(Lane.TRIAL)
    assert first is not None, "two of three are kept for the two that wait"
    assert take(Lane.TRIAL) is None
    assert take(Lane.SETTLEMENT) is not None
    assert take(Lane.SETTLEMENT) is None, "the last is kept for the recovery"
    assert take(Lane.RECOVERY) is not None
    assert take(Lane.RECOVERY) is None


def test_on_quotas_of_their_own_nobody_yields() -> None:
    for _ in range(5):
        settlement()
    assert take(Lane.TRIAL) is not None


def test_the_tick_asks_for_no_more_turns_than_permits_and_rows(settings: LazySettings) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = 3
    for _ in range(2):
        settlement()
    for _ in range(5):
        worklist.enter(Trial(appointment=factories.booked()))
    taken(Lane.RECOVERY)
    found = turns.wanted()
    assert found[Lane.RECOVERY] == 0
    assert 1 <= found[Lane.SETTLEMENT] <= 2
    assert found[Lane.SETTLEMENT] + found[Lane.TRIAL] <= 2


@pytest.mark.parametrize("wanted", [200, 201, 10_000])
def test_n_stays_below_m(wanted: int) -> None:
    with pytest.raises(Invalid) as caught:
        limits.set_limit(quota(), wanted)
    assert caught.value.code == "m_not_above_n"
    assert (quota().per_minute, quota().permits.filter(retired=False).count()) == (3, 3)


def test_m_binds_what_trials_draw_on_and_not_settlements() -> None:
    limits.set_limit(quota(Lane.SETTLEMENT), 500)
    assert quota(Lane.SETTLEMENT).permits.filter(retired=False).count() == 500


def test_the_first_limit_is_only_the_first(settings: LazySettings) -> None:
    limits.set_limit(quota(), 5)
    settings.INSURANCE_TRIAL_PER_MINUTE = 50
    assert (quota().per_minute, lanes.first_limit("trial")) == (5, 50)


def test_a_turn_is_sent_once_for_each_permit_and_before_it_is_free() -> None:
    for _ in range(3):
        permits.free(taken())
    for appointment in factories.told(5):
        admission.enter(appointment)
    pass_by(permits.cooling_seconds() - turns.AHEAD_SECONDS - 0.5)
    assert turns.wanted()[Lane.TRIAL] == 0
    pass_by(1)
    assert turns.wanted()[Lane.TRIAL] == 1, "the brake lets one pass in a second"
    Quota.objects.update(turns_until=Now() + timedelta(seconds=turns.AHEAD_SECONDS))
    assert turns.wanted()[Lane.TRIAL] == 0, "their turns are under way"
    pass_by(turns.AHEAD_SECONDS + turns.GRACE_SECONDS)
    assert turns.wanted()[Lane.TRIAL] == 1, "and were lost"


def test_a_clock_that_was_set_back_costs_no_turn() -> None:
    for appointment in factories.told(2):
        admission.enter(appointment)
    Quota.objects.update(turns_until=Now() + timedelta(hours=1))
    assert turns.wanted()[Lane.TRIAL] == 1
