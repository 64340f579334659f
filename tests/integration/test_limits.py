"""How low n may go by itself, whether it may, and whether calls are spaced: set by staff, within bounds."""

from typing import Any

import pytest

from hospital.errors import Invalid
from hospital.models import Change
from insurance.models import LimitChange, Quota
from insurance.quota import adapting, limits, permits
from insurance.quota.lanes import Lane


def quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def set_bounds(why: str = "a busy day", **wanted: Any) -> None:
    now = quota()
    bounds = {"least": now.least, "adapts": now.adapts, "evenly": now.evenly} | wanted
    limits.set_bounds(now, **bounds, who="a test", why=why)


def test_each_change_is_written_down_and_nothing_else() -> None:
    n_so_far = LimitChange.objects.filter(quota=quota()).count()
    set_bounds(least=20, evenly=True)
    set_bounds(least=20, adapts=False)
    told = Change.objects.order_by("pk").values_list("subject", "field", "before", "after", "who_name", "why")
    assert list(told) == [
        ("quota trial", "least", "10", "20", "a test", "a busy day"),
        ("quota trial", "evenly", "False", "True", "a test", "a busy day"),
        ("quota trial", "adapts", "True", "False", "a test", "a busy day"),
    ]
    now = quota()
    assert (now.least, now.adapts, now.evenly) == (20, False, True)
    assert LimitChange.objects.filter(quota=now).count() == n_so_far


@pytest.mark.parametrize("least", [-1, 101])
def test_n_cannot_be_kept_above_itself(least: int) -> None:
    with pytest.raises(Invalid) as caught:
        set_bounds(least=least)
    assert caught.value.code == "out_of_bounds"
    assert quota().least == 10 and not Change.objects.exists()


@pytest.mark.parametrize("least", [0, 100])
def test_the_bounds_themselves_are_allowed(least: int) -> None:
    set_bounds(least=least)
    assert quota().least == least


def test_an_n_that_staff_have_set_lower_does_not_stand_in_the_way() -> None:
    limits.set_limit(quota(), 0, who="a test", why="stop")
    set_bounds(evenly=True)
    assert quota().evenly


def test_it_needs_a_reason() -> None:
    with pytest.raises(Invalid) as caught:
        set_bounds(why="", evenly=True)
    assert caught.value.code == "no_reason"
    assert not quota().evenly


def test_n_is_lowered_no_further_than_staff_allow_and_not_at_all_where_they_forbid_it() -> None:
    set_bounds(least=60)
    adapting.fallen(quota().insurer_id)
    assert quota().in_force == 60
    limits.set_limit(quota(), 90, who="a test", why="again")
    set_bounds(adapts=False)
    adapting.fallen(quota().insurer_id)
    assert quota().in_force == 90
