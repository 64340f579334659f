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

from django.conf import settings
from kombu import Producer, Queue

from hospital.archives import channels

NAME = "archives.waiting"
AS_A_TURN = {"delivery_mode": 2, "content_type": "application/octet-stream", "content_encoding": "binary"}
"""Written to disk (AMQP delivery mode 2), and without a body, which nobody would read: a body is a frame more to take
apart. Whose row it was published for is said in its message id, for who looks into the queue."""

AT_ONCE = 1_000
"""So many messages go to Redis or Valkey in one piece."""

COMES_SECONDS = 1.0
"""What RabbitMQ says is ready comes within this time."""

BATCHES_READY = 2
"""How many batches' worth of messages the broker is kept supplied with when it has lost what it had."""

Waiting = Callable[[int], Sequence[int]]
"""The ids of the archives that wait, the oldest first, up to so many."""


def put(archive_ids: Sequence[int]) -> None:
    """A message for each of these archives that wait. Durable; confirmed by RabbitMQ. Raises `OSError` when it takes
    none."""
    with channels.opened(NAME) as queue:
        channels.ready(queue)
        _put(queue, archive_ids)


@contextmanager
def take(most: int, waiting: Waiting | None = None) -> Iterator[int]:
    """Up to `most` messages: how many there are to be taken. Acknowledged when the block ends well, put back when it
    does not. Where they cannot be acknowledged (`OSError`), what the block did stands, and they come again.

    With `waiting`, first what is missing is published, so that nobody's turn fails to come because the broker has lost
    messages.
    """
    with channels.opened(NAME) as queue:
        ready = channels.ready(queue)
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
    with channels.opened(NAME) as queue:
        return channels.ready(queue)


def _top_up(queue: Queue, ready: int, most: int, waiting: Waiting) -> int:
    """A message for each of the first `most` that wait: how many were missing. Where so many are ready, nobody asks who
    does."""
    if ready >= most:
        return 0
    missing = waiting(most)[ready:]
    _put(queue, missing)
    return len(missing)


def _put(queue: Queue, archive_ids: Sequence[int]) -> None:
    with channels.confirmed(queue.channel, len(archive_ids)) as channel:
        producer: Any = Producer(channel, queue.exchange, NAME)
        with producer.batch(max_size=AT_ONCE):
            for archive_id in archive_ids:
                producer.publish(b"", message_id=str(archive_id), **AS_A_TURN)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Messages that are ours until one of the two is called."""

    count: int
    acknowledge: Callable[[], object]
    put_back: Callable[[], object]


def _by_amqp(queue: Queue, ready: int) -> _Taken:
    """All that are ready are sent to us one behind the other, while the block does its work, and acknowledged by one
    word. Who asks at the same time may get some of them: then both have fewer messages than turns, which costs
    nobody his."""
    channel: Any = queue.channel
    tags = list[int]()
    if ready:
        channel.basic_qos(0, ready, False)
        channel.basic_consume(NAME, NAME, nowait=True, callback=lambda message: tags.append(message.delivery_tag))

    def come() -> list[int]:
        if ready:
            with suppress(TimeoutError), _at_most(COMES_SECONDS, channel.connection.transport):
                while len(tags) < ready:  # if somebody else was faster, these are all
                    channel.connection.drain_events()
            channel.basic_cancel(NAME, nowait=len(tags) == ready)  # else one more may be on its way
        return tags

    return _Taken(
        ready,
        lambda: come() and channel.basic_ack(tags[-1], multiple=True),
        lambda: [channel.basic_reject(tag, requeue=True) for tag in come()],
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
