"""Somebody turns Celery's `rate_limit` from outside, as Flower does, while a line waits: the permits hold the limit."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from django.conf import LazySettings

from insurance.trial import admission
from tests import factories
from tests.acceptance import scaled
from tests.acceptance.hospital import WINDOW_SECONDS, Hospital, N, open_hospital
from tests.races import brokers
from tests.races.together import wait_until
from tests.simulators import Simulator

TASK = "tasks.insurance.trial"
TURNS = ("100000/m", f"{20 * N}/m", f"{20 * N}/m", f"{20 * N}/m", "1000/s")
"""Far too fast, then n per window set anew over and over: each setting orphans the buckets of the one before."""

IN_LINE = 6 * N


@pytest.fixture(autouse=True)
def _n_of_the_processes(settings: LazySettings) -> None:
    """The quota is made by whoever needs it first, and that is the test."""
    settings.INSURANCE_TRIAL_PER_MINUTE = N


@contextmanager
def under_load(insurer: Simulator, payments: Simulator, home: Path) -> Iterator[tuple[Hospital, Celery]]:
    """Workers with a line of trials before them, and a remote control for them."""
    broker = brokers.address("valkey")
    for appointment in factories.told(IN_LINE):
        admission.enter(appointment)
    with open_hospital(home, broker, insurer, payments, "general", "insurance", "beat") as hospital:
        wait_until(lambda: arrived(insurer) > 0, seconds=40)
        yield hospital, Celery(broker=broker)


def turn_the_brake(remote: Celery) -> None:
    """As an operator would who wants it to go faster."""
    for rate in TURNS:
        remote.control.rate_limit(TASK, rate)
        time.sleep(0.3)  # not waiting for anything: the load goes on under each setting


def arrived(insurer: Simulator) -> int:
    return int(insurer.stats()["metered"]["2206A"]["arrivals"])


def over_limit(insurer: Simulator) -> int:
    return int(insurer.stats()["metered"]["2206A"]["over_limit"])


def test_whatever_is_done_to_the_brake_the_limit_holds(insurer: Simulator, payments: Simulator, tmp_path: Path) -> None:
    with under_load(insurer, payments, tmp_path) as (_, remote):
        turn_the_brake(remote)
        wait_until(lambda: arrived(insurer) >= 3 * N, seconds=6 * WINDOW_SECONDS)
    assert over_limit(insurer) == 0
    assert insurer.stats()["metered"]["2206A"]["worst_window"] > N / 2, "the brake was open, and the minute was used"


def test_the_brake_alone_lets_too_many_through(
    insurer: Simulator, payments: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: permits that are free again at once."""
    monkeypatch.setitem(os.environ, scaled.NO_COOLING, "1")
    with under_load(insurer, payments, tmp_path) as (_, remote):
        turn_the_brake(remote)
        wait_until(lambda: over_limit(insurer) > 0, seconds=40)
