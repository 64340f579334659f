"""The limit n is held where the messages arrive, in every dialect: it counts what the centre counts."""

from django.conf import LazySettings

from insurance.interface.profile import Operation
from insurance.settlement import steps
from insurance.trial import admission, turns
from tests import factories
from tests.conformance.conftest import Centre
from tests.integration import doing
from tests.simulators import Simulator

N = 2


def test_no_more_than_n_trials_and_settlements_arrive(
    centre: Centre, payments: Simulator, settings: LazySettings
) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = settings.INSURANCE_SETTLEMENT_PER_MINUTE = N
    trials = [admission.enter(appointment) for appointment in factories.told(N + 2)]
    while turns.take_one():
        pass
    priced = [trial for trial in trials if doing.state_of(trial) == "priced"]
    assert priced == trials[:N]
    settlements = [doing.opened(trial) for trial in priced]
    while steps.settle_one():
        pass
    assert {doing.state_of(each) for each in settlements} <= {"insured", "paid"}
    metered = centre.stats()["metered"]
    for operation in (Operation.TRIAL, Operation.SETTLE):
        assert metered[centre.number(operation)] | {"first_at": 0, "last_at": 0} == {
            "arrivals": N,
            "worst_window": N,
            "over_limit": 0,
            "first_at": 0,
            "last_at": 0,
        }


def test_the_centre_counts_what_we_count(centre: Centre) -> None:
    """The names by which a permit is asked for are those that the centre meters, in their order."""
    names = list(centre.stats()["metered"])
    assert names == [centre.number(Operation.TRIAL), centre.number(Operation.SETTLE), "all"]
