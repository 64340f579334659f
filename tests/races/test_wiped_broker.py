"""A Redis that was wiped has forgotten what leads to the queues; whoever stays connected takes them for declared."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from tasks import queues, second_path


@pytest.fixture
def app(valkey_url: str) -> Iterator[Celery]:
    """A process that has sent a turn before, and stays connected. On Redis alone: RabbitMQ tells who is connected."""
    app = Celery("a process", broker=valkey_url, set_as_current=False)
    app.conf.update(
        task_queues=queues.queues(quorum=False), task_routes=queues.ROUTES, task_create_missing_queues=False
    )
    second_path.declare_queues(app)
    assert sent(app) == (1, 1)
    redis.Redis.from_url(valkey_url).flushdb()
    yield app
    app.close()


def sent(app: Celery) -> tuple[int, int]:
    """A turn and a tick are sent: how many messages lie in their queues then."""
    app.send_task("tasks.insurance.trial", retry=False)
    app.send_task("tasks.upkeep.turns", retry=False)
    with app.connection_for_read() as connection, connection.channel() as channel:
        found = {name: queue.bind(channel).queue_declare().message_count for name, queue in app.amqp.queues.items()}
    return found[queues.TRIAL], found[queues.UPKEEP]


def test_every_worker_ties_the_queues_again_by_its_own_timer(app: Celery, tmp_path: Path) -> None:
    mark = tmp_path / "var" / "general.alive"
    second_path._by_the_timer(app, mark)
    assert mark.exists()
    own_ticks = sum(tick.startswith("tasks.upkeep.") for tick in second_path.TICKS)
    assert sent(app) == (1, own_ticks + 1)


def test_until_somebody_does_what_is_sent_is_dropped(app: Celery) -> None:
    """Negative control."""
    assert sent(app) == (0, 0)
