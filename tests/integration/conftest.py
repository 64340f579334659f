"""Fixtures for tests that need the database and, some, the simulators."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from config.door import looks
from insurance.quota import exchange
from tests.integration.false_clock import Clocks, installed
from tests.simulators import SECRET, Simulator, running


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test in here uses the database."""


@pytest.fixture
def api() -> APIClient:
    return APIClient()


@pytest.fixture
def own_counters(settings: LazySettings) -> None:
    """Rates are counted for this test alone."""
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


@pytest.fixture
def door_on_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The front door works in this test's transaction: its own threads would see none of it, and leave rows behind. The
    line is as it is now."""
    monkeypatch.setattr("config.door.lanes.Lane.run", lambda lane, asked: lane._act([asked])[0])
    monkeypatch.setattr("config.door.app._connected", lambda: None)
    monkeypatch.setattr(looks, "LINE_KEPT_SECONDS", 60.0)
    monkeypatch.setattr(looks, "line", looks._Line())


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    """The database's clock and the host's, as the test sets them."""
    with installed(monkeypatch) as clocks:
        yield clocks


@pytest.fixture(scope="session")
def insurer_process() -> Iterator[Simulator]:
    with running("insurer") as simulator:
        yield simulator


@pytest.fixture(scope="session")
def payments_process() -> Iterator[Simulator]:
    with running("payments", "--secret", SECRET) as simulator:
        yield simulator


@pytest.fixture
def insurer(insurer_process: Simulator, settings: LazySettings) -> Iterator[Simulator]:
    """The simulated insurer, empty, as the one our settings name."""
    insurer_process.reset()
    settings.INSURANCE_URL = insurer_process.url
    settings.INSURANCE_TIMEOUT_SECONDS = 2
    forget_the_insurer()
    yield insurer_process
    forget_the_insurer()


@pytest.fixture
def payments(payments_process: Simulator, settings: LazySettings) -> Simulator:
    """The simulated payment institution, empty, as the one our settings name."""
    payments_process.reset()
    settings.PAYMENT_URL, settings.PAYMENT_SECRET = payments_process.url, SECRET
    return payments_process


def forget_the_insurer() -> None:
    """What is kept of the settings for the life of a process."""
    for kept in (exchange.profile, exchange._transport, exchange.dialect):
        kept.cache_clear()
