"""`proof`, `books`, `seed_demo`, and upkeep's sweep."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.test import APIClient

from hospital import worklist
from hospital.models import Department, Doctor, PriceItem, Session
from insurance import upkeep
from insurance.models import InterfaceCall, PaymentOrder, Settlement, Trial
from insurance.quota import lanes
from insurance.quota.exchange import new_msgid
from insurance.quota.lanes import Lane
from insurance.settlement import collecting, steps
from insurance.trial import admission, turns
from tests import factories
from tests.integration import doing, elsewhere
from tests.simulators import Simulator


def run(*command: str) -> str:
    said = StringIO()
    call_command(*command, stdout=said)
    return said.getvalue()


def books(*options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("books", "--json", *options))
    return found


def test_proof_counts_the_metered_calls(insurer: Simulator) -> None:
    for appointment in factories.told(3):
        admission.enter(appointment)
    assert all(turns.take_one() for _ in range(3))
    (worst,) = json.loads(run("proof", "--json"))
    assert (worst["quota"], worst["per_minute"], worst["calls"], worst["worst"]) == ("trial", 100, 3, 3)
    assert run("proof").startswith("trial: worst 60 s 3 of n = 100, 3 calls\n")
    assert insurer.stats()["metered"]["2206A"]["worst_window"] == 3
    first = InterfaceCall.objects.filter(metered=True).earliest("pk")
    InterfaceCall.objects.filter(pk=first.pk).update(sent_at=Now() - timedelta(seconds=61))
    assert json.loads(run("proof", "--json"))[0]["worst"] == 2


def test_proof_of_nothing_is_nothing() -> None:
    assert json.loads(run("proof", "--json")) == []


def test_the_books_are_those_of_the_insurer_and_the_institution(insurer: Simulator, payments: Simulator) -> None:
    paid = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(paid)
    PaymentOrder.objects.update(due_at=Now())
    upkeep.sweep()
    doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    while steps.recover_one():
        pass
    ours, theirs, money = books(), insurer.ledger()["totals"], payments.ledger()["totals"]
    for name in ("settlements", "fund_fen", "account_fen", "cash_fen"):
        assert ours[name] == theirs[name], name
    assert ours["payments"] == {"paid": money["paid"], "cash_fen": money["cash_fen"]}
    assert (ours["states"], ours["settlements"]) == ({"completed": 2}, 2)
    assert "settlements: 2\n" in run("books")


def test_what_was_undone_is_not_in_the_books(insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    payment = Settlement.objects.get(pk=settlement.pk).payment
    assert payment is not None
    worklist.move(payment, "expired")
    collecting.collect_due()
    steps.recover_one()
    assert books()["settlements"] == insurer.ledger()["totals"]["settlements"] == 0
    assert books()["states"] == {"reversed": 1}


def test_the_books_since_a_moment(insurer: Simulator) -> None:
    doing.insured(doing.priced(doing.somebody_whose_account_covers()))
    later, earlier = (timezone.now() + timedelta(hours=sign) for sign in (1, -1))
    assert books("--since", later.isoformat())["settlements"] == 0
    assert books("--since", earlier.isoformat())["settlements"] == 1


def test_the_books_of_one_insurer(insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURERS = elsewhere.agreed("http://127.0.0.1:9")
    first, second = (doing.insured(doing.priced(doing.somebody_whose_account_covers())) for _ in range(2))
    Settlement.objects.filter(pk=second.pk).update(insurer=elsewhere.NAME)
    here, there = (books("--insurer", name) for name in ("default", elsewhere.NAME))
    assert here["settlements"] == there["settlements"] == 1 and books()["settlements"] == 2
    assert here["account_fen"] == there["account_fen"] == books()["account_fen"] / 2 != 0
    assert here["states"] == {doing.state_of(first): 1}
    with pytest.raises(CommandError, match="there is no insurer nobody; there are changsha, default"):
        run("books", "--insurer", "nobody")


@pytest.mark.parametrize(
    "since", ["yesterday", "2026-11-23", "2026-11-23T08:00:00", "2026-02-30T08:00:00+08:00", "2026-11-23T25:00:00Z"]
)
def test_books_since_what_is_no_moment(since: str) -> None:
    with pytest.raises(CommandError, match="--since"):
        run("books", "--since", since)


def test_seeding_twice_adds_sessions_only(api: APIClient) -> None:
    run("seed_demo", "--seats", "30")
    seeded = [model.objects.count() for model in (Department, Doctor, PriceItem)]
    assert (seeded, Session.objects.count()) == ([3, 3, 2], 3)
    assert sum(Session.objects.values_list("free", flat=True)) == 30
    run("seed_demo", "--seats", "30")
    assert [model.objects.count() for model in (Department, Doctor, PriceItem)] == seeded
    assert Session.objects.count() == 6
    assert get_user_model().objects.filter(is_superuser=True).count() == 1
    assert len(api.get(f"{doing.API}/sessions/").json()) == 6


def test_the_sweep_picks_up_whatever_was_left_lying(insurer: Simulator, payments: Simulator) -> None:
    settling, silent = (doing.priced(factories.patient()) for _ in range(2))
    settlement = doing.opened(settling)
    assert worklist.claim(lanes.due(Lane.SETTLEMENT), "calling", lease_seconds=60, settle_msgid=new_msgid())
    trial = admission.enter(factories.told()[0])
    assert worklist.claim(lanes.due(Lane.TRIAL), "calling", lease_seconds=60)
    assert sum(upkeep.sweep().values()) == 0
    for kind in (Trial, Settlement):
        kind.objects.update(leased_until=Now() - timedelta(seconds=1))
    Trial.objects.filter(pk=silent.pk).update(valid_until=Now() - timedelta(seconds=1))
    found = {name: count for name, count in upkeep.sweep().items() if count}
    assert set(found.values()) == {1} and len(found) == 3, found
    assert [doing.state_of(row) for row in (trial, settlement, silent)] == ["waiting", "unknown", "expired"]
    assert sum(upkeep.sweep().values()) == 0
