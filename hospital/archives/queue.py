"""The filing queue in the broker (by kombu, explicit acknowledgement). A message is a turn: the rows hold the order.

RabbitMQ: a durable quorum queue with a delivery limit and a dead-letter queue. Redis / Valkey: a list, with what was
taken kept aside until it is acknowledged.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from amqp.exceptions import PreconditionFailed
from django.conf import settings
from kombu import Connection, Exchange, Producer, Queue
from kombu.pools import connections

NAME = "archives.waiting"
DELIVERY_LIMIT = 5
QUORUM = {"x-queue-type": "quorum"}
PERSISTENT = 2
"""AMQP delivery mode: written to disk."""

CONFIRM_SECONDS: float | None = 5.0
"""So long RabbitMQ may take to say that it has a message. With its disk full it says nothing at all."""


class DeclaredOtherwise(Exception):
    """RabbitMQ has a queue of this name with other arguments than ours; the message says which, and what to do."""

    def __init__(self, name: str, said: PreconditionFailed) -> None:
        how = str(said.reply_text).removeprefix("PRECONDITION_FAILED - ").partition(" in vhost")[0]
        super().__init__(
            f"RabbitMQ has the queue {name!r} with other arguments than this version declares ({how}): stop the "
            f"workers, look at what lies in it, `rabbitmqctl delete_queue {name}`, start them again (docs/deploy.md)"
        )


def put(archive_ids: Sequence[int]) -> None:
    """A message for each of these archives that wait. Durable; confirmed by RabbitMQ. Raises `OSError` when it takes
    none."""
    with _open() as queue:
        producer = Producer(queue.channel, queue.exchange, NAME, serializer="json")
        for archive_id in archive_ids:
            producer.publish({"archive": archive_id}, delivery_mode=PERSISTENT, confirm_timeout=CONFIRM_SECONDS)


@contextmanager
def take(most: int) -> Iterator[int]:
    """Up to `most` messages: how many there are. Acknowledged when the block ends well, put back when it does not."""
    with _open() as queue:
        messages = list(islice(iter(queue.get, None), most))
        try:
            yield len(messages)
        except BaseException:
            for message in messages:
                message.requeue()
            raise
        for message in messages:
            message.ack()


def depth() -> int:
    """Messages ready to be taken."""
    with _open() as queue:
        told: Any = queue.queue_declare()
        return int(told.message_count)


def top_up(waiting_ids: Sequence[int]) -> int:
    """Publish what is missing so that as many messages as `waiting_ids` are ready. Returns how many were published."""
    missing = max(len(waiting_ids) - depth(), 0)
    put(waiting_ids[:missing])
    return missing


@contextmanager
def _open() -> Iterator[Queue]:
    """The queue on a channel of its own: closing it gives back whatever was not acknowledged."""
    broker = Connection(settings.BROKER_URL, transport_options=settings.BROKER_TRANSPORT_OPTIONS, connect_timeout=5)
    with connections[broker].acquire(block=True) as connection:
        connection.ensure_connection(max_retries=2, interval_start=0.2, interval_step=0.5)
        channel = connection.channel()
        try:
            yield _declared(channel)
        except OSError:
            connection.collect()  # what says nothing would not even take a good-bye
            raise
        finally:
            if connection.connected:
                channel.close()


def _declared(channel: Any) -> Queue:
    arguments = None
    if settings.BROKER_IS_AMQP:
        dead = Exchange(f"{NAME}.dead", "fanout")
        declare(Queue(dead.name, dead, queue_arguments=QUORUM)(channel))
        arguments = {**QUORUM, "x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": dead.name}
    queue = Queue(NAME, Exchange("archives"), routing_key=NAME, queue_arguments=arguments)(channel)
    declare(queue)
    return queue


def declare(queue: Queue) -> None:
    """Declare a queue on its channel. Raises `DeclaredOtherwise`: a queue that exists is not changed by it."""
    try:
        queue.declare()
    except PreconditionFailed as said:
        raise DeclaredOtherwise(queue.name, said) from None
