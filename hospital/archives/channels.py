"""A broker's channel for the filing queue: kept open between batches, the queue declared, publishing confirmed.

What it asks RabbitMQ is waited for for so long and no longer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from amqp.exceptions import PreconditionFailed
from django.conf import settings
from kombu import Connection, Exchange, Queue
from kombu.pools import connections

DELIVERY_LIMIT = 5
QUORUM = {"x-queue-type": "quorum"}

ANSWER_SECONDS: float | None = 5.0
"""So long RabbitMQ may take to say anything. With its disk full it says nothing more to whoever publishes, sometimes
after it has taken the message."""

KEPT = 1
"""The number of the channel that is kept: to open and close one takes RabbitMQ two to three milliseconds a batch."""

_prepared = WeakSet[Any]()
"""The connections to RabbitMQ on which the queue of the dead was declared: once each, a batch need not wait for it."""


class DeclaredOtherwise(Exception):
    """RabbitMQ has a queue of this name with other arguments than ours; the message says which, and what to do."""

    def __init__(self, name: str, said: PreconditionFailed) -> None:
        how = str(said.reply_text).removeprefix("PRECONDITION_FAILED - ").partition(" in vhost")[0]
        super().__init__(
            f"RabbitMQ has the queue {name!r} with other arguments than this version declares ({how}): stop the "
            f"workers, look at what lies in it, `rabbitmqctl delete_queue {name}`, start them again (docs/deploy.md)"
        )


@contextmanager
def opened(name: str) -> Iterator[Queue]:
    """The queue on the kept channel. Neither is kept when something failed: what was not acknowledged is given back."""
    broker = _broker(
        settings.BROKER_URL, settings.BROKER_IS_AMQP, ANSWER_SECONDS, *settings.BROKER_TRANSPORT_OPTIONS.items()
    )
    with connections[broker].acquire(block=True) as connection:
        connection.ensure_connection(max_retries=2, interval_start=0.2, interval_step=0.5)
        try:
            with _channel(connection) as channel:
                yield _queue(name, channel)
        except OSError:
            connection.collect()
            raise


@contextmanager
def confirmed(channel: Any, count: int) -> Iterator[Any]:
    """A channel to publish `count` messages on; RabbitMQ has confirmed them when the block is over. Raises `OSError`
    when it takes one not."""
    if not settings.BROKER_IS_AMQP or not count:
        yield channel
        return
    with _left_well(channel.connection.channel()) as own:
        missing, refused = set(range(1, count + 1)), list[int]()

        def taken(tag: int, multiple: bool) -> None:
            missing.difference_update([one for one in missing if one <= tag] if multiple else [tag])

        own.events["basic_ack"].add(taken)
        own.events["basic_nack"].add(lambda tag, multiple: refused.append(tag))
        own.confirm_select()
        yield own
        while missing and not refused:
            own.connection.drain_events(timeout=ANSWER_SECONDS)
        if refused:
            raise OSError("the broker refuses a message")


def ready(queue: Queue) -> int:
    """How many messages can be taken. The queue is there afterwards, whatever happened to it since the last time."""
    with _said_plainly(queue):
        told: Any = queue.queue_declare()
    return int(told.message_count)


def declare(queue: Queue) -> None:
    """Declare a queue on its channel. Raises `DeclaredOtherwise`: a queue that exists is not changed by it."""
    with _said_plainly(queue):
        queue.declare()


@lru_cache(maxsize=4)
def _broker(url: str, is_amqp: bool, answer_seconds: float | None, *options: tuple[str, Any]) -> Connection:
    """What the pool of connections goes by: to make it anew for each batch would cost more than to take one."""
    own: dict[str, Any] = dict(options) | {"confirm_publish": False}  # all of a batch at once: `confirmed`
    if is_amqp:
        own |= {"read_timeout": answer_seconds, "write_timeout": answer_seconds}
    return Connection(url, transport_options=own, connect_timeout=5)


@contextmanager
def _channel(connection: Any) -> Iterator[Any]:
    """With Redis or Valkey closing gives nothing back, and opening means to connect anew."""
    if not settings.BROKER_IS_AMQP:
        yield connection.default_channel
        return
    with _left_well(connection.connection.channel(KEPT), kept=True) as channel:  # the open one, else a new one
        yield channel


@contextmanager
def _left_well(channel: Any, *, kept: bool = False) -> Iterator[Any]:
    """Closing it gives back whatever was not acknowledged."""
    try:
        yield channel
    except OSError:  # it would not even take a good-bye
        raise
    except BaseException:
        channel.close()
        raise
    if not kept:
        channel.close()


def _queue(name: str, channel: Any) -> Queue:
    """By the default exchange, which leads to the queue of that name: there is no binding that could be lost."""
    arguments = None
    if settings.BROKER_IS_AMQP:
        dead = Exchange(f"{name}.dead", "fanout")
        arguments = {**QUORUM, "x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": dead.name}
        if channel.connection not in _prepared:
            declare(Queue(dead.name, dead, queue_arguments=QUORUM)(channel))
            _prepared.add(channel.connection)
    return Queue(name, Exchange(""), routing_key=name, queue_arguments=arguments)(channel)


@contextmanager
def _said_plainly(queue: Queue) -> Iterator[None]:
    try:
        yield
    except PreconditionFailed as said:
        if "inequivalent arg" not in str(said.reply_text):
            raise
        raise DeclaredOtherwise(queue.name, said) from None
