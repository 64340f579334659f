"""A gateway's clock that is not ours is told of, from an answer of the gateway itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from config import habits
from insurance.interface.exchange import Reply, Request
from insurance.interface.gateways import GATEWAYS, Gateway, Key
from insurance.models import GatewayClock
from insurance.quota import gateway_clock
from insurance.trial import turns
from operations.doctor import clocks
from operations.metrics import interface as metrics
from tests.integration import elsewhere
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator, running

NOW = 1_704_157_200.0  # Tue, 02 Jan 2024 01:00:00 GMT


class Answering:
    """A transport whose answers tell the time so."""

    def __init__(self, **headers: str) -> None:
        self.headers = headers

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        return Reply(200, self.headers, b'{"infcode": 0}')


@pytest.fixture
def _forgotten() -> Iterator[None]:
    forget_the_insurer()
    yield
    forget_the_insurer()


def seen(ahead_seconds: float, insurer: str = "default") -> None:
    """The gateway has answered, with its own time."""
    gateway = Gateway(Answering(date="Tue, 02 Jan 2024 01:00:00 GMT"), GATEWAYS["csb"], [Key("AK", "s")], lambda: NOW)
    gateway._clock = lambda: NOW + 0.5 - ahead_seconds
    gateway.send(Request("1101", "/", {}, b"{}"), 1.0)
    gateway_clock.look(insurer, gateway)


def told() -> dict[str, float]:
    """By insurer, as the metrics have it."""
    samples = [sample for family in metrics.read() for sample in family.samples]
    name = "insurance_gateway_clock_ahead_seconds"
    return {sample.labels["insurer"]: sample.value for sample in samples if sample.name == name}


def findings() -> list[tuple[str, str]]:
    return [(each.level.value, each.says) for each in clocks.check() if "gateway" in each.says]


@pytest.mark.parametrize(("ahead", "level"), [(3, "ok"), (-90, "warning"), (90, "warning"), (2400, "bad")])
def test_it_is_told_by_the_doctor_and_the_metrics(ahead: float, level: str) -> None:
    seen(ahead)
    assert findings() == [(level, f"default: its gateway's clock is {ahead:+d} s from ours")]
    assert told() == {"default": ahead}


def test_each_insurers_gateway_by_its_name_and_a_day_long() -> None:
    seen(90)
    seen(5, "jiangsu")
    assert told() == {"default": 90, "jiangsu": 5}
    GatewayClock.objects.filter(insurer="default").update(seen_at=Now() - timedelta(days=2))
    assert told() == {"jiangsu": 5} and len(findings()) == 1


def test_it_is_written_when_it_steps_and_once_a_minute() -> None:
    seen(90)
    seen(91)
    assert told() == {"default": 90}, "as uncertain as that"
    GatewayClock.objects.update(seen_at=Now() - timedelta(minutes=2))
    seen(91)
    assert told() == {"default": 91}
    seen(-400)
    assert told() == {"default": -400}


def test_without_a_gateway_or_the_time_nothing_is_told() -> None:
    gateway_clock.look("default", Answering())
    gateway = Gateway(Answering(), GATEWAYS["csb"], [Key("AK", "s")])
    gateway.send(Request("1101", "/", {}, b"{}"), 1.0)
    gateway_clock.look("default", gateway)
    assert told() == {} and findings() == []


@pytest.mark.usefixtures("_forgotten")
def test_every_answer_is_looked_at(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the whole pipeline: the simulated gateway's clock is this machine's."""
    monkeypatch.setenv("GATEWAY_SECRET", "s3cret")
    with running("insurer", "--gateway", "csb", "--gateway-keys", "AK:s3cret") as insurer:
        _behind(settings, insurer)
        elsewhere.waiting(region="")
        assert turns.take_one()
    ahead = told()["default"]
    assert abs(ahead) < 5


def _behind(settings: LazySettings, insurer: Simulator) -> None:
    settings.INSURANCE_URL, settings.INSURANCE_TIMEOUT_SECONDS = insurer.url, 5
    settings.INSURANCE_HABITS = habits.of("hunan", {})
    settings.INSURANCE_KEYS = {"name": "AK", "secret": "env:GATEWAY_SECRET"}
