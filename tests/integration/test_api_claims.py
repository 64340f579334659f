"""Paying now and claiming later, and giving up, over HTTP."""

from typing import Any

import pytest

from insurance.models import Settlement, Trial
from insurance.settlement import claims, collecting, steps
from insurance.trial import admission, turns
from tests import factories
from tests.integration import claiming, doing
from tests.integration.answers import refused, wrong_fields
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")
CLAIM = {"state": "waiting", "refund_fen": None}


def settle(trial: Trial, way: str = "claim_later", key: str | None = None) -> Any:
    client = doing.speaking_as(trial.appointment.patient)
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"{doing.API}/trials/{trial.pk}/settlements/", {"mode": way}, format="json", headers=headers)


def address(settlement: Settlement) -> str:
    return f"{doing.API}/settlements/{settlement.pk}/"


def look_at(settlement: Settlement) -> dict[str, Any]:
    """The same wherever it is shown: by itself and in the story of the appointment."""
    client = doing.speaking_as(settlement.appointment.patient)
    shown: dict[str, Any] = client.get(address(settlement)).json()
    story = client.get(f"{doing.API}/appointments/{settlement.appointment_id}/").json()
    assert shown in story["settlements"]
    return shown


def give_up(settlement: Settlement) -> Any:
    return doing.speaking_as(settlement.appointment.patient).delete(address(settlement))


def test_a_claim_is_shown_from_its_beginning_to_its_end(insurer: Simulator, payments: Simulator) -> None:
    trial = claiming.waiting()
    answer = settle(trial)
    settlement = Settlement.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"id": settlement.pk, "state": "waiting"})
    assert answer.headers["Location"] == address(settlement)
    collecting.collect_due()
    shown = look_at(settlement)
    assert (shown["mode"], shown["state"], shown["claim"]) == ("claim_later", "paying", CLAIM)
    assert shown["cash_fen"] == shown["total_fen"] == doing.TOTAL_FEN and shown["payment"]["url"]
    claiming.pay(Settlement.objects.get())
    shown = look_at(settlement)
    assert (shown["mode"], shown["state"], shown["claim"]) == ("claim_later", "claiming", CLAIM)
    assert shown["poll_after_seconds"] == 15 and "payment" not in shown
    claiming.priced(settlement)
    shown = look_at(settlement)
    assert (shown["mode"], shown["state"], shown["claim"]) == ("insurance", "waiting", CLAIM)
    steps.settle_one()
    collecting.collect_due()
    shown = look_at(settlement)
    back = {"state": "settled", "refund_fen": doing.TOTAL_FEN - shown["cash_fen"]}
    assert (shown["mode"], shown["state"], shown["claim"]) == ("insurance", "paid", back)
    assert shown["claim"]["refund_fen"] == payments.ledger()["totals"]["refunded_fen"] > 0
    steps.recover_one()
    shown = look_at(settlement)
    assert (shown["state"], shown["claim"]) == ("completed", back) and "poll_after_seconds" not in shown


def test_a_refused_claim_is_shown(insurer: Simulator, payments: Simulator) -> None:
    insurer.faults({"infno": "1101", "kind": "refuse"})
    settlement = claiming.paid()
    claiming.open_again()
    turns.take_one()
    claims.follow()
    shown = look_at(settlement)
    assert (shown["mode"], shown["state"]) == ("self_pay", "paid")
    assert shown["claim"] == {"state": "refused", "refund_fen": 0}


def test_a_claim_that_was_never_paid_is_none(payments: Simulator) -> None:
    settlement = claiming.paying(claiming.waiting())
    claiming.never_paid(settlement)
    shown = look_at(settlement)
    assert (shown["mode"], shown["state"]) == ("claim_later", "reversed") and "claim" not in shown


def test_other_settlements_show_no_claim(insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    assert "claim" not in look_at(settlement) and look_at(settlement)["mode"] == "insurance"


def test_an_open_interface_is_to_be_waited_for() -> None:
    problem = refused(settle(admission.enter(factories.told()[0])), 409, "interface_up")
    assert "wait" in problem["detail"]


def test_a_bill_that_is_there_is_not_claimed_later(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    claiming.closed()
    refused(settle(trial), 409, "trial_not_waiting")


def test_a_bill_made_from_other_charges_is_named_so(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    line = {"med_list_codg": "1", "medins_list_codg": "1", "name": "x", "quantity": "1", "unit_price": "1"}
    path = f"{doing.API}/appointments/{trial.appointment_id}/"
    answer = doing.speaking_as_staff().put(f"{path}charges/", {"charges": [line]}, format="json")
    assert answer.status_code == 200
    refused(settle(trial, "insurance"), 409, "trial_superseded")
    story = doing.speaking_as(trial.appointment.patient).get(path).json()
    assert [one["state"] for one in story["trials"]] == ["superseded", "waiting"]
    assert story["trials"][1]["ahead"] == 0


def test_a_claim_is_opened_once_by_its_key(payments: Simulator) -> None:
    trial = claiming.waiting()
    first, again = (settle(trial, key="key-1") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (202, 202, again.json())
    refused(settle(trial, "self_pay", "key-1"), 422, "idempotency_key_reused")
    refused(settle(trial), 409, "already_settling")
    assert Settlement.objects.count() == 1


def test_a_way_that_is_not_there_is_named(insurer: Simulator) -> None:
    assert ("mode", "invalid_choice") in wrong_fields(settle(claiming.waiting(), "later"))


def test_giving_up_is_taken_and_says_how_far_it_is(insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    for _ in range(2):
        answer = give_up(settlement)
        assert (answer.status_code, answer.json()) == (202, {"id": settlement.pk, "state": "paying"})
    collecting.collect_due()
    doing.recovered(settlement, "reversed")
    answer = give_up(settlement)
    assert (answer.status_code, answer.json()["state"]) == (202, "reversed")


def test_what_is_settled_is_not_given_up(insurer: Simulator) -> None:
    settlement = doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    refused(give_up(settlement), 409, "already_settled")
    steps.recover_one()
    problem = refused(give_up(settlement), 409, "already_settled")
    assert "desk" in problem["detail"]
    assert look_at(settlement)["state"] == "completed"


def test_a_paid_claim_that_is_given_up_is_shown_as_self_pay(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paid()
    answer = give_up(settlement)
    assert (answer.status_code, answer.json()["state"]) == (202, "paid")
    assert look_at(settlement)["claim"] == {"state": "refused", "refund_fen": 0}


def test_nobody_gives_up_what_is_another_s(insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    answer = doing.speaking_as(factories.patient()).delete(address(settlement))
    refused(answer, 404, "no_such_settlement")
    assert doing.state_of(settlement) == "waiting"
    refused(doing.speaking_as(factories.patient()).delete(f"{doing.API}/settlements/0/"), 404, "no_such_settlement")


def test_nobody_claims_by_another_s_trial() -> None:
    trial = claiming.waiting()
    other = doing.speaking_as(factories.patient())
    answer = other.post(f"{doing.API}/trials/{trial.pk}/settlements/", {"mode": "claim_later"}, format="json")
    refused(answer, 404, "no_such_trial")


def test_who_is_not_known_gives_nothing_up(api: Any, insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    assert api.delete(address(settlement)).status_code == 401


def test_the_desk_may_give_up_for_a_patient(insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    answer = doing.speaking_as_staff().delete(address(settlement))
    assert (answer.status_code, answer.json()["state"]) == (202, "reversed")
