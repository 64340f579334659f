"""Sixty patients while the insurer loses, repeats, garbles and throttles: nobody is lost, nobody is settled twice."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from hospital.archives import filing
from hospital.models import Notice, Patient
from hospital.notices import delivery
from insurance import upkeep
from insurance.interface.errors import OutcomeUnknown
from insurance.models import InterfaceCall
from insurance.quota import adapting, permits
from insurance.quota.exchange import exchange, new_msgid, turn_seconds
from insurance.quota.lanes import Lane
from insurance.reconciliation import books, closing, days, reconcile
from insurance.settlement import steps
from insurance.settlement.models import Settlement
from insurance.states import SettlementState, TrialState
from insurance.trial import turns
from insurance.trial.models import Trial
from tests import factories
from tests.acceptance.patients import Call, Json, Visitor, until_all_have_ended
from tests.books import settled_by_two_messages
from tests.integration.conftest import forget_the_insurer
from tests.simulators import SECRET, Simulator, running

PATIENTS = 60
ENOUGH = 40
N = 40
WINDOW_SECONDS = 2
LATE_SECONDS = 0.5

WEATHER = (
    {"kind": "lose", "share": 0.05},
    {"kind": "rubbish", "share": 0.03},
    {"kind": "throttle", "share": 0.03},
    {"infno": ["1101", "2203A", "2206A", "2207A", "2208", "5203", "5204"], "kind": "duplicate", "share": 0.05},
)


@pytest.fixture(scope="module")
def insurer_process() -> Iterator[Simulator]:
    with running("insurer", "--per-minute", str(N), "--window-seconds", str(WINDOW_SECONDS)) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _addresses(
    insurer: Simulator, payments: Simulator, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setattr(permits, "WINDOW_SECONDS", float(WINDOW_SECONDS))
    monkeypatch.setattr(permits, "LATE_SECONDS", LATE_SECONDS)
    for name in ("LOWER_EVERY_SECONDS", "RISE_EVERY_SECONDS", "THROTTLED_HOLD_SECONDS"):
        monkeypatch.setattr(adapting, name, getattr(adapting, name) * WINDOW_SECONDS / 60)
    settings.INSURANCE_TRIAL_PER_MINUTE = settings.INSURANCE_SETTLEMENT_PER_MINUTE = N
    settings.INSURANCE_URL, settings.INSURANCE_TIMEOUT_SECONDS = insurer.url, 1
    # As often as in a hospital would never be enough here: each round makes everything due.
    settings.SETTLEMENT_ATTEMPTS_SECONDS = [1] * 1_000
    settings.SETTLEMENT_SETTLING_SECONDS = settings.INSURANCE_TIMEOUT_SECONDS + permits.LATE_SECONDS
    settings.PAYMENT_URL, settings.PAYMENT_SECRET, settings.PAYMENT_ASK_AFTER_SECONDS = payments.url, SECRET, 0
    forget_the_insurer()
    yield
    forget_the_insurer()


def test_in_bad_weather_everybody_reaches_an_end_and_the_books_are_equal(
    insurer: Simulator, payments: Simulator
) -> None:
    insurer.faults(*WEATHER, seed=1)
    ends = until_all_have_ended(a_crowd(), seconds=150, meanwhile=a_second_of_the_hospital)
    assert set(ends) <= {SettlementState.COMPLETED, SettlementState.REFUSED}
    assert ends[SettlementState.COMPLETED] > ENOUGH
    assert ends == Counter(Settlement.objects.exclude(state=SettlementState.REVERSED).values_list("state", flat=True))
    assert_the_books_are_equal(insurer, payments)
    assert {each["over_limit"] for name, each in insurer.stats()["metered"].items() if name != "all"} == {0}
    insurer.faults()
    assert_the_day_is_closed()


def test_the_payment_institution_may_lose_its_callbacks_and_its_answers(
    insurer: Simulator, payments: Simulator
) -> None:
    payments.faults({"kind": "lose_callback"}, {"call": ["create", "query"], "kind": "lose_answer", "share": 0.2})
    ends = until_all_have_ended(a_crowd(12), seconds=90, meanwhile=a_second_of_the_hospital)
    assert ends == {SettlementState.COMPLETED: 12}
    assert_the_books_are_equal(insurer, payments)


def test_sending_a_settlement_again_on_silence_would_settle_twice(insurer: Simulator) -> None:
    """Negative control: why UNKNOWN is a state and not a retry."""
    settlement = an_open_settlement()
    insurer.faults({"infno": "2207A", "kind": "lose", "times": 1})
    with pytest.raises(OutcomeUnknown):
        speak(settlement)
    assert len(insurer.ledger()["settlements"]) == 1
    settlement.settle_msgid = new_msgid()
    speak(settlement)
    assert len(insurer.ledger()["double"]) == 1


def a_crowd(size: int = PATIENTS) -> list[Visitor]:
    session = factories.session(seats=size)
    visitors = []
    for number in range(size):
        patient = factories.patient()
        visitors.append(
            Visitor(_in_process(patient), patient.id_number, "self_pay" if number % 4 == 0 else "insurance")
        )
        visitors[-1].book(session.pk)
    return visitors


def a_second_of_the_hospital() -> None:
    """What beat and the workers do in a second; what waits for a second try does not wait for the clock."""
    filing.file_batch(200)
    delivery.send_due()
    Trial.objects.filter(state=TrialState.WAITING).update(due_at=Now())
    Settlement.objects.filter(leased_until=None).update(due_at=Now())
    for take_one in (turns.take_one, steps.settle_one, steps.recover_one):
        while take_one():
            pass
    upkeep.sweep()


def assert_the_books_are_equal(insurer: Simulator, payments: Simulator) -> None:
    """The insurer's live settlements are ours, to the fen."""
    ours, theirs = books.totals(), insurer.ledger()
    assert theirs["double"] == settled_by_two_messages(theirs) == []
    for name in ("settlements", "fund_fen", "account_fen", "cash_fen"):
        assert theirs["totals"][name] == ours[name], name
    assert payments.ledger()["totals"]["cash_fen"] == ours["payments"]["cash_fen"]
    assert not InterfaceCall.objects.filter(outcome="").exists()
    assert not Notice.objects.exclude(state="sent").exists()


