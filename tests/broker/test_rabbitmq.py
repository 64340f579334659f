"""What RabbitMQ adds: messages that are really on disk, redelivered at once, and a place for those nobody can use."""

import os
import uuid
from types import SimpleNamespace

import pytest
from kombu import Connection, Exchange, Queue

from config.celery import app as celery_app
from hospital.archives import channels, queue
from tasks.second_path import Topology
from tests.races.together import dies, kill_myself, wait_until

pytestmark = pytest.mark.usefixtures("filing_queue")


def depth_of(url: str, name: str) -> int:
    with Connection(url) as connection, connection.channel() as channel:
        return int(channel.queue_declare(name, passive=True).message_count)


def fail_with_the_message() -> None:
    wait_until(lambda: queue.depth() == 1)  # RabbitMQ gives it back a moment after we have
    with pytest.raises(ZeroDivisionError), queue.take(10) as taken:
        assert taken == 1
        taken / 0


def test_a_message_that_fails_again_and_again_ends_in_the_queue_of_the_dead(broker_url: str) -> None:
    queue.put([1])
    for _ in range(channels.DELIVERY_LIMIT):
        fail_with_the_message()
    wait_until(lambda: queue.depth() == 1)
    assert depth_of(broker_url, f"{queue.NAME}.dead") == 0
    fail_with_the_message()
    wait_until(lambda: depth_of(broker_url, f"{queue.NAME}.dead") == 1)
    assert queue.depth() == 0


@pytest.mark.usefixtures("db")
def test_what_a_killed_taker_held_is_there_again_at_once() -> None:
    queue.put([1, 2, 3])
    assert dies(take_and_die)
    wait_until(lambda: queue.depth() == 3, seconds=5)
    with queue.take(10) as taken:
        assert taken == 3


def test_a_tick_that_nobody_took_in_time_is_no_dead_letter(broker_url: str, filing_queue: str) -> None:
    """The worker drops it when it comes back; in the queue of the dead lies only what a person must look at."""
    queue.put([])  # declares both queues: what expires in the first goes to the second
    to = {"exchange": "", "routing_key": filing_queue}
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


def test_a_queue_of_another_type_is_named_in_one_line_with_what_to_do(broker_url: str, filing_queue: str) -> None:
    with Connection(broker_url) as connection, connection.channel() as channel:
        Queue(f"{filing_queue}.dead")(channel).declare()  # as an older version did: classic
    with pytest.raises(channels.DeclaredOtherwise) as told:
        queue.put([1])
    assert f"`rabbitmqctl delete_queue {filing_queue}.dead`" in str(told.value) and "x-queue-type" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_worker_that_finds_one_ends_with_that_line(
    broker_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = f"test.{uuid.uuid4().hex[:8]}"
    ours = Queue(own, Exchange("tasks", "topic"), routing_key=own, queue_arguments=channels.QUORUM)
    monkeypatch.setattr(celery_app.amqp, "queues", {own: ours})
    monkeypatch.setattr(celery_app.conf, "broker_write_url", broker_url)
    with Connection(broker_url) as connection, connection.channel() as channel:
        Queue(own)(channel).declare()
        try:
            with pytest.raises(SystemExit) as ended:
                Topology(celery_app).start(SimpleNamespace(app=celery_app))
        finally:
            channel.queue_delete(own)
    assert ended.value.code == os.EX_CONFIG
    assert [f"delete_queue {own}" in record.getMessage() for record in caplog.records] == [True]
