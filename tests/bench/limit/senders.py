"""The life of one worker process, by each of the limiters. It gets ready, waits for the start, and then never stops.

There is always work. Several threads send in each process, so that waiting for a slow answer holds up nobody.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import redis
from celery import Celery
from celery.signals import worker_ready
from django.conf import settings
from django.db import connection
from limits import RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from insurance.interface import dialects
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import InterfaceError
from insurance.interface.transport import HttpTransport
from insurance.quota import permits
from insurance.quota.exchange import exchange, profile, turn_seconds
from insurance.quota.lanes import Lane
from tests.races import senders

Leave = TypeVar("Leave")

TASK = "ask"

PREFETCH = 4
"""Celery's own default: so many messages for each thread are taken from the queue and held."""


@dataclass(frozen=True)
class Job:
    """What a worker process is told. `ready`, `go` and `answers` are shared with whoever started it."""

    name: str
    """Of the row: its queue, and its key in the store."""
    url: str
    n: int
    window: int
    threads: int
    timeout_seconds: float
    database: str
    broker: str
    store: str
    rate: str
    """`rate_limit` of Celery's task."""
    ready: Any
    go: Any
    answers: Any
    """How many answers were waited for, and how many seconds in all."""


def by_permits(job: Job, number: int) -> None:
    """Ours: a permit, waited for to the instant, the message, the answer."""
    _told(job)
    connection.settings_dict["NAME"] = job.database

    def leave() -> permits.Held | None:
        return permits.take(Lane.TRIAL, turn_seconds=turn_seconds(), wait_seconds=job.window)

    def send(held: permits.Held) -> None:
        with contextlib.suppress(InterfaceError), exchange(held, Lane.TRIAL, "benchmark") as client:
            senders._ask(client)

    _for_ever(job, leave, send)


def by_moving_window(job: Job, number: int) -> None:
    """`limits` in Valkey: asks, and when it is full sleeps until it says there is room."""
    _told(job)
    client, limiter = _client(job), MovingWindowRateLimiter(storage_from_string(job.store))
    limit = RateLimitItemPerSecond(job.n, job.window)

    def leave() -> bool:
        if limiter.hit(limit, job.name):
            return True
        time.sleep(max(limiter.get_window_stats(limit, job.name).reset_time - time.time(), 0.0) + 0.001)
        return False

    _for_ever(job, leave, lambda _: senders._try_on(client))


def by_celery(job: Job, number: int) -> None:
    """A Celery worker as `celery worker` starts it, with `rate_limit` on the task."""
    _told(job)
    os.environ["BROKER_URL"] = job.broker  # the command reads it, too, and it wins
    client, app = _client(job), celery_app(job)

    @app.task(name=TASK, rate_limit=job.rate)
    def ask() -> None:
        senders._try_on(client)

    worker_ready.connect(lambda **_: job.ready.release(), weak=False)
    pool = ["--pool", "threads", "--concurrency", str(job.threads), "--prefetch-multiplier", str(PREFETCH)]
    quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "WARNING"]
    app.worker_main(["worker", "--hostname", f"{number}@{job.name}", *pool, *quiet])


def celery_app(job: Job) -> Celery:
    """The benchmark's own application on the row's own queue."""
    app = Celery("bench", broker=job.broker, set_as_current=False, fixups=[])
    app.conf.update(task_default_queue=job.name, task_ignore_result=True, worker_enable_remote_control=False)
    return app


def supply(job: Job, count: int) -> None:
    """Put so many messages where no worker sees them until `deliver`."""
    app = celery_app(job)
    with app.connection_for_write() as to_broker, app.amqp.Producer(to_broker) as producer:
        for _ in range(count):
            app.send_task(TASK, producer=producer, queue=_hidden(job))


def deliver(job: Job) -> None:
    """All of them are in the queue, at once: a queue in Valkey is a list under its name."""
    with redis.Redis.from_url(job.broker) as broker:
        broker.rename(_hidden(job), job.name)


class _Stopwatch(senders._NoJournal):
    """The others keep no books; how long their answers took is noted for the table."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
        self.sent: dict[str, float] = {}

    def before(self, msgid: str, infno: str, body: bytes) -> float:
        self.sent[msgid] = time.monotonic()
        return self.job.timeout_seconds

    def after(self, msgid: str, outcome: Outcome, reply: bytes, note: str) -> None:
        taken = time.monotonic() - self.sent.pop(msgid)
        with self.job.answers.get_lock():
            self.job.answers[0] += 1
            self.job.answers[1] += taken


def _client(job: Job) -> InsuranceClient:
    dialect, transport = dialects.load(settings.INSURANCE_DIALECT), HttpTransport(profile())
    return InsuranceClient(profile(), dialect, transport, _Stopwatch(job), lambda: datetime.now(UTC))


def _told(job: Job) -> None:
    """This process talks to the row's receiver, and its minute is as long as the receiver's."""
    permits.WINDOW_SECONDS = float(job.window)
    permits.MARGIN_SECONDS *= job.window / 60
    settings.INSURANCE_URL, settings.INSURANCE_TIMEOUT_SECONDS = job.url, job.timeout_seconds
    settings.INSURANCE_TRIAL_PER_MINUTE, settings.FILING_BATCH_SIZE = job.n, 2 * job.n


def _hidden(job: Job) -> str:
    return f"{job.name}.hidden"


def _for_ever(job: Job, leave: Callable[[], Leave | None], send: Callable[[Leave], None]) -> None:
    """Ask for leave and send, again and again. One thread of each process asks; the others wait for their answers.

    If one fails the process ends, and that is noticed.
    """
    asking = threading.Lock()

    def work() -> None:
        while True:
            with asking:
                given = leave()
            if given:
                send(given)

    running = [threading.Thread(target=work, daemon=True) for _ in range(job.threads)]
    job.ready.release()
    job.go.wait()
    for thread in running:
        thread.start()
    while all(thread.is_alive() for thread in running):
        time.sleep(0.5)
