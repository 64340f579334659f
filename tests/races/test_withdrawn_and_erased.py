"""An order is withdrawn and its patient is erased at the same time: one of the two waits, and nobody who is erased is
spoken of."""

import pytest

from hospital.appointments import booking
from hospital.erasure import decisions
from insurance.interface.profile import Operation
from insurance.models import InsurerOrder
from insurance.settlement import steps, withdrawing
from insurance.trial.models import Trial
from tests.conformance.conftest import Centre, centre, centre_process, trial
from tests.conformance.test_withdrawing import asked, state
from tests.races.test_day_close import waits_for_a_lock
from tests.races.test_erasure import beside, erasing, goes_on, pausing, stands_there
from tests.races.together import wait_until

__all__ = ["centre", "centre_process", "pausing", "trial"]

pytestmark = pytest.mark.parametrize("centre_process", ["mobile"], indirect=True)


def left(trial: Trial) -> None:
    """Nobody needs its order any more, and a turn may take it."""
    booking.cancel(trial.appointment)
    assert withdrawing.find_left() == 1


def in_hand(trial: Trial) -> list[str]:
    return list(map(str, decisions.objections(trial.appointment.patient)))


def test_nobody_is_erased_while_the_call_is_under_way(centre: Centre, trial: Trial) -> None:
    left(trial)
    assert in_hand(trial) == [], "negative control: it only waits for its turn"
    centre.goes_wrong(Operation.QUERY, "lose", seconds=1)
    with beside(steps.recover_one):
        wait_until(lambda: asked(centre) == (1, 0))
        told = f"An order of appointment {trial.appointment_id} is with the insurer at this moment."
        assert in_hand(trial) == [told]
    assert (state(), in_hand(trial)) == ("due", []), "the turn is over"


def test_an_erasure_that_was_first_is_waited_for(centre: Centre, trial: Trial, pausing: None) -> None:
    left(trial)
    with beside(erasing(trial.appointment.patient)):
        assert stands_there.wait(timeout=20)
        with beside(steps.recover_one):
            wait_until(waits_for_a_lock)
            assert asked(centre) == (0, 0)
            goes_on.set()
    assert (state(), asked(centre)) == ("done", (0, 0))


def test_what_is_erased_after_the_question_is_not_withdrawn(centre: Centre, trial: Trial) -> None:
    left(trial)
    centre.goes_wrong(Operation.QUERY, "slow", seconds=1)
    with beside(steps.recover_one):
        wait_until(lambda: asked(centre) == (1, 0))
        InsurerOrder.objects.update(token="")
    assert (state(), asked(centre)) == ("done", (1, 0))
