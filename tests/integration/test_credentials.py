"""Electronic credentials that must be scanned again for 2207 (Guangzhou, protocol 2.5)."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models import F
from django.test import Client

from hospital.errors import Conflict, Invalid
from hospital.models import Archive, Notice
from insurance.models import Credential, InterfaceCall, Settlement, Trial
from insurance.settlement import credentials, opening, steps
from insurance.settlement.saga import Event
from insurance.states import SettlementState, TrialState
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused
from tests.integration.conftest import forget_the_insurer
from tests.integration.laid_beside import said
from tests.simulators import Simulator

SCANNED = "fresh-code-0123456789"
pytestmark = pytest.mark.usefixtures("own_counters")


@pytest.fixture(autouse=True)
def _wants_them(insurer: Simulator, settings: LazySettings) -> Iterator[None]:
    settings.INSURANCE_HABITS = {"fresh_credential_seconds": 60}
    forget_the_insurer()
    yield


def priced(card_type: str = "01") -> Trial:
    """A bill for somebody who came with a card of this type."""
    trial = doing.priced(factories.patient())
    Archive.objects.filter(pk=trial.appointment.archive.pk).update(card_type=card_type)
    fresh = Trial.objects.get(pk=trial.pk)
    fresh.insured_fingerprint = ""  # the card was changed under it
    fresh.save(update_fields=["insured_fingerprint"])
    return fresh


def sent_with(settlement: Settlement) -> dict[str, str]:
    call = InterfaceCall.objects.get(msgid=settlement.settle_msgid)
    return dict(json.loads(call.request)["input"]["data"])


def test_without_one_nothing_is_opened_and_with_one_it_goes_along() -> None:
    trial = priced()
    with pytest.raises(Invalid) as needed:
        opening.open_settlement(trial, "insurance")
    assert needed.value.code == "credential_needed" and not Settlement.objects.exists()
    settlement = opening.open_settlement(trial, "insurance", SCANNED)
    assert steps.settle_one()
    settlement.refresh_from_db()
    assert settlement.setl_id
    sent = sent_with(settlement)
    assert (sent["mdtrt_cert_type"], sent["mdtrt_cert_no"]) == ("01", SCANNED)
    assert not Credential.objects.exists(), "it has served"


def test_one_that_has_grown_old_is_not_sent_and_the_patient_is_told() -> None:
    settlement = opening.open_settlement(priced(), "insurance", SCANNED)
    Credential.objects.update(given_at=F("given_at") - timedelta(seconds=61))
    steps.settle_one()
    settlement.refresh_from_db()
    assert settlement.state == SettlementState.REVERSED and "scanned again" in settlement.last_error
    assert not InterfaceCall.objects.filter(infno="2207A").exists() and not Credential.objects.exists()
    assert Notice.objects.filter(appointment=settlement.appointment, kind="settle_again").exists()
    trial = Trial.objects.get(pk=settlement.trial_id)
    assert (trial.state, trial.keeps_place) == (TrialState.EXPIRED, True)


def test_asked_again_after_a_fault_of_ours_the_patient_scans_again_and_keeps_the_place() -> None:
    trial = priced()
    settlement = opening.open_settlement(trial, "insurance", SCANNED)
    Trial.objects.filter(pk=trial.pk).update(split={})
    assert steps.settle_one() and doing.state_of(settlement) == SettlementState.MANUAL
    assert not Credential.objects.exists(), "nobody knows when somebody comes to it"
    Trial.objects.filter(pk=trial.pk).update(split=trial.split)
    said(settlement, Event.ASK)
    doing.recovered(settlement, "reversed")
    trial.refresh_from_db()
    assert (trial.state, trial.keeps_place) == (TrialState.EXPIRED, True)
    assert Notice.objects.filter(appointment=settlement.appointment, kind="settle_again").exists()
    assert not InterfaceCall.objects.filter(infno="2207A").exists()


def test_a_turn_that_was_not_carried_out_keeps_it(insurer: Simulator) -> None:
    settlement = opening.open_settlement(priced(), "insurance", SCANNED)
    insurer.faults({"infno": "2207A", "kind": "throttle", "times": 1})
    steps.settle_one()
    settlement.refresh_from_db()
    assert settlement.state == SettlementState.WAITING and Credential.objects.get().number == SCANNED


@pytest.mark.parametrize("card_type", ["02", "03"])
def test_other_cards_need_none(card_type: str) -> None:
    trial = priced(card_type)
    settlement = opening.open_settlement(trial, "insurance")
    assert not Credential.objects.exists() and credentials.stale(settlement) == ""


def test_where_the_booking_s_does_none_is_asked_for(settings: LazySettings) -> None:
    settings.INSURANCE_HABITS = {}
    forget_the_insurer()
    opening.open_settlement(priced(), "insurance")
    assert not Credential.objects.exists()


def test_who_pays_himself_needs_none_and_nothing_is_claimed_later() -> None:
    trial = priced()
    with pytest.raises(Conflict) as barred:
        credentials.require(trial.appointment, "claim_later", "")
    assert barred.value.code == "no_claim_with_credential"
    opening.open_settlement(trial, "self_pay")


def test_over_http_it_is_named_and_never_shown() -> None:
    trial = priced()
    client, url = doing.speaking_as(trial.appointment.patient), f"{doing.API}/trials/{trial.pk}/settlements/"
    refused(client.post(url, {"mode": "insurance"}, format="json"), 422, "credential_needed")
    answer = client.post(url, {"mode": "insurance", "credential": SCANNED}, format="json")
    assert answer.status_code == 202 and SCANNED not in answer.content.decode()
    assert Credential.objects.get().number == SCANNED


def test_on_the_page_the_code_is_typed_in_beside_the_button() -> None:
    trial = priced()
    page = Client(headers={"Accept-Language": "en"})
    page.force_login(trial.appointment.patient.user)
    address = f"/appointments/{trial.appointment_id}/"
    shown = page.get(address).content.decode()
    assert shown.count('name="credential"') == 1
    form = next(one for one in re.findall(r"<form.*?</form>", shown, re.DOTALL) if 'value="insurance"' in one)
    given = dict(re.findall(r'name="(way|trial|key)" value="([^"]*)"', form))
    answer = page.post(f"{address}settle/", given, follow=True)
    assert "Scan your electronic credential again" in answer.content.decode() and not Settlement.objects.exists()
    page.post(f"{address}settle/", {**given, "credential": f" {SCANNED} "})
    assert Credential.objects.get().number == SCANNED
    assert 'name="credential"' not in page.get(address).content.decode()


@pytest.mark.parametrize("card_type", ["02", "03"])
def test_the_page_asks_nobody_else_for_it(card_type: str) -> None:
    trial = priced(card_type)
    page = Client()
    page.force_login(trial.appointment.patient.user)
    assert 'name="credential"' not in page.get(f"/appointments/{trial.appointment_id}/").content.decode()
