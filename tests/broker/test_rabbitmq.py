"""What RabbitMQ adds: messages that are really on disk, redelivered at once, and a place for those nobody can use."""

import pytest
from kombu import Connection

from config.celery import app as celery_app
from hospital.archives import queue
from tests.races.together import dies, kill_myself, wait_until

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


def test_a_tick_that_nobody_took_in_time_is_no_dead_letter(broker_url: str, filing_queue: str) -> None:
    """The worker drops it when it comes back; in the queue of the dead lies only what a person must look at."""
    queue.put([])  # declares both queues: what expires in the first goes to the second
    to = {"exchange": "archives", "routing_key": filing_queue}
    with Connection(broker_url) as connection:
        connection.Producer().publish("the control: it expires in the broker", expiration=0.3, **to)
        celery_app.send_task("tasks.upkeep.sweep", expires=0.2, connection=connection, **to)
    wait_until(lambda: depth_of(broker_url, f"{filing_queue}.dead") > 0)  # and what stood behind it would go along
    with Connection(broker_url) as connection, connection.channel() as channel:
        tick = channel.basic_get(filing_queue, no_ack=True)
        assert tick is not None
        assert tick.headers["expires"]


def take_and_die() -> None:
    with queue.take(10):
        kill_myself()
