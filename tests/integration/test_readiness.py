"""`/readyz`: the database decides; the cache, the broker and the ticks are told beside it."""

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client

from hospital import ticks
from tests.races import brokers
from tests.simulators import free_port


def test_it_is_ready_without_a_broker_and_says_so(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["ready"], told["database"], told["cache"], told["broker"]) == (True, "ok", "ok", "away")
    assert told["last_tick_age_seconds"] is None


def test_it_is_ready_without_a_cache_and_says_so(client: Client, settings: LazySettings) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"},
    }
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["cache"]) == (200, "away")


def test_a_broker_and_ticks_that_are_there(client: Client, settings: LazySettings) -> None:
    brokers.use(settings, brokers.address("valkey"))
    ticks.seen("tasks.upkeep.sweep")
    told = client.get("/readyz").json()
    assert told["broker"] == "ok" and 0 <= told["last_tick_age_seconds"] < 30


def test_without_the_database_it_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", away)
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()["database"]) == (503, False, "away")
