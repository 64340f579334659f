"""What only the mobile payment centre has: orders that outlive their trial, and callbacks that are never believed."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from insurance.interface.dialects.mobile import callbacks
from insurance.interface.profile import Operation
from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind, Leg
from insurance.models import InsurerOrder, InterfaceCall, Settlement
from insurance.settlement import giving_up, steps
from insurance.settlement.saga import Event
from insurance.trial import admission, turns
from insurance.trial.models import Trial
from tests.conformance.conftest import Centre
from tests.conformance.test_settling import completed
from tests.integration import doing
from tests.integration.conftest import forget_the_insurer
from tests.integration.laid_beside import said
from tests.simulators import Simulator, running

SECRET = "what was agreed on for callbacks"
SILENT = "insurance.simulator.insurer.faces.mobile.Silent"


@pytest.fixture(scope="module", params=["mobile", SILENT], ids=["prices at once", "prices when asked"])
def mobile_process(request: pytest.FixtureRequest) -> Iterator[Centre]:
    with running("insurer", "--dialect", request.param) as simulator:
        yield Centre(request.param, simulator.url)


@pytest.fixture
def centre(mobile_process: Centre, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Centre]:
    mobile_process.reset()
    monkeypatch.setenv("CALLBACK_SECRET", SECRET)
    settings.INSURANCE_DIALECT, settings.INSURANCE_URL = "mobile", mobile_process.url
    settings.INSURANCE_KEYS = {"callback_secret": "env:CALLBACK_SECRET"}
    settings.INSURANCE_TIMEOUT_SECONDS = 2
    forget_the_insurer()
    yield mobile_process
    forget_the_insurer()


@pytest.fixture
def trial(centre: Centre, payments: Simulator) -> Trial:
    """A bill of somebody who has a part to pay."""
    return doing.priced(doing.somebody_who_pays_cash())


@pytest.fixture
def unknown(centre: Centre, trial: Trial) -> Settlement:
    """Settled there, and the answer was lost; it is asked about later."""
    centre.goes_wrong(Operation.SETTLE, "lose")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "unknown"
    assert not steps.recover_one(), "not due yet"
    return settlement


def order_of(settlement: Settlement) -> InsurerOrder:
    return InsurerOrder.objects.get(visit__appointment=settlement.appointment_id)


def told(settlement: Settlement, *, secret: str = SECRET, age: int = 0, insurer: str = "default", **fields: Any) -> Any:
    """A callback about its order, signed here."""
    said = {"payOrdId": order_of(settlement).number, "ordStas": "4", "callType": "02", **fields}
    body = json.dumps(said).encode()
    signed = {callbacks.SIGNATURE: callbacks.signature(secret, body, time.time() - age)}
    url = f"{doing.API}/insurers/{insurer}/callback/"
    return APIClient().post(url, body, content_type="application/json", headers=signed)


# --- orders ---------------------------------------------------------------------------------------


def test_a_trial_opens_an_order_and_the_settlement_pays_it(centre: Centre, trial: Trial) -> None:
    settlement = completed(trial)
    order = order_of(settlement)
    assert (settlement.setl_id, settlement.settle_msgid > order.msgid) == (order.number, True)
    assert InterfaceCall.objects.get(msgid=order.msgid).infno == "6201"
    (theirs,) = centre.standing()
    assert (theirs["chrg_bchno"], theirs["fund_fen"]) == (order.number, settlement.fund_fen)
    first = list(InterfaceCall.objects.order_by("pk").values_list("infno", flat=True))
    asks = ["6301"] if centre.name == SILENT else []
    assert first[: 5 + len(asks)] == ["1101", "2201", "6201", *asks, "6202", "6301"]


def test_an_order_that_was_paid_and_taken_back_is_not_sent_again(centre: Centre, trial: Trial) -> None:
    """The centre would refuse it, which says nothing of the insurance. (A claim waits for another bill instead.)"""
    settlement = doing.opened(trial)
    order = order_of(settlement)
    entries.book(settlement.number, [Amounts(Kind.UNDONE, order.number, "6203", timezone.now(), ((Leg.FUND, -1),))])
    assert steps.settle_one()
    assert centre.calls(Operation.SETTLE) == 0
    settlement.refresh_from_db()
    assert settlement.state in ("refused", "reversed", "cancelled"), settlement.state


def test_a_token_is_nowhere_in_the_clear(trial: Trial) -> None:
    order = InsurerOrder.objects.get()
    assert len(order.token) == 32 and order.token not in str(order)
    stored = InsurerOrder.objects.extra(select={"stored": "token"}).values_list("stored", flat=True).get()
    assert order.token not in stored


def test_an_order_is_given_up_before_another_is_opened(centre: Centre, trial: Trial) -> None:
    """A message that is late cannot pay it then."""
    centre.goes_wrong(Operation.SETTLE, "refuse")
    settlement = doing.insured(trial)
    assert doing.state_of(settlement) == "refused"
    again = admission.enter(settlement.appointment)
    assert turns.take_one() and doing.state_of(again) == "priced"
    assert centre.calls(Operation.WITHDRAW_CHARGES) == 1
    older, newer = InsurerOrder.objects.order_by("pk")
    settlement = doing.insured(again)
    assert (doing.state_of(settlement), settlement.setl_id) == ("insured", newer.number)
    assert [row["chrg_bchno"] for row in centre.standing()] == [newer.number] != [older.number]


def test_an_order_whose_answer_was_lost_is_not_paid(centre: Centre, payments: Simulator) -> None:
    """It stays there until it expires; the trial opens another."""
    trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
    centre.goes_wrong(Operation.TRIAL, "lose")
    assert turns.take_one() and doing.state_of(trial) == "waiting"
    assert not InsurerOrder.objects.exists()
    doing.now_due(trial)
    assert turns.take_one() and doing.state_of(trial) == "priced"
    assert (centre.calls(Operation.TRIAL), centre.calls(Operation.WITHDRAW_CHARGES)) == (2, 0)
    assert InsurerOrder.objects.count() == 1


def test_what_is_taken_back_soon_goes_by_the_centres_leave(centre: Centre, trial: Trial) -> None:
    settlement = completed(trial)
    said(settlement, Event.UNDO)
    doing.recovered(settlement, "refunding")
    asked = json.loads(InterfaceCall.objects.get(infno="6203").request)["input"]["data"]
    assert (asked["refdType"], len(asked["revsToken"])) == ("HI", 32)
    assert centre.standing() == []


def test_a_refund_that_was_carried_out_unheard_is_not_asked_for_twice(centre: Centre, unknown: Settlement) -> None:
    giving_up.give_up(unknown)
    centre.goes_wrong(Operation.CANCEL, "rubbish")
    doing.recovered(unknown, "reversed", most=8)
    assert len(centre.ledger()["settlements"]) == 2, "settled once, taken back once"


# --- callbacks ------------------------------------------------------------------------------------


def test_a_callback_makes_us_ask_now(centre: Centre, unknown: Settlement) -> None:
    answer = told(unknown)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert doing.state_of(unknown) == "unknown", "it is not believed"
    assert steps.recover_one()
    assert doing.state_of(unknown) == "insured"
    (heard,) = InterfaceCall.objects.filter(infno="6302")
    assert (heard.purpose, heard.metered, heard.outcome) == (f"settlement {unknown.pk}", False, "answered")


@pytest.mark.security
@pytest.mark.parametrize("state", ["15", "7", "14"])
def test_what_a_callback_says_decides_nothing(centre: Centre, unknown: Settlement, state: str) -> None:
    assert told(unknown, ordStas=state).status_code == 200
    assert steps.recover_one()
    assert doing.state_of(unknown) == "insured"
    assert len(centre.standing()) == 1


@pytest.mark.security
@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "not the secret"},
        {"age": callbacks.REPLAY_SECONDS + 30},
        {"age": -callbacks.REPLAY_SECONDS - 30},
        {"insurer": "nobody"},
    ],
)
def test_a_forged_or_old_callback_is_refused(unknown: Settlement, wrong: dict[str, Any]) -> None:
    answer = told(unknown, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature")
    assert not InterfaceCall.objects.filter(infno="6302").exists() and not steps.recover_one()


@pytest.mark.security
def test_without_an_agreed_secret_nobody_is_heard(unknown: Settlement, settings: LazySettings) -> None:
    settings.INSURANCE_KEYS = {}
    assert told(unknown).status_code == 403


@pytest.mark.parametrize(
    ("fields", "status", "code"), [({"ordStas": "99"}, 422, "bad_callback"), ({"payOrdId": "X"}, 404, "no_such_order")]
)
def test_a_callback_that_says_nothing_is_told_so(
    unknown: Settlement, fields: dict[str, str], status: int, code: str
) -> None:
    answer = told(unknown, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not steps.recover_one()


@pytest.mark.security
def test_the_same_news_makes_us_ask_once(centre: Centre, unknown: Settlement) -> None:
    """A plan of attempts is not used up by whoever repeats himself."""
    centre.goes_wrong(Operation.QUERY, "refuse", times=9)
    told(unknown)
    assert steps.recover_one() and doing.state_of(unknown) == "unknown"
    for _ in range(3):
        assert told(unknown).status_code == 200
    assert not steps.recover_one()
    assert InterfaceCall.objects.filter(infno="6302").count() == 1
    told(unknown, ordStas="5")
    assert steps.recover_one(), "other news"


def test_a_settlement_that_is_being_asked_about_is_left_to_whoever_does(unknown: Settlement) -> None:
    """Else two would ask at once."""
    lease = Now() + timedelta(seconds=60)
    Settlement.objects.filter(pk=unknown.pk).update(leased_until=lease, due_at=lease)
    assert told(unknown).status_code == 200
    assert not steps.recover_one()


@pytest.mark.parametrize("state", ["1", "2", "3"])
def test_what_decides_nothing_is_kept_and_nobody_asks(unknown: Settlement, state: str) -> None:
    assert told(unknown, ordStas=state).status_code == 200
    assert InterfaceCall.objects.filter(infno="6302").exists() and not steps.recover_one()


def test_a_callback_about_what_is_decided_changes_nothing(centre: Centre, trial: Trial) -> None:
    settlement = completed(trial)
    for state in ("4", "7", "15"):
        assert told(settlement, ordStas=state).status_code == 200
    assert doing.state_of(settlement) == "completed"
    assert not steps.recover_one()
