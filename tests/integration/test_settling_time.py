"""Until when a message may still arrive is told by a clock that may be set forward: that is seen, and waited for."""

import time
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from hospital import worklist
from insurance.models import Settlement, Trial
from insurance.quota import clock, exchange, lanes, permits
from insurance.quota.lanes import Lane
from insurance.settlement import recording, steps
from tests.integration import doing, false_clock
from tests.integration.false_clock import Clocks
from tests.simulators import Simulator

AN_HOUR = 3600.0
AHEAD_SECONDS = 10.0
"""What the test has done by then lies in the past."""


@pytest.fixture
def trials(insurer: Simulator) -> list[Trial]:
    """Priced, before anybody sets a clock."""
    return [doing.priced(doing.somebody_whose_account_covers()) for _ in range(2)]


@pytest.fixture
def clocks(trials: list[Trial], monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    """From here on the test decides what time it is, and a host has looked long enough to vouch for it. It is now: what
    columns have as their default is the server's own time."""
    quiet = permits.quiet_seconds(exchange.turn_seconds())
    monkeypatch.setattr(false_clock, "STARTS_AT", time.time() + AHEAD_SECONDS - quiet)
    with false_clock.installed(monkeypatch) as clocks:
        exchange.look_at_the_clock()
        clocks.at(quiet)
        yield clocks


@pytest.fixture
def silent(clocks: Clocks, trials: list[Trial], insurer: Simulator, settings: LazySettings) -> Settlement:
    """Sent, and nothing was heard of it: it may arrive at any moment."""
    settings.SETTLEMENT_ATTEMPTS_SECONDS = [1] * 20
    insurer.faults({"infno": "2207A", "kind": "drop_before", "times": 1})
    settlement = doing.insured(trials[0])
    assert doing.state_of(settlement) == "unknown"
    return settlement


def asked(settlement: Settlement) -> str:
    """The insurer shows none, now."""
    doing.now_due(settlement)
    assert steps.recover_one()
    return doing.state_of(settlement)


def test_a_clock_set_forward_makes_nothing_believed_early(silent: Settlement, clocks: Clocks) -> None:
    clocks.step(AN_HOUR)
    assert asked(silent) == "unknown"
    assert silent.last_error == "the insurer shows none, but it may still arrive"
    clocks.at(clocks.seconds + 20)
    assert asked(silent) == "unknown"
    clocks.at(clocks.seconds + 40)
    assert asked(silent) == "reversing"


def test_a_clock_that_nobody_watches_makes_it_believed_at_once(
    silent: Settlement, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(clock, "set_forward_seconds", lambda since: 0.0)
    clocks.step(AN_HOUR)
    assert asked(silent) == "reversing"


def test_a_lease_that_is_over_early_makes_it_unknown_and_nothing_else(clocks: Clocks, trials: list[Trial]) -> None:
    """The turn is still speaking; by the clock its time is over."""
    settlement = doing.opened(trials[0])
    assert worklist.claim(lanes.due(Lane.SETTLEMENT), "calling", lease_seconds=60, settle_msgid=exchange.new_msgid())
    assert recording.mark_lapsed() == 0
    clocks.step(AN_HOUR)
    assert recording.mark_lapsed() == 1
    assert doing.state_of(settlement) == "unknown"
