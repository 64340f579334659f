"""RabbitMQ only; what holds on both brokers is tested in `tests/races`."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.races import brokers
from tests.races.conftest import hints

__all__ = ["hints"]


@pytest.fixture
def broker_url() -> str:
    return brokers.address("rabbitmq")


@pytest.fixture
def filing_queue(broker_url: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The filing queue under a name of its own."""
    with brokers.own_queue(settings, monkeypatch, broker_url) as name:
        yield name
