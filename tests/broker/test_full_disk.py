"""RabbitMQ's disk is full: it takes no messages. Nobody waits for it, nothing is lost, and afterwards all go on."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from hospital.archives import channels, filing, queue
from hospital.archives.filing import Batch
from hospital.models import Archive
from hospital.states import ArchiveState
from tests import factories
from tests.broker import own_rabbitmq
from tests.broker.own_rabbitmq import Node
from tests.chaos.run import run
from tests.chaos.test_chaos import BRIEF
from tests.races import brokers
from tests.races.test_broken_brokers import assert_as_fast, booking_seconds, everybody_is_filed_with

FULL_SECONDS = 3.0


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with own_rabbitmq.running(tmp_path_factory.mktemp("rabbitmq")) as node:
        yield node


@pytest.fixture
def healthy(node: Node, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    with brokers.own_queue(settings, monkeypatch, node.url):
        yield node


@pytest.mark.usefixtures("hints", "transactional_db")
def test_booking_is_as_fast_and_all_are_filed_afterwards(healthy: Node, settings: LazySettings) -> None:
    usual = booking_seconds()
    with healthy.full():
        assert_as_fast(booking_seconds(), usual)
    everybody_is_filed_with(healthy.url, settings)


@pytest.mark.usefixtures("db")
def test_a_tick_gives_up_in_time_and_the_next_one_goes_on(healthy: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the worker would stand still with it, and whatever else it has to do. The broker may have taken the message
    before it fell silent: then the next tick has it, and files."""
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 1.0)
    factories.booked()
    with healthy.full():
        with pytest.raises(OSError):
            filing.drain()
        with suppress(OSError):
            assert filing.drain() == Batch(filed=1)
    filing.drain()
    assert Archive.objects.get().state == ArchiveState.FILED


@pytest.mark.usefixtures("db")
def test_whatever_it_is_asked_for_it_is_not_waited_for(healthy: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is asked after it has taken and confirmed a message: the channel's limits, its end."""
    monkeypatch.setattr(channels, "ANSWER_SECONDS", 1.0)
    with healthy.full(), pytest.raises(OSError), channels.opened(queue.NAME) as opened:
        channels.ready(opened)
        with suppress(OSError):
            queue._put(opened, [1])
        channels.ready(opened)


def test_whoever_waits_for_a_full_broker_waits_for_as_long_as_it_is_full(healthy: Node) -> None:
    """Negative control: published without a time limit."""
    queue.put([])
    with healthy.full():
        waiting = threading.Thread(target=publish_without_a_limit, daemon=True)
        waiting.start()
        waiting.join(FULL_SECONDS)
        assert waiting.is_alive()
    waiting.join(20)
    assert not waiting.is_alive() and queue.depth() == 1


def publish_without_a_limit() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "ANSWER_SECONDS", None)
        queue.put([1])


@pytest.mark.usefixtures("transactional_db")
def test_workers_go_on_when_there_is_room_again(node: Node, tmp_path: Path) -> None:
    """Workers, timers and beat publish too; they are killed and started meanwhile, as ever."""
    filling = threading.Thread(target=fill_for_a_while, args=(node,))
    filling.start()
    found = run(replace(BRIEF, calm_seconds=60), tmp_path, node.url)
    filling.join(60)
    print(found.figures)
    assert found.wrong() == {}
    assert found.figures.line > 0


def fill_for_a_while(node: Node) -> None:
    time.sleep(FULL_SECONDS)
    with node.full():
        time.sleep(FULL_SECONDS)
