"""What somebody else puts into the broker: a message that is not JSON is refused without being loaded."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import ContentDisallowed

from config.celery import app

pytestmark = pytest.mark.security


class Trap:
    """Whoever loads it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (str(self.path), "w")


@pytest.fixture
def channel() -> Iterator[Any]:
    with Connection(os.environ["TEST_VALKEY_URL"]) as connection:
        yield connection.channel()


def heard(channel: Any, trap: Path, accept: list[str] | None) -> list[BaseException]:
    """What a worker's consumer makes of a pickled message."""
    name = f"foreign-{uuid4().hex}"
    place = Queue(name, Exchange(name), routing_key=name, auto_delete=True)
    refused: list[BaseException] = []

    def refuse(message: Any, error: BaseException) -> None:
        refused.append(error)
        message.reject()

    consumer = app.amqp.TaskConsumer(channel, queues=[place], accept=accept, on_decode_error=refuse)
    consumer.register_callback(lambda body, message: message.ack())
    with consumer:
        Producer(channel, place.exchange, name).publish(
            pickle.dumps(Trap(trap)),
            content_type="application/x-python-serialize",
            content_encoding="binary",
        )
        channel.connection.client.drain_events(timeout=5)
    return refused


def test_a_pickled_message_is_refused_and_not_loaded(channel: Any, tmp_path: Path) -> None:
    (error,) = heard(channel, tmp_path / "loaded", accept=None)
    assert isinstance(error, ContentDisallowed)
    assert not (tmp_path / "loaded").exists()


def test_whoever_took_pickles_would_have_loaded_it(channel: Any, tmp_path: Path) -> None:
    """Negative control."""
    assert heard(channel, tmp_path / "loaded", accept=["pickle"]) == []
    assert (tmp_path / "loaded").exists()


def test_nothing_else_is_taken_and_nothing_else_is_sent() -> None:
    assert list(app.conf.accept_content) == ["json"]
    assert (app.conf.task_serializer, app.conf.event_serializer) == ("json", "json")
    assert app.control.mailbox.accept == ["json"]
    assert not app.conf.result_backend
