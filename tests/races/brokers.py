"""The filing queue on a broker of the test's own choice, under a name of its own."""

import os
import runpy
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from django.conf import LazySettings
from kombu import Connection, pools

import config
from hospital.archives import queue

Wipe = Callable[[str, str], None]

VARIABLES = {"valkey": "TEST_VALKEY_URL", "rabbitmq": "TEST_AMQP_URL"}


def address(kind: str) -> str:
    """A broker that tests may use, from the environment; an empty database of it where there are databases."""
    url = os.environ.get(VARIABLES[kind])
    if not url:
        pytest.skip(f"{VARIABLES[kind]} is not set (bin/test sets it)")
    if kind == "valkey":
        redis.Redis.from_url(url).flushdb()
    return url


def close_pools() -> None:
    """All connections. The thread of the hints may open one while they are gone through: then once more."""
    for _ in range(100):
        try:
            pools.reset()
        except RuntimeError:  # "dictionary changed size during iteration"
            continue
        return
    raise AssertionError("somebody opens connections all the time")


def use(settings: LazySettings, url: str) -> None:
    """Settings as they are made of this BROKER_URL; no connection of another's is left."""
    _configure(settings, url)
    close_pools()


def _configure(settings: LazySettings, url: str) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BROKER_URL", url)
        made = runpy.run_path(str(Path(config.__file__).with_name("settings.py")))
    for name in ("BROKER_URL", "BROKER_IS_AMQP", "BROKER_TRANSPORT_OPTIONS"):
        setattr(settings, name, made[name])


@contextmanager
def own_queue(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[str]:
    """The filing queue under a new name on this broker, deleted afterwards: its name."""
    close_pools()
    try:
        with own_queue_beside_others(settings, monkeypatch, url) as name:
            yield name
    finally:
        close_pools()


@contextmanager
def own_queue_beside_others(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[str]:
    """The same with everybody's connections as they are, Celery's too."""
    monkeypatch.setattr(queue, "NAME", f"archives.test.{uuid.uuid4().hex[:8]}")
    _configure(settings, url)
    try:
        yield queue.NAME
    finally:
        delete(url, queue.NAME, f"{queue.NAME}.dead")


def delete(url: str, *names: str) -> None:
    """Delete queues with whatever lies in them."""
    with Connection(url) as connection, connection.channel() as channel:
        for name in names:
            channel.queue_delete(name)


def purge(url: str, name: str) -> None:
    """Empty a queue."""
    with Connection(url) as connection, connection.channel() as channel:
        channel.queue_purge(name)
