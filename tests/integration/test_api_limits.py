"""How often one may ask: exact to the second, by account and by address, and what happens without the cache."""

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.conf import LazySettings
from django.test import RequestFactory
from django_ratelimit import core
from rest_framework.test import APIClient

from hospital.rest import client_address
from insurance.quota import permits
from insurance.quota.lanes import Lane
from insurance.trial import turns
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused
from tests.simulators import Simulator, free_port

pytestmark = pytest.mark.usefixtures("own_counters")
ACCOUNTS, TOKEN = f"{doing.API}/accounts/", f"{doing.API}/token/"
APPOINTMENTS = f"{doing.API}/appointments/"


class Clock:
    """The time by which the limits count."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(core, "time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture
def silent_cache() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("offset_seconds", [0, 17, 59.5])
def test_a_second_before_retry_after_is_too_early_and_then_is_not(
    offset_seconds: float, clock: Clock, settings: LazySettings, api: APIClient
) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/m"
    clock.now += offset_seconds
    assert api.post(ACCOUNTS, {}, format="json").status_code == 422
    answer = api.post(ACCOUNTS, {}, format="json")
    refused(answer, 429, "too_many_requests")
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds <= 60
    clock.now = int(clock.now) + seconds - 1
    answer = api.post(ACCOUNTS, {}, format="json")
    refused(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == "1"
    clock.now += 1
    assert api.post(ACCOUNTS, {}, format="json").status_code == 422


@pytest.mark.parametrize("path", [ACCOUNTS, TOKEN, f"{TOKEN}refresh/", f"{TOKEN}revoke/"])
def test_each_door_to_an_account_is_limited_by_address(path: str, settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/d"
    assert api.post(path, {}, format="json").status_code == 422
    refused(api.post(path, {}, format="json"), 429, "too_many_requests")
    assert api.post(path, {}, format="json", REMOTE_ADDR="192.0.2.7").status_code == 422


@pytest.mark.parametrize("path", ["appointments/", "appointments/1/trials/"])
@pytest.mark.parametrize("limit", ["RATE_LIMIT_PER_USER", "RATE_LIMIT_SIGNED_IN_PER_ADDRESS"])
def test_booking_and_trial_are_limited_by_account_and_by_address(path: str, limit: str, settings: LazySettings) -> None:
    setattr(settings, limit, "1/d")
    first, second = doing.speaking_as(factories.patient()), doing.speaking_as(factories.patient())
    assert first.post(f"{doing.API}/{path}", {}, format="json").status_code in (404, 422)
    refused(first.post(f"{doing.API}/{path}", {}, format="json"), 429, "too_many_requests")
    by_address = second.post(f"{doing.API}/{path}", {}, format="json").status_code == 429
    assert by_address == (limit == "RATE_LIMIT_SIGNED_IN_PER_ADDRESS")


def test_what_the_asker_writes_into_the_header_does_not_count(settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/d"
    forged = [api.post(ACCOUNTS, {}, format="json", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}") for n in range(2)]
    assert [answer.status_code for answer in forged] == [422, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.1", "192.0.2.9"),
        (0, None, "192.0.2.9"),
        (1, None, "192.0.2.9"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.1, 203.0.113.1", "203.0.113.1"),
        (2, "198.51.100.1, 203.0.113.1, 10.0.0.1", "203.0.113.1"),
        (2, "203.0.113.1", "203.0.113.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "nonsense", "0.0.0.0"),
        (1, "", "0.0.0.0"),
    ],
)
def test_the_address_is_what_our_outermost_proxy_saw(
    proxies: int, forwarded: str | None, address: str, settings: LazySettings
) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    assert client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.9")) == address


def test_a_household_of_ipv6_addresses_counts_as_one(settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/d"
    addresses = ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    answers = [api.post(ACCOUNTS, {}, format="json", REMOTE_ADDR=address) for address in addresses]
    assert [answer.status_code for answer in answers] == [422, 429, 422]


def test_an_address_that_cannot_be_read_is_held_back_too(settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/d"
    answers = [api.post(ACCOUNTS, {}, format="json", REMOTE_ADDR="") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [422, 429]


def test_a_silent_cache_delays_and_turns_nobody_away(silent_cache: str, settings: LazySettings, api: APIClient) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = "1/d"
    settings.CACHES = {**settings.CACHES, "default": {**settings.CACHES["default"], "LOCATION": silent_cache}}
    began = time.monotonic()
    assert [api.post(ACCOUNTS, {}, format="json").status_code for _ in range(2)] == [422, 422]
    assert time.monotonic() - began < 10


def test_without_the_cache_the_interface_stays_closed_beyond_n(settings: LazySettings, insurer: Simulator) -> None:
    """n is counted in the database: no other store has a say in it."""
    away = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    settings.INSURANCE_TRIAL_PER_MINUTE = 3
    taken = sum(permits.take(Lane.TRIAL, turn_seconds=30) is not None for _ in range(5))
    assert taken == 3
    for patient in (factories.patient(), factories.patient()):
        answer = doing.speaking_as(patient).post(f"{APPOINTMENTS}{doing.told(patient).pk}/trials/")
        assert answer.status_code == 202, "the patient has his place"
    assert not turns.take_one()
    assert not insurer.stats()["calls"]
