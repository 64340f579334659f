"""Races need transactions that really commit, and the simulators where something is said to the insurer."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from hospital import wake
from tests.integration.conftest import insurer, insurer_process, payments, payments_process
from tests.races import brokers

__all__ = ["insurer", "insurer_process", "payments", "payments_process"]


@pytest.fixture(autouse=True)
def _database(transactional_db: None) -> None:
    """Every test in here commits for real."""


@pytest.fixture
def valkey_url() -> str:
    """An empty database of a Valkey or Redis that tests may use."""
    return brokers.address("valkey")


@pytest.fixture(params=["valkey", pytest.param("rabbitmq", marks=pytest.mark.broker)])
def broker_url(request: pytest.FixtureRequest) -> str:
    """A broker of each kind."""
    return brokers.address(request.param)


@pytest.fixture
def filing_queue(broker_url: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The filing queue on that broker, empty, under a name of its own."""
    with brokers.own_queue(settings, monkeypatch, broker_url) as name:
        yield name


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hints are really given, by a thread that no other test has used; what is left is forgotten."""
    monkeypatch.setattr(wake, "_line", None)
    yield
    if wake._line is not None:
        wake._line.hints.queue.clear()
