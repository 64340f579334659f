"""One insurer hangs: the threads of a worker are shared out, so the other's patients get their turns all the same."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.conf import LazySettings
from django.db import connections

from insurance.models import InterfaceCall, Trial
from tasks import insurance, threads
from tests.integration import elsewhere
from tests.integration.conftest import forget_the_insurer
from tests.races.together import wait_until
from tests.simulators import Simulator, running

THREADS, HERE = 4, 3


@contextmanager
def hanging(settings: LazySettings) -> Iterator[None]:
    """A second insurer that takes every call and answers none until it is gone."""
    with running("insurer") as simulator:
        simulator.faults({"kind": "hang", "seconds": 60})
        settings.INSURERS = elsewhere.agreed(simulator.url)
        settings.INSURANCE_TIMEOUT_SECONDS = 15
        forget_the_insurer()
        yield


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    """As many threads as a worker has."""
    threads.share_out(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool
    threads.share_out(None)


def turn(insurer: str) -> None:
    try:
        insurance.trial(insurer)
    finally:
        connections.close_all()


def unanswered() -> int:
    return InterfaceCall.objects.filter(insurer=elsewhere.NAME, outcome="").count()


def sent(worker: ThreadPoolExecutor, insurer: str, count: int) -> list[Future[None]]:
    return [worker.submit(turn, insurer) for _ in range(count)]


def test_the_others_patients_get_their_turns(
    insurer: Simulator, settings: LazySettings, worker: ThreadPoolExecutor
) -> None:
    with hanging(settings):
        [elsewhere.waiting() for _ in range(THREADS)], [elsewhere.waiting(region="") for _ in range(HERE)]
        sent(worker, elsewhere.NAME, THREADS)
        wait_until(lambda: unanswered() == THREADS // 2)
        sent(worker, elsewhere.NAME, THREADS)
        sent(worker, "default", HERE)
        wait_until(lambda: Trial.objects.filter(state="priced").count() == HERE, seconds=14)
        assert unanswered() == THREADS // 2


def test_without_shares_it_takes_every_thread(
    insurer: Simulator, settings: LazySettings, worker: ThreadPoolExecutor
) -> None:
    """Negative control."""
    threads.share_out(None)
    with hanging(settings):
        [elsewhere.waiting() for _ in range(THREADS)], [elsewhere.waiting(region="") for _ in range(HERE)]
        sent(worker, elsewhere.NAME, THREADS)
        wait_until(lambda: unanswered() == THREADS)
        waiting = sent(worker, "default", HERE)
        assert not any(turn.running() or turn.done() for turn in waiting)
        assert unanswered() == THREADS and not Trial.objects.filter(state="priced").exists()
