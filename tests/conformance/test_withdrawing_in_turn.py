"""Withdrawing what nobody needs is tidying up: patients go first, whatever it draws on, and a few go at a time."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.test import TestCase

from hospital import wake
from hospital.appointments import booking
from insurance.models import Permit, Withdrawal
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.settlement import steps, withdrawing
from insurance.trial import admission, turns
from tests.conformance.conftest import Centre
from tests.conformance.test_withdrawing import asked, state
from tests.integration import doing
from tests.simulators import Simulator

pytestmark = pytest.mark.parametrize("centre_process", ["mobile"], indirect=True)
N = 4


def _leave() -> None:
    booking.cancel(doing.priced(doing.somebody_who_pays_cash()).appointment)


def _left_by_somebody() -> None:
    _leave()
    assert withdrawing.find_left() == 1


def state_of_the_first() -> str:
    return str(Withdrawal.objects.order_by("pk")[0].state)


def _waits_for_a_trial() -> None:
    admission.enter(doing.told(doing.somebody_who_pays_cash()))


def _waits_to_be_settled() -> None:
    doing.opened(doing.priced(doing.somebody_who_pays_cash()))


WAITS = [(_waits_for_a_trial, turns.take_one), (_waits_to_be_settled, steps.settle_one)]


@pytest.mark.parametrize(("wait", "turn"), WAITS, ids=["trial", "settlement"])
def test_it_waits_until_nobody_waits_where_nothing_is_counted(
    centre: Centre, payments: Simulator, wait: Callable[[], None], turn: Callable[[], bool]
) -> None:
    _left_by_somebody()
    wait()
    before = asked(centre)
    assert not steps.recover_one() and asked(centre) == before
    assert turn()
    assert steps.recover_one(), "negative control: then its turn comes"
    assert (state_of_the_first(), asked(centre)[1]) == ("done", 1)


def test_on_a_shared_quota_it_takes_a_permit_and_lets_patients_go_first(
    centre: Centre, payments: Simulator, settings: LazySettings
) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = N
    _left_by_somebody()
    waiting = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    assert not steps.recover_one(), "somebody waits for a trial"
    assert asked(centre) == (0, 0)
    assert turns.take_one() and doing.state_of(waiting) == "priced"
    assert steps.recover_one()
    assert (state_of_the_first(), asked(centre)) == ("done", (1, 1))
    assert Permit.objects.filter(free_at__gt=Now()).count() == 3, "two trials and this"


def test_half_of_a_shared_quota_is_left_to_patients(
    centre: Centre, payments: Simulator, settings: LazySettings
) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = N
    for _ in range(2):
        _left_by_somebody()
    assert steps.recover_one(), "two of four are free"
    assert not steps.recover_one(), "one of four"
    assert asked(centre) == (1, 1)
    assert doing.priced(doing.somebody_who_pays_cash()), "it is for a patient"


def test_without_a_permit_nothing_is_said(centre: Centre, payments: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_SHARED_PER_MINUTE = 1
    _left_by_somebody()
    assert not steps.recover_one()
    assert (state(), asked(centre)) == ("due", (0, 0))


def turns_asked_for(act: Callable[[], object]) -> int:
    """How many of the recovery lane, as hints that go out after the commit."""
    with TestCase.captureOnCommitCallbacks() as after_commit:
        assert act()
    hints = [each.args[0][1] for each in after_commit if getattr(each, "func", None) is wake._drop_in]
    return sum(name == lanes.TASKS[Lane.RECOVERY] for name, *_ in hints)


def test_a_few_at_a_time(centre: Centre, payments: Simulator) -> None:
    for _ in range(withdrawing.TURNS_A_SWEEP + 1):
        _leave()
    assert turns_asked_for(withdrawing.find_left) == withdrawing.TURNS_A_SWEEP
    assert turns_asked_for(steps.recover_one) == 0, "no turn asks for another"
