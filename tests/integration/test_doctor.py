"""`doctor`: one line for each thing, what to do about it, and status 1 when anything is bad."""

import json
import socket
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from kombu import Connection, Queue

from hospital import ticks, worklist
from hospital.archives import queue as archives
from hospital.models import Archive, Notice, Tick, Tuning
from insurance.models import InterfaceCall, Trial
from insurance.quota import insurers, lanes, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import ClockStep, Permit, Quota
from insurance.settlement.models import Settlement
from insurance.trial import admission
from operations.doctor import certificates, clocks, configuration, limit, partners, stores, strays, upkeep
from operations.doctor.finding import Finding, Level
from tasks import queues, second_path
from tests import factories
from tests.integration import doing
from tests.races import brokers
from tests.simulators import Simulator, free_port


def examined() -> tuple[list[dict[str, Any]], bool]:
    """What the command finds, and whether it ended with status 1."""
    said = StringIO()
    try:
        call_command("doctor", "--json", stdout=said)
    except CommandError as error:
        assert error.returncode == 1
        return json.loads(said.getvalue()), True
    return json.loads(said.getvalue()), False


def only(found: Any) -> Finding:
    (finding,) = list(found)
    assert isinstance(finding, Finding)
    return finding


def levels(found: Any) -> list[str]:
    return [finding.level.value for finding in found]


def all_ticks_come() -> None:
    for name in second_path.TICKS:
        ticks.seen(name)


TESTS_OWN = "fsync, full_page_writes is off"
"""What is bad about the database of `bin/test` (`demo.engines.IN_MEMORY`), and rightly said."""


def test_a_healthy_system_has_nothing_bad(settings: LazySettings, insurer: Simulator, payments: Simulator) -> None:
    brokers.use(settings, brokers.address("valkey"))
    all_ticks_come()
    found, failed = examined()
    bad = [one for one in found if one["level"] == "bad"]
    assert [one for one in bad if not one["says"].startswith(TESTS_OWN)] == []
    assert failed == bool(bad)
    checked = {one["check"] for one in found}
    assert {"database", "migrations", "cache", "broker", "queues", "clocks", "permits", "ticks", "strays"} <= checked
    assert {"configuration", "settings", "insurer", "payments", "interface"} <= checked
    assert insurer.stats()["metered"]["2206A"]["arrivals"] == 0 and not InterfaceCall.objects.exists()


def test_what_is_bad_says_what_to_do_and_ends_with_status_1(settings: LazySettings) -> None:
    settings.INSURANCE_URL = f"http://127.0.0.1:{free_port()}"
    found, failed = examined()
    bad = {one["check"]: one for one in found if one["level"] == "bad"}
    assert failed and {"broker", "insurer", "ticks"} <= set(bad)
    assert all(one["do"] for one in found if one["level"] != "ok")
    said = StringIO()
    with pytest.raises(CommandError, match=r"\d+ bad"):
        call_command("doctor", stdout=said)
    lines = said.getvalue().splitlines()
    assert len(lines) == len(found)
    assert any(line.startswith("bad     insurer: 127.0.0.1:") and "INSURANCE_URL" in line for line in lines)