def assert_the_day_is_closed() -> None:
    """The insurer, the payment institution and we agree settlement by settlement: tonight the day can be closed."""
    day = days.local_day(timezone.now())
    tonight = days.bounds(day)[1] + timedelta(hours=2)
    book = reconcile.run(day, details=True, now=tonight)
    assert (book.state, list(book.differences.values())) == ("reconciled", [])
    assert closing.close(book, who="a test", why="all agrees", now=tonight).verdict == "0 unknown, 0 one-sided"


def an_open_settlement() -> Settlement:
    visitor = a_crowd(1)[0]
    visitor.mode = "insurance"
    while not Settlement.objects.exists():
        filing.file_batch(1)
        delivery.send_due()
        turns.take_one()
        visitor.go_on()
    settlement = Settlement.objects.get()
    settlement.settle_msgid = new_msgid()
    return settlement


def speak(settlement: Settlement) -> None:
    held = permits.take(Lane.SETTLEMENT, turn_seconds=turn_seconds())
    assert held is not None
    with exchange(held, Lane.SETTLEMENT, "control") as client:
        steps.settle(client, settlement)


def _in_process(patient: Patient) -> Call:
    api = APIClient()
    api.force_authenticate(patient.user)

    def call(method: str, path: str, body: Json | None) -> Json:
        sent = "" if body is None else json.dumps(body)
        return dict(api.generic(method, f"/api/v1/{path}", sent, "application/json").json())

    return call
