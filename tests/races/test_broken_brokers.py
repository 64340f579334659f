"""A broker that is down, frozen or full of rubbish: booking answers as fast as ever, and nobody is lost."""

import os
import signal
import statistics
import time
from collections.abc import Iterator

import pytest
import redis
from django.conf import LazySettings
from kombu.exceptions import OperationalError
from rest_framework.test import APIClient

from demo import engines
from hospital import wake
from hospital.archives import filing, queue
from hospital.archives.filing import Batch
from hospital.models import Archive, Patient, Session
from hospital.states import ArchiveState
from tests import factories
from tests.races import brokers
from tests.races.together import wait_until
from tests.races.wires import frozen
from tests.simulators import free_port

pytestmark = pytest.mark.usefixtures("hints")

BOOKINGS = 11
ONE_BOOKING_SECONDS = 1.0
SLOWER_AT_MOST = 3.0


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey that may be stopped: nobody else's."""
    with engines.valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def healthy(own_valkey: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with brokers.own_queue(settings, monkeypatch, own_valkey):
        yield own_valkey


@pytest.mark.parametrize("address", ["redis://127.0.0.1:{port}/0", "amqp://guest:guest@127.0.0.1:{port}//"])
def test_booking_is_as_fast_with_a_broker_that_takes_connections_and_says_nothing(
    address: str, healthy: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = booking_seconds()
    with frozen() as port:
        brokers.use(settings, address.format(port=port))
        monkeypatch.setattr(wake, "_line", None)
        assert_as_fast(booking_seconds(), usual)
    everybody_is_filed_with(healthy, settings)


def test_booking_is_as_fast_with_a_broker_that_is_not_there(
    healthy: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = booking_seconds()
    brokers.use(settings, f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(wake, "_line", None)
    assert_as_fast(booking_seconds(), usual)
    everybody_is_filed_with(healthy, settings)


def test_booking_is_as_fast_with_a_broker_that_was_stopped_and_all_are_filed_when_it_goes_on(
    healthy: str, settings: LazySettings
) -> None:
    usual = booking_seconds()
    process_id = redis.Redis.from_url(healthy).info("server")["process_id"]
    os.kill(process_id, signal.SIGSTOP)
    try:
        assert_as_fast(booking_seconds(), usual)
    finally:
        os.kill(process_id, signal.SIGCONT)
    everybody_is_filed_with(healthy, settings)


def test_publishing_within_the_request_would_hang_with_the_broker(settings: LazySettings) -> None:
    """Negative control: what the thread that gives the hints out spares the patient."""
    with frozen() as port:
        brokers.use(settings, f"redis://127.0.0.1:{port}/0")
        settings.BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 0.6}  # 5 s in production
        started = time.monotonic()
        with pytest.raises(OperationalError):
            queue.put([1])
        assert time.monotonic() - started > ONE_BOOKING_SECONDS


def test_hints_reach_a_healthy_broker(healthy: str) -> None:
    _book(factories.session())
    wait_until(lambda: queue.depth() == 1)


def test_a_broker_that_drops_its_connections_costs_no_tick(healthy: str) -> None:
    """As one does that was started anew: what stays open between ticks is opened again."""
    factories.booked()
    queue.put([])
    redis.Redis.from_url(healthy).client_kill_filter(_type="normal", skipme=True)
    assert filing.drain() == Batch(filed=1)


def test_rubbish_laid_into_the_list_by_hand_costs_ticks_and_never_the_queue(healthy: str) -> None:
    factories.booked()
    redis.Redis.from_url(healthy).rpush(queue.NAME, "rubbish", '{"half": ')
    for _ in range(4):
        try:
            filing.drain()
        except Exception:  # noqa: BLE001  the tick after is what counts
            continue
    assert Archive.objects.get().state == ArchiveState.FILED


def test_the_line_of_hints_is_bounded(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "HINTS_AT_MOST", 3)
    with frozen() as port:
        brokers.use(settings, f"redis://127.0.0.1:{port}/0")
        session = factories.session()
        for _ in range(8):
            _book(session)
        line = wake._line
        assert line is not None
        assert line.hints.full()
    assert Archive.objects.count() == 8


def booking_seconds() -> list[float]:
    """How long each booking took, over the API."""
    session = factories.session(seats=BOOKINGS + 2)
    for _ in range(2):
        _book(session)  # what is done once in a process is no part of it
    return [_book(session) for _ in range(BOOKINGS)]


def _book(session: Session) -> float:
    patient: Patient = factories.patient()
    api = APIClient()
    api.force_authenticate(patient.user)
    wanted = {"session": session.pk, "insurance_card": {"type": "02", "number": patient.id_number}}
    started = time.perf_counter()
    answer = api.post("/api/v1/appointments/", wanted, format="json")
    assert answer.status_code == 201
    return time.perf_counter() - started


def assert_as_fast(now: list[float], usual: list[float]) -> None:
    assert max(now) < ONE_BOOKING_SECONDS
    assert statistics.median(now) < SLOWER_AT_MOST * statistics.median(usual)


def everybody_is_filed_with(url: str, settings: LazySettings) -> None:
    """What a tick does once the broker answers again."""
    brokers.use(settings, url)
    brokers.close_pools()
    while filing.drain() != Batch():
        pass
    assert set(Archive.objects.values_list("state", flat=True)) == {ArchiveState.FILED}
