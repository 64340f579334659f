"""A patient's whole way through a region's interface, from its settings alone: profile, keys, gateway, security."""

import json
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from config import habits
from insurance.models import InterfaceCall, Trial
from insurance.settlement import opening, steps
from insurance.settlement.models import Settlement
from insurance.states import SettlementState, TrialState
from insurance.trial import turns
from tests.integration import elsewhere
from tests.integration.conftest import forget_the_insurer
from tests.simulators import Simulator, running
from tests.unit.interface.test_sm import PRIVATE, PUBLIC

SHARED = "0123456789ABCDEFFEDCBA9876543210"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    forget_the_insurer()
    yield
    forget_the_insurer()


def settle(settings: LazySettings, insurer: Simulator, profile: str, keys: dict[str, str]) -> tuple[Trial, Settlement]:
    """Booked, told, tried and settled with the default insurer."""
    settings.INSURANCE_URL, settings.INSURANCE_TIMEOUT_SECONDS = insurer.url, 5
    settings.INSURANCE_HABITS, settings.INSURANCE_KEYS = habits.of(profile, {}), keys
    trial = elsewhere.waiting(region="")
    assert turns.take_one()
    trial.refresh_from_db()
    if trial.state != TrialState.PRICED:
        return trial, Settlement()
    settlement = opening.open_settlement(trial, "insurance")
    assert steps.settle_one()
    settlement.refresh_from_db()
    return trial, settlement


@pytest.mark.parametrize(("profile", "gateway"), [("hunan", "csb"), ("hebei", "tif"), ("zhejiang", "hmac-sm3")])
def test_a_settlement_behind_a_gateway(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, profile: str, gateway: str
) -> None:
    monkeypatch.setenv("GATEWAY_SECRET", "s3cret")
    with running("insurer", "--gateway", gateway, "--gateway-keys", "AK:s3cret") as insurer:
        keys = {"name": "AK", "secret": "env:GATEWAY_SECRET"}
        _, settlement = settle(settings, insurer, profile, keys)
    assert settlement.setl_id and settlement.state not in (SettlementState.UNKNOWN, SettlementState.REFUSED)
    sent = InterfaceCall.objects.filter(infno__in=("2207", "2207A")).get()
    assert sent.infno == ("2207A" if profile == "zhejiang" else "2207")
    if profile == "hunan":
        assert json.loads(sent.request)["input"]["data"]["certno"] == settlement.appointment.archive.id_number
    assert "s3cret" not in "".join(InterfaceCall.objects.values_list("request", flat=True))


def test_a_key_that_was_renewed_costs_one_turn_and_no_place(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLD", "s3cret")
    monkeypatch.setenv("NEW", "n3xt")
    with running("insurer", "--gateway", "csb", "--gateway-keys", "AK:n3xt", "--gateway-status", "401") as insurer:
        keys = {"name": "AK", "secret": "env:OLD", "next_secret": "env:NEW"}
        trial, _ = settle(settings, insurer, "hunan", keys)
        assert (trial.state, trial.last_error.split(":")[0]) == (TrialState.WAITING, "NotSent")
        Trial.objects.update(due_at=trial.created_at)
        assert turns.take_one()
    trial.refresh_from_db()
    assert trial.state == TrialState.PRICED


@pytest.mark.parametrize("forges", ["none", "2207A"])
def test_a_settlement_in_secret(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, forges: str) -> None:
    """With a forged answer to 2207A it is unknown, and the insurer will be asked."""
    monkeypatch.setenv("SM2", PRIVATE)
    monkeypatch.setenv("SM4", SHARED)
    keys = {"sm2_private": "env:SM2", "sm2_centre": PUBLIC, "sm4": "env:SM4"}
    with running("insurer", "--sealed", f"{PRIVATE},04{PUBLIC},{SHARED}", "--forges", forges) as insurer:
        _, settlement = settle(settings, insurer, "jilin", keys)
    assert (settlement.state == SettlementState.UNKNOWN) == (forges != "none")
    assert bool(settlement.setl_id) == (forges == "none")


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ({}, ["2203A", "2204"]),
        ({"charges_first": True}, ["2204", "2203A"]),
        ({"withdraws_first": True}, ["2203A", "2205", "2204"]),
    ],
    ids=str,
)
def test_the_steps_of_a_trial_come_in_the_region_s_order(
    settings: LazySettings, insurer: Simulator, said: dict[str, bool], order: list[str]
) -> None:
    settings.INSURANCE_HABITS = said
    elsewhere.waiting(region="")
    assert turns.take_one()
    sent = list(InterfaceCall.objects.order_by("sent_at").values_list("infno", flat=True))
    assert sent == ["1101", "2201", *order, "2206A"]
    assert Trial.objects.get().state == TrialState.PRICED


def test_where_there_is_nothing_to_withdraw_the_trial_goes_on(settings: LazySettings, insurer: Simulator) -> None:
    settings.INSURANCE_HABITS = {"withdraws_first": True}
    insurer.faults({"infno": "2205", "kind": "refuse", "times": 1})
    elsewhere.waiting(region="")
    assert turns.take_one()
    assert Trial.objects.get().state == TrialState.PRICED
