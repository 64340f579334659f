"""Which quota a lane draws on, and who goes first."""

import pytest
from django.conf import LazySettings

from insurance.quota import lanes
from insurance.quota.lanes import Lane


def test_of_its_own_each_lane_draws_on_its_quota_and_yields_to_nobody(settings: LazySettings) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = None
    assert [lanes.quota_name(lane) for lane in (Lane.TRIAL, Lane.SETTLEMENT, Lane.RECOVERY)] == [
        "trial",
        "settlement",
        None,
    ]
    assert [lanes.before(lane) for lane in Lane] == [(), (), ()]


def test_on_a_shared_quota_those_who_have_begun_go_first(settings: LazySettings) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = 10
    assert {lanes.quota_name(lane) for lane in Lane} == {"shared"}
    assert lanes.before(Lane.RECOVERY) == ()
    assert lanes.before(Lane.SETTLEMENT) == (Lane.RECOVERY,)
    assert lanes.before(Lane.TRIAL) == (Lane.RECOVERY, Lane.SETTLEMENT)


@pytest.mark.parametrize(("name", "limit"), [("trial", 7), ("settlement", None), ("shared", 9)])
def test_the_first_limits_come_from_the_settings(settings: LazySettings, name: str, limit: int | None) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = 7
    settings.INSURANCE_SETTLEMENT_PER_MINUTE = None
    settings.INSURANCE_SHARED_PER_MINUTE = 9
    assert lanes.first_limit(name) == limit
