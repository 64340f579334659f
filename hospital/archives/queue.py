"""The filing queue in the broker (by kombu, explicit acknowledgement). A message is a turn: the rows hold the order.

RabbitMQ: a durable quorum queue with a delivery limit and a dead-letter queue. Redis / Valkey: a list, with what was
taken kept aside until it is acknowledged. A batch goes and comes in a few round trips, however many messages it has.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from amqp.exceptions import PreconditionFailed
from django.conf import settings
from kombu import Connection, Exchange, Producer, Queue
from kombu.pools import connections

NAME = "archives.waiting"
DELIVERY_LIMIT = 5
QUORUM = {"x-queue-type": "quorum"}
AS_A_TURN = {"delivery_mode": 2, "content_type": "application/octet-stream", "content_encoding": "binary"}
"""Written to disk (AMQP delivery mode 2), and without a body, which nobody would read: a body is a frame more to take
apart. Whose row it was published for is said in its message id, for who looks into the queue."""

AT_ONCE = 1_000
"""So many messages go to Redis or Valkey in one piece."""

COMES_SECONDS = 1.0
"""What RabbitMQ says is ready comes within this time."""

ANSWER_SECONDS: float | None = 5.0
"""So long RabbitMQ may take to say anything. With its disk full it says nothing more to whoever publishes, sometimes
after it has taken the message."""

BATCHES_READY = 2
"""How many batches' worth of messages the broker is kept supplied with when it has lost what it had."""

_prepared = WeakSet[Any]()
"""The connections to RabbitMQ on which the queue of the dead was declared: once each, a batch need not wait for it."""

Waiting = Callable[[int], Sequence[int]]
"""The ids of the archives that wait, the oldest first, up to so many."""


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
        _ready(queue)
        _put(queue, archive_ids)


@contextmanager
def take(most: int, waiting: Waiting | None = None) -> Iterator[int]:
    """Up to `most` messages: how many there are. Acknowledged when the block ends well, put back when it does not.

    With `waiting`, first what is missing is published, so that nobody's turn fails to come because the broker has lost
    messages.
    """
    with _open() as queue:
        ready = _ready(queue)
        if waiting:
            ready += _top_up(queue, ready, most * BATCHES_READY, waiting)
        taken = _by_amqp(queue, min(most, ready)) if settings.BROKER_IS_AMQP else _by_redis(queue, most)
        try:
            yield taken.count
        except BaseException:
            taken.put_back()
            raise
        taken.acknowledge()


def depth() -> int:
    """Messages ready to be taken."""
    with _open() as queue:
        return _ready(queue)


def _top_up(queue: Queue, ready: int, most: int, waiting: Waiting) -> int:
    """A message for each of the first `most` that wait: how many were missing. Where so many are ready, nobody asks who
    does."""
    if ready >= most:
        return 0
    missing = waiting(most)[ready:]
    _put(queue, missing)
    return len(missing)


