"""The line, trials and settlements over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from rest_framework.test import APIClient

from insurance.models import Quota, Settlement, Trial
from insurance.quota import limits, permits
from insurance.quota.lanes import Lane
from insurance.settlement import collecting, steps
from insurance.trial import admission, turns
from tests import factories
from tests.integration import doing
from tests.integration.answers import refused, wrong_fields
from tests.simulators import Simulator

pytestmark = pytest.mark.usefixtures("own_counters")
PLACE = {"ahead", "eta_seconds", "eta_low_seconds", "eta_high_seconds", "poll_after_seconds"}
BILL = {"total_fen", "fund_fen", "account_fen", "cash_fen", "hospital_fen", "valid_until"}
TRIAL = {"id", "appointment", "state", "held_back"}
SETTLEMENT = {"id", "trial", "appointment", "mode", "state", "total_fen", "fund_fen", "account_fen", "cash_fen"}


def ask(appointment: Any) -> Any:
    return doing.speaking_as(appointment.patient).post(f"{doing.API}/appointments/{appointment.pk}/trials/")


def look(trial: Trial, **headers: str) -> Any:
    client = doing.speaking_as(trial.appointment.patient)
    return client.get(f"{doing.API}/trials/{trial.pk}/", headers=headers)


def settle(trial: Trial, body: Any = None, key: str | None = None) -> Any:
    client = doing.speaking_as(trial.appointment.patient)
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"mode": "insurance"} if body is None else body
    return client.post(f"{doing.API}/trials/{trial.pk}/settlements/", body, format="json", headers=headers)


def look_at(settlement: Settlement) -> dict[str, Any]:
    client = doing.speaking_as(settlement.appointment.patient)
    shown: dict[str, Any] = client.get(f"{doing.API}/settlements/{settlement.pk}/").json()
    return shown


def quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def test_asking_gives_a_place_and_where_to_look() -> None:
    first, second = factories.told(2)
    ask(first)
    answer = ask(second)
    trial = Trial.objects.get(appointment=second)
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/trials/{trial.pk}/")
    assert set(answer.json()) == TRIAL | PLACE
    assert answer.json() | {"eta_seconds": 0, "eta_high_seconds": 1} == {
        "id": trial.pk,
        "appointment": second.pk,
        "state": "waiting",
        "held_back": False,
        "ahead": 1,
        "eta_seconds": 0,
        "eta_low_seconds": 0,
        "eta_high_seconds": 1,
        "poll_after_seconds": 1,
    }


def test_asking_again_gives_the_same_place() -> None:
    appointment = factories.told()[0]
    answers = [ask(appointment) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Trial.objects.count() == 1


def test_who_is_not_told_yet_may_not_ask() -> None:
    refused(ask(factories.booked()), 409, "not_told_yet")


def test_who_has_cancelled_may_not_ask() -> None:
    appointment = factories.told()[0]
    doing.speaking_as(appointment.patient).delete(f"{doing.API}/appointments/{appointment.pk}/")
    refused(ask(appointment), 409, "appointment_over")


def test_a_full_line_says_when_to_come_back(settings: LazySettings) -> None:
    settings.TRIAL_LINE_MINUTES = 0
    limits.set_limit(quota(), 1)
    assert doing.answered_now()
    answer = ask(factories.told()[0])
    problem = refused(answer, 429, "line_full")
    assert 55 <= int(answer.headers["Retry-After"]) == problem["retry_after_seconds"] <= 60


def test_a_bill_is_shown(insurer: Simulator) -> None:
    trial = doing.priced(doing.somebody_who_pays_cash())
    answer = look(trial)
    assert answer.status_code == 200
    shown = answer.json()
    assert set(shown) == TRIAL | BILL
    assert (shown["state"], shown["total_fen"]) == ("priced", doing.TOTAL_FEN)
    assert sum(shown[name] for name in ("fund_fen", "account_fen", "cash_fen", "hospital_fen")) == doing.TOTAL_FEN
    assert all(isinstance(shown[name], int) for name in BILL - {"valid_until"})


def test_a_refusal_is_shown_with_its_reason(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "refuse", "message": "未参保"})
    trial = admission.enter(factories.told()[0])
    turns.take_one()
    shown = look(trial).json()
    assert set(shown) == TRIAL | {"reason"}
    assert (shown["state"], shown["reason"]) == ("refused", "未参保")


def test_what_has_not_changed_is_not_sent_again(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    first = look(trial)
    assert set(first.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}
    same = look(trial, **{"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    Trial.objects.update(state="expired")
    assert look(trial, **{"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_line_is_everybodys(api: APIClient) -> None:
    for appointment in factories.told(2):
        admission.enter(appointment)
    answer = api.get(f"{doing.API}/line/")
    assert answer.status_code == 200
    assert set(answer.headers["Cache-Control"].split(", ")) == {"public", "max-age=1"}
    assert answer.headers["ETag"]
    shown = answer.json()
    etas = {"eta_seconds", "eta_low_seconds", "eta_high_seconds"}
    one = {"waiting", "per_minute", "open", "closed_because"} | etas
    assert set(shown) == one | {"insurers"}
    assert [set(each) for each in shown["insurers"]] == [one | {"insurer"}]
    assert (shown["waiting"], shown["per_minute"], shown["open"]) == (2, 100, True)


@pytest.mark.parametrize("authorization", ["", "Bearer garbage"])
def test_the_line_asks_nobody_who_he_is(api: APIClient, authorization: str) -> None:
    assert api.get(f"{doing.API}/line/", headers={"Authorization": authorization}).status_code == 200


def test_a_paused_line_is_shut(api: APIClient) -> None:
    limits.set_limit(quota(), 0)
    shown = api.get(f"{doing.API}/line/").json()
    assert (shown["per_minute"], shown["open"]) == (0, False)


def test_accepting_opens_a_settlement(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    answer = settle(trial)
    settlement = Settlement.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"id": settlement.pk, "state": "waiting"})
    assert answer.headers["Location"] == f"/api/v1/settlements/{settlement.pk}/"
    shown = look_at(settlement)
    assert set(shown) == SETTLEMENT | {"poll_after_seconds"}
    assert (shown["trial"], shown["appointment"], shown["mode"]) == (trial.pk, trial.appointment_id, "insurance")


def test_a_settlement_is_opened_once(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    first, again = (settle(trial, key="key-1") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (202, 202, again.json())
    assert first.headers["Location"] == again.headers["Location"]
    refused(settle(trial), 409, "already_settling")
    refused(settle(trial, {"mode": "self_pay"}, "key-1"), 422, "idempotency_key_reused")
    assert Settlement.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, ("mode", "required")),
        ({"mode": "barter"}, ("mode", "invalid_choice")),
        ({"mode": "insurance", "total_fen": 1}, ("total_fen", "unknown_field")),
    ],
)
def test_a_wrong_field_of_a_settlement_is_named(insurer: Simulator, body: Any, wrong: tuple[str, str]) -> None:
    assert wrong in wrong_fields(settle(doing.priced(factories.patient()), body))
    assert not Settlement.objects.exists()


def test_a_trial_that_is_over_or_not_there_yet_is_not_settled(insurer: Simulator) -> None:
    trial = admission.enter(factories.told()[0])
    refused(settle(trial), 409, "trial_not_priced")
    turns.take_one()
    Trial.objects.update(valid_until=Now() - timedelta(seconds=1))
    refused(settle(trial), 409, "trial_expired")


def test_while_paying_the_page_is_named(insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    shown = look_at(settlement)
    assert set(shown) == SETTLEMENT | {"payment", "poll_after_seconds"}
    assert set(shown["payment"]) == {"url", "expires_at"}
    assert shown["payment"]["url"].startswith(payments.url)
    assert shown["state"] == "paying" and shown["cash_fen"] > 0


def test_at_its_end_nobody_need_look_again(insurer: Simulator) -> None:
    settlement = doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    steps.recover_one()
    collecting.collect_due()
    shown = look_at(settlement)
    assert set(shown) == SETTLEMENT
    assert (shown["state"], shown["cash_fen"]) == ("completed", 0)
    story = doing.speaking_as(settlement.appointment.patient).get(
        f"{doing.API}/appointments/{settlement.appointment_id}/"
    )
    assert story.json()["state"] == "completed"


def test_a_settlement_is_not_kept_by_caches(insurer: Simulator) -> None:
    settlement = doing.opened(doing.priced(factories.patient()))
    client = doing.speaking_as(settlement.appointment.patient)
    answer = client.get(f"{doing.API}/settlements/{settlement.pk}/")
    assert set(answer.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}


def test_cancelling_and_new_charges_are_refused_while_money_moves(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    doing.opened(trial)
    path = f"{doing.API}/appointments/{trial.appointment_id}/"
    refused(doing.speaking_as(trial.appointment.patient).delete(path), 409, "already_settling")
    line = {"med_list_codg": "1", "medins_list_codg": "1", "name": "x", "quantity": "1", "unit_price": "1"}
    answer = doing.speaking_as_staff().put(f"{path}charges/", {"charges": [line]}, format="json")
    refused(answer, 409, "already_settling")
