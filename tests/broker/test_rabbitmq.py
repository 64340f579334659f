"""What RabbitMQ adds: messages that are really on disk, redelivered at once, and a place for those nobody can use."""

import pytest
from kombu import Connection

from hospital.archives import queue
from tests.races.together import dies, kill_myself

pytestmark = pytest.mark.usefixtures("filing_queue")


def depth_of(url: str, name: str) -> int:
    with Connection(url) as connection, connection.channel() as channel:
        return int(channel.queue_declare(name, passive=True).message_count)


def fail_with_the_messages() -> None:
    with pytest.raises(ZeroDivisionError), queue.take(10) as taken:
        taken / 0


def test_a_message_that_fails_again_and_again_ends_in_the_queue_of_the_dead(broker_url: str) -> None:
    queue.put([1])
    for _ in range(queue.DELIVERY_LIMIT):
        fail_with_the_messages()
    assert (queue.depth(), depth_of(broker_url, f"{queue.NAME}.dead")) == (1, 0)
    fail_with_the_messages()
    assert (queue.depth(), depth_of(broker_url, f"{queue.NAME}.dead")) == (0, 1)


@pytest.mark.usefixtures("db")
def test_what_a_killed_taker_held_is_there_again_at_once() -> None:
    queue.put([1, 2, 3])
    assert dies(take_and_die)
    with queue.take(10) as taken:
        assert taken == 3


def take_and_die() -> None:
    with queue.take(10):
        kill_myself()