def _put(queue: Queue, archive_ids: Sequence[int]) -> None:
    producer: Any = Producer(queue.channel, queue.exchange, NAME)
    with _confirmed(queue.channel, len(archive_ids)), producer.batch(max_size=AT_ONCE):
        for archive_id in archive_ids:
            producer.publish(b"", message_id=str(archive_id), **AS_A_TURN)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Messages that are ours until one of the two is called."""

    count: int
    acknowledge: Callable[[], object]
    put_back: Callable[[], object]


def _by_amqp(queue: Queue, ready: int) -> _Taken:
    """All that are ready are sent to us one behind the other, and acknowledged by one word."""
    channel: Any = queue.channel
    tags = list[int]()
    if ready:
        channel.basic_qos(0, ready, False)
        consumer = channel.basic_consume(NAME, callback=lambda message: tags.append(message.delivery_tag))
        with suppress(TimeoutError), _at_most(COMES_SECONDS, channel.connection.transport):
            while len(tags) < ready:  # if somebody else was faster, these are all
                channel.connection.drain_events()
        channel.basic_cancel(consumer, nowait=len(tags) == ready)  # else one more may be on its way
    return _Taken(
        len(tags),
        lambda: tags and channel.basic_ack(tags[-1], multiple=True),
        lambda: [channel.basic_reject(tag, requeue=True) for tag in tags],
    )


@contextmanager
def _at_most(seconds: float, transport: Any) -> Iterator[None]:
    """So long may each reading take. Said once for all messages: to say it for each costs as much as the message."""
    before = transport.sock.gettimeout()
    transport.sock.settimeout(seconds)
    try:
        yield
    finally:
        if transport.connected:
            transport.sock.settimeout(before)


def _by_redis(queue: Queue, most: int) -> _Taken:
    """As the transport takes them one by one, with what was taken kept aside in its own way; here, all at once."""
    channel: Any = queue.channel
    with channel.conn_or_acquire() as client:
        texts = client.rpop(NAME, most) or []
        tags = [json.loads(text)["properties"]["delivery_tag"] for text in texts]
        if tags:
            route = json.dumps([queue.exchange.name, NAME])[1:]
            aside = {tag: f"[{text.decode()}, {route}" for tag, text in zip(tags, texts, strict=True)}
            with client.pipeline() as pipe:
                pipe.zadd(channel.unacked_index_key, dict.fromkeys(tags, time.time()))
                pipe.hset(channel.unacked_key, mapping=aside)
                pipe.execute()

    def forget(put_back: Sequence[Any] = ()) -> None:
        if not tags:
            return
        with channel.conn_or_acquire() as client, client.pipeline() as pipe:
            pipe.zrem(channel.unacked_index_key, *tags)
            pipe.hdel(channel.unacked_key, *tags)
            if put_back:
                pipe.rpush(NAME, *put_back)
            pipe.execute()

    return _Taken(len(tags), forget, lambda: forget(texts[::-1]))


@contextmanager
def _confirmed(channel: Any, count: int) -> Iterator[None]:
    """RabbitMQ has confirmed `count` messages when the block is over. Raises `OSError` when it takes one not."""
    if not settings.BROKER_IS_AMQP or not count:
        yield
        return
    missing, refused = set(range(1, count + 1)), list[int]()

    def taken(tag: int, multiple: bool) -> None:
        missing.difference_update([one for one in missing if one <= tag] if multiple else [tag])

    channel.events["basic_ack"].add(taken)
    channel.events["basic_nack"].add(lambda tag, multiple: refused.append(tag))
    channel.confirm_select()
    yield
    while missing and not refused:
        channel.connection.drain_events(timeout=ANSWER_SECONDS)
    if refused:
        raise OSError("the broker refuses a message")


def _ready(queue: Queue) -> int:
    """How many messages can be taken. The queue is there afterwards, whatever happened to it since the last time."""
    with _said_plainly(queue):
        told: Any = queue.queue_declare()
    return int(told.message_count)


@contextmanager
def _open() -> Iterator[Queue]:
    """The queue on a channel of its own, of a connection that is not kept when it says nothing."""
    options: dict[str, Any] = settings.BROKER_TRANSPORT_OPTIONS | {
        "confirm_publish": False
    }  # all of a batch at once: `_confirmed`
    if settings.BROKER_IS_AMQP:
        options |= {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS}
    broker = Connection(settings.BROKER_URL, transport_options=options, connect_timeout=5)
    with connections[broker].acquire(block=True) as connection:
        connection.ensure_connection(max_retries=2, interval_start=0.2, interval_step=0.5)
        try:
            with _channel(connection) as channel:
                yield _queue(channel)
        except OSError:
            connection.collect()
            raise


@contextmanager
def _channel(connection: Any) -> Iterator[Any]:
    """Closing it gives back whatever was not acknowledged. With Redis or Valkey closing gives nothing back, and opening
    means to connect anew: there it stays open."""
    if not settings.BROKER_IS_AMQP:
        yield connection.default_channel
        return
    channel = connection.channel()
    try:
        yield channel
    except OSError:  # it would not even take a good-bye
        raise
    except BaseException:
        channel.close()
        raise
    channel.close()


def _queue(channel: Any) -> Queue:
    """By the default exchange, which leads to the queue of that name: there is no binding that could be lost."""
    arguments = None
    if settings.BROKER_IS_AMQP:
        dead = Exchange(f"{NAME}.dead", "fanout")
        arguments = {**QUORUM, "x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": dead.name}
        if channel.connection not in _prepared:
            declare(Queue(dead.name, dead, queue_arguments=QUORUM)(channel))
            _prepared.add(channel.connection)
    return Queue(NAME, Exchange(""), routing_key=NAME, queue_arguments=arguments)(channel)


def declare(queue: Queue) -> None:
    """Declare a queue on its channel. Raises `DeclaredOtherwise`: a queue that exists is not changed by it."""
    with _said_plainly(queue):
        queue.declare()


@contextmanager
def _said_plainly(queue: Queue) -> Iterator[None]:
    try:
        yield
    except PreconditionFailed as said:
        raise DeclaredOtherwise(queue.name, said) from None
