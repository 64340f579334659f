"""What the broker says, within a time limit: whoever asks is never made to wait for a broker that hangs."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from amqp.exceptions import PreconditionFailed
from django.conf import settings
from kombu import Connection, Queue
from kombu.exceptions import ChannelError, OperationalError

from hospital.archives import queue as archives
from tasks import queues

log = logging.getLogger(__name__)

LIMIT_SECONDS = 2.0
CONNECT_SECONDS = 1
KEPT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """What was told. `depths`: messages ready in each queue; None: the broker has no such queue. `different`: queues
    that are there with other arguments than ours, as far as that was asked.
    """

    up: bool
    depths: Mapping[str, int | None] = field(default_factory=dict)
    different: tuple[str, ...] = ()
    error: str = ""


Question = Callable[[], Told]

AWAY = Told(up=False, error="no answer")


def expected() -> tuple[str, ...]:
    """The queues that `tasks/queues.py` and the filing queue declare."""
    names = (*queues.GENERAL_QUEUES, *queues.INSURANCE_QUEUES, archives.NAME)
    return (*names, queues.DEAD, f"{archives.NAME}.dead") if settings.BROKER_IS_AMQP else names


def depths() -> Told:
    """How full the queues are."""
    with _connected() as connection:
        return Told(up=True, depths={name: _depth(connection, name) for name in expected()})


def compared() -> Told:
    """The same, and whether the queues that are there are declared as we would."""
    with _connected() as connection:
        found = {name: _depth(connection, name) for name in expected()}
        there = [queue for queue in queues.queues(settings.BROKER_IS_AMQP) if found.get(queue.name) is not None]
        different = [queue.name for queue in there if settings.BROKER_IS_AMQP and _differs(connection, queue)]
        return Told(up=True, depths=found, different=tuple(different))


class Asking(threading.Thread):
    """One question. A thread that hangs is left alone: kombu's own time limits do not hold on a frozen broker."""

    def __init__(self, question: Question) -> None:
        super().__init__(name="asking the broker", daemon=True)
        self.question = question
        self.told = AWAY

    def run(self) -> None:
        try:
            self.told = self.question()
        except (OperationalError, OSError) as error:
            self.told = Told(up=False, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001  a client library's own; the broker is not well, and that is the answer
            log.warning("the broker could not be asked: %s", type(error).__name__)
            self.told = Told(up=False, error=type(error).__name__)


_lock = threading.Lock()
_asking: Asking | None = None


def ask(limit_seconds: float = LIMIT_SECONDS, question: Question = depths) -> Told:
    """What the broker says now. While an earlier question hangs no other is asked: threads do not pile up."""
    global _asking
    give_up_at = time.monotonic() + limit_seconds
    with _lock:
        if _asking is None or not _asking.is_alive():
            _asking = Asking(question)
            _asking.start()
        asking = _asking
    asking.join(max(give_up_at - time.monotonic(), 0.0))
    return AWAY if asking.is_alive() else asking.told


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was told, by whom and when."""

    url: str
    at: float
    told: Told


_kept: _Kept | None = None


def lately(limit_seconds: float) -> Told:
    """What it said within the last seconds: for a page that anybody may ask for, however often."""
    global _kept
    kept, url = _kept, settings.BROKER_URL
    if kept is None or kept.url != url or time.monotonic() - kept.at >= KEPT_SECONDS:
        told = ask(limit_seconds)
        kept = _kept = _Kept(url, time.monotonic(), told)
    return kept.told


@contextmanager
def _connected() -> Iterator[Connection]:
    options = settings.BROKER_TRANSPORT_OPTIONS
    if not settings.BROKER_IS_AMQP:
        options = {**options, "socket_timeout": CONNECT_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
    with Connection(settings.BROKER_URL, transport_options=options, connect_timeout=CONNECT_SECONDS) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        yield connection


def _depth(connection: Connection, name: str) -> int | None:
    """On a channel of its own: RabbitMQ closes it when there is no such queue. In Redis an empty queue is none."""
    channel: Any = connection.channel()
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except ChannelError:
        return None if settings.BROKER_IS_AMQP else 0
    finally:
        channel.close()


def _differs(connection: Connection, queue: Queue) -> bool:
    """A queue that exists is not changed by being declared again; RabbitMQ refuses other arguments."""
    channel: Any = connection.channel()
    try:
        queue.bind(channel).queue_declare()
    except PreconditionFailed:
        return True
    finally:
        channel.close()
    return False