def test_partners_are_connected_to_and_told_nothing(settings: LazySettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.INSURANCE_URL = settings.PAYMENT_URL = f"http://127.0.0.1:{listening.getsockname()[1]}/path"
        assert levels(partners.check()) == ["ok", "ok"]
        for _ in range(2):
            caller, _address = listening.accept()
            assert caller.recv(1) == b""


def test_m_that_is_not_above_n(settings: LazySettings) -> None:
    settings.DEBUG = True
    permits.quota_of(Lane.TRIAL)
    assert levels(configuration.contradictions()) == ["ok"]
    Tuning.objects.create(name="FILING_BATCH_SIZE", value=100)
    configuration.tuning.forget()
    assert only(configuration.contradictions()).level is Level.BAD


def test_what_production_should_not_have(settings: LazySettings) -> None:
    settings.DEBUG = False
    said = " ".join(finding.says for finding in configuration.contradictions())
    assert all(name in said for name in ("PUBLIC_URL", "INSURANCE_URL", "METRICS_TOKEN", "STAFF_ALERT_EMAIL"))


def test_permits_that_are_not_n() -> None:
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    Quota.objects.update(fitted=True)
    assert only(limit.check()).level is Level.OK
    Permit.objects.filter(pk__in=list(Permit.objects.values_list("pk", flat=True)[:3])).update(retired=True)
    finding = only(limit.check())
    assert finding.level is Level.BAD and "97 permits for n = 100" in finding.says


def test_n_that_was_lowered_is_a_warning() -> None:
    assert permits.quota_of(Lane.TRIAL)
    Quota.objects.update(in_force=50, fitted=False)
    assert only(limit.check()).level is Level.WARNING


def test_a_clock_that_was_set_and_one_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(clocks.check()).level is Level.OK
    ClockStep.objects.create(seconds=3.0, seen_by="a host")
    assert levels(clocks.check()) == ["ok", "warning"]
    ClockStep.objects.update(at=Now() - timedelta(days=2))
    for ahead, level in ((5, "warning"), (-90, "bad")):
        early = clocks.time.time
        with monkeypatch.context() as host:
            host.setattr(clocks, "time", _Clock(early, ahead))
            assert levels(clocks.check()) == [level]


class _Clock:
    """This host's clock, set to another time."""

    def __init__(self, real: Any, ahead: float) -> None:
        self.real, self.ahead = real, ahead

    def time(self) -> float:
        return float(self.real() + self.ahead)


def test_ticks_that_come_late_and_those_that_do_not_come() -> None:
    assert set(levels(upkeep.check())) == {"bad"}
    all_ticks_come()
    assert levels(upkeep.check()) == ["ok"]
    for age, level in ((10, "warning"), (90, "bad")):
        Tick.objects.filter(name="tasks.upkeep.turns").update(last_at=Now() - timedelta(seconds=age))
        assert levels(upkeep.check()) == [level]


def test_a_tick_each_minute_is_not_late_within_three() -> None:
    all_ticks_come()
    Tick.objects.filter(name="tasks.upkeep.records").update(last_at=Now() - timedelta(seconds=150))
    assert levels(upkeep.check()) == ["ok"]


def test_nothing_is_left_lying_where_nothing_waits() -> None:
    assert only(strays.check()).level is Level.OK


def test_archives_and_notices_that_wait_too_long() -> None:
    factories.booked()
    assert levels(strays.check()) == ["ok"]
    for minutes, level in ((3, "warning"), (11, "bad")):
        Archive.objects.update(created_at=Now() - timedelta(minutes=minutes))
        assert levels(strays.check()) == [level]
    Archive.objects.all().update(state="cancelled")
    factories.told()
    Notice.objects.update(state="failed")
    assert levels(strays.check()) == ["warning"]
    Notice.objects.update(state="pending", due_at=Now() - timedelta(minutes=6))
    assert levels(strays.check()) == ["bad"]


def test_turns_that_went_silent_and_were_not_picked_up() -> None:
    admission.enter(factories.told()[0])
    assert worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert levels(strays.check()) == ["ok"]
    Trial.objects.update(leased_until=Now() - timedelta(seconds=61))
    assert levels(strays.check()) == ["bad"]


def test_cases_for_a_person_are_a_warning(insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(doing.somebody_whose_account_covers()))
    Settlement.objects.filter(pk=settlement.pk).update(state="manual")
    finding = only(strays.check())
    assert finding.level is Level.WARNING and finding.says == "1 cases wait for a person"


def test_an_interface_that_is_down_is_bad_and_a_paused_one_a_warning(settings: LazySettings) -> None:
    insurer = insurers.default()
    insurers.pause(insurer, who=None, why="test")
    assert _level_of("interface") == "warning"
    insurers.resume(insurer, who=None, why="test")
    assert _level_of("interface") == "ok"
    type(insurer).objects.update(circuit="open", circuit_opened_at=Now())
    assert _level_of("interface") == "bad"


def _level_of(check: str) -> str:
    (found,) = [one for one in examined()[0] if one["check"] == check]
    return str(found["level"])


def test_a_cache_that_is_away_is_a_warning(settings: LazySettings) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"},
    }
    assert only(stores.cache()).level is Level.WARNING


@pytest.mark.broker
def test_queues_that_are_missing_and_queues_that_are_others(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, name = brokers.address("rabbitmq"), f"insurance.test.{uuid4().hex[:8]}"
    brokers.use(settings, url)
    for ours, names in (("GENERAL_QUEUES", ()), ("INSURANCE_QUEUES", (name,))):
        monkeypatch.setattr(queues, ours, names)
    monkeypatch.setattr(archives, "NAME", name)
    assert name in bad_queues()
    with Connection(url) as connection, connection.channel() as channel:
        try:
            Queue(name, durable=True)(channel).queue_declare()
            assert f"otherwise than in tasks/queues.py: {name}" in bad_queues()
            brokers.delete(url, name)
            next(queue for queue in queues.queues(quorum=True) if queue.name == name)(channel).declare()
            assert "otherwise" not in bad_queues()
        finally:
            brokers.delete(url, name)


def bad_queues() -> str:
    return " ".join(found.says for found in stores.broker() if found.level is Level.BAD)


def lasting(folder: Path, days: int) -> str:
    """A certificate that ends in so many days."""
    path = folder / "client.pem"
    ends_at = datetime.now(UTC) + timedelta(days=days, hours=1)
    begins_at = ends_at - timedelta(days=90)
    chain = trustme.CA().issue_cert("hospital.example", not_before=begins_at, not_after=ends_at).cert_chain_pems
    chain[0].write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize(("days", "level"), [(60, "ok"), (29, "warning"), (-1, "bad")])
def test_a_certificate_that_ends(settings: LazySettings, tmp_path: Path, days: int, level: str) -> None:
    assert list(certificates.check()) == [], "no TLS of our own, nothing to say"
    settings.INSURANCE_TLS = {"certificate": lasting(tmp_path, days)}
    finding = only(certificates.check())
    assert finding.level.value == level and "default" in finding.says and "client.pem" in finding.says


def test_a_certificate_that_is_none(settings: LazySettings, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    settings.INSURANCE_TLS = {"ca": str(tmp_path / "ca.pem"), "certificate": str(tmp_path / "nowhere.pem")}
    assert levels(certificates.check()) == ["bad", "bad"]
