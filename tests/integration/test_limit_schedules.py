"""Whatever happens, in whatever order: no window at the receiver holds more than n. And without the guards it does."""

import os
import random
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from insurance.quota import clock, gate, limits, permits
from insurance.quota.insurers import made
from tests.integration.false_clock import Clocks
from tests.integration.schedules import EVENTS, Schedule

BLOCKS = 8
CONTROLS = 60
"""A negative control has so many schedules to show the failure in; mostly the first few do."""

SCHEDULES = int(os.environ.get("SCHEDULES", "120"))
"""How many random schedules are driven; thousands with SCHEDULES=5000."""


def schedules(clocks: Clocks, seeds: range, events: tuple[str, ...] = EVENTS) -> Iterator[Schedule]:
    """Each on a world of its own, undone afterwards."""
    for seed in seeds:
        with transaction.atomic():
            clocks.begin()
            name = f"insurer {seed}"
            with override_settings(INSURERS={name: {}}):
                yield Schedule(clocks, random.Random(seed), made(name), events).run()
            transaction.set_rollback(True)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_schedule_puts_more_than_n_into_a_window(clocks: Clocks, block: int) -> None:
    each = max(SCHEDULES // BLOCKS, 1)
    sent = 0
    for one in schedules(clocks, range(block * each, (block + 1) * each)):
        assert one.crowded() == [], f"seed {one.insurer.name}"
        sent += len(one.arrivals)
    assert sent > 5 * each, "nothing was tried"


def broken(clocks: Clocks, *events: str) -> bool:
    """Whether one of a few schedules breaks the limit."""
    return any(one.crowded() for one in schedules(clocks, range(CONTROLS), events or EVENTS))


def test_a_window_counted_from_the_sending_breaks_it(
    clocks: Clocks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: exact books of what was sent, but what is late meets what comes after it."""
    monkeypatch.setattr(permits, "quiet_seconds", lambda turn_seconds: permits.cooling_seconds())
    monkeypatch.setattr(permits, "free", lambda held: None)
    assert broken(clocks, "limit")


def test_a_clock_that_nobody_watches_breaks_it(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the database's clock is set forward."""

    def believed(watch: clock.Watch, quiet_seconds: float) -> clock.Reading | None:
        return clock._read()

    monkeypatch.setattr(clock.Watch, "verified", believed)
    assert broken(clocks, "step")


def test_a_new_host_that_does_not_wait_breaks_it(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: everything is started anew while the clock is set, and nobody can vouch for it."""
    monkeypatch.setattr(clock.Watch, "_has_waited", lambda watch, now, quiet_seconds: True)
    assert broken(clocks, "reboot")


def test_a_failover_that_nobody_notices_breaks_it(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the new server has lost the last commit, and with it a permit that was taken."""
    monkeypatch.setattr(gate, "_after_a_failover", lambda insurer, timeline, until: None)
    assert broken(clocks, "fail over")


def test_lowering_that_keeps_the_wrong_permits_breaks_it(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: of the permits those stay that are free first."""
    monkeypatch.setattr(limits, "_CHOOSE", limits._CHOOSE.replace("free_at DESC", "free_at ASC"))
    assert broken(clocks, "limit")
