"""The work list: what stands on it, in what order, with what money, and what it costs."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.models import Model
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hospital.models import Journal
from insurance.desk import advice, cases, facts
from insurance.desk.cases import Case, Choice
from insurance.desk.overdue import LIMIT_SECONDS, limit_seconds
from insurance.models import Refund, Settlement
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S
from insurance.trial import frozen
from tests.integration import brought, doing
from tests.integration.brought import ACCOUNT, CASH, FUND, TOTAL

FINISHED = 5_000


def listed(choice: str = "") -> list[Case]:
    return cases.shown(list(cases.found(choice)))


def advised(settlement: Settlement) -> advice.Advice:
    known = facts.of(settlement)
    told = advice.of(settlement.state, known.came_from, stands=bool(known.insurer))
    assert told is not None
    return told


def since(settlement: Settlement, seconds: float) -> None:
    """It has been in its state for so long."""
    Settlement.objects.filter(pk=settlement.pk).update(since=Now() - timedelta(seconds=seconds))


@pytest.mark.parametrize("state", list(S))
def test_a_settlement_is_a_case_when_it_has_been_too_long_in_its_state(state: S) -> None:
    settlement = brought.IN_STATE[state]()
    if state not in LIMIT_SECONDS:
        since(settlement, 10_000_000)
        assert listed() == []
        return
    since(settlement, max(limit_seconds(state) - 5, 0))
    assert bool(listed()) == (LIMIT_SECONDS[state] == 0)
    since(settlement, limit_seconds(state) + 1)
    (case,) = listed()
    assert (case.kind, case.pk, case.state, case.number) == ("settlement", settlement.pk, state, settlement.number)
    assert case.appointment_id == settlement.appointment_id


def test_every_state_that_is_no_end_has_a_limit() -> None:
    assert set(S) - set(LIMIT_SECONDS) == {S.COMPLETED, S.REFUSED, S.REVERSED}


def test_the_oldest_case_comes_first_whatever_its_kind() -> None:
    unknown, trial, person = brought.unknown(), brought.frozen(), brought.manual_from_confirming()
    refund_of = brought.completed()
    brought.refund_due(refund_of)
    refund = brought.refused_refund(refund_of)
    since(unknown, 50)
    since(person, 7_000)
    assert [(case.kind, case.pk) for case in listed()] == [
        ("settlement", person.pk),
        ("settlement", unknown.pk),
        ("trial", trial.pk),
        ("refund", refund.pk),
    ]
    assert [case.kind for case in listed(Choice.PERSON)] == ["settlement", "trial", "refund"]
    assert [case.pk for case in listed(Choice.UNKNOWN)] == [unknown.pk]
    assert cases.counts() == {Choice.PERSON: 3, Choice.UNKNOWN: 1}


def test_one_trouble_is_one_case() -> None:
    """A refund that was refused and the settlement that waits for it."""
    settlement = brought.manual_from_refunding()
    (case,) = listed()
    assert (case.kind, case.pk) == ("settlement", settlement.pk)


def test_a_refund_that_was_refused_leads_to_its_settlement() -> None:
    settlement = brought.completed()
    brought.refund_due(settlement)
    refund = brought.refused_refund(settlement)
    (case,) = listed()
    assert (case.number, case.settlement_id, case.reason) == (refund.refund_no, settlement.pk, "HTTP 409")


@pytest.mark.parametrize(
    ("settlement", "insurer_fen", "collected_fen"),
    [
        (brought.unknown, 0, 0),
        (brought.manual_from_confirming, TOTAL, CASH),
        (brought.manual_otherwise, TOTAL + 100, 0),
        (brought.manual_from_refunding, 0, CASH),
        (brought.manual_self_pay, 0, TOTAL),
    ],
)
def test_the_money_at_stake_is_the_ledgers(
    settlement: Callable[[], Settlement], insurer_fen: int, collected_fen: int
) -> None:
    settlement()
    (case,) = listed()
    assert case.money is not None
    assert (case.money.agreed_fen, case.money.insurer_fen, case.money.collected_fen) == (
        *(TOTAL, insurer_fen),
        collected_fen,
    )


@pytest.mark.parametrize(
    ("settlement", "known"),
    [
        (brought.unknown, False),
        (brought.manual_from_unknown, False),
        (brought.manual_from_reversing, False),
        (brought.manual_otherwise, True),
        (brought.manual_from_refunding, True),
    ],
)
def test_an_empty_ledger_is_not_told_as_nothing_while_nobody_knows(
    settlement: Callable[[], Settlement], known: bool
) -> None:
    settlement()
    (case,) = listed()
    assert case.money is not None and case.money.known == known


def test_the_money_is_told_leg_by_leg() -> None:
    brought.manual_from_confirming()
    (case,) = listed()
    assert case.money is not None
    assert case.money.insurer == {"fund": FUND, "account": ACCOUNT, "own": CASH}


def test_what_happens_next_is_told_with_its_time(settings: LazySettings) -> None:
    settings.SETTLEMENT_ATTEMPTS_SECONDS = [10, 60, 300, 1800]
    settlement = brought.unknown()
    Settlement.objects.update(asked=2)
    (case,) = listed()
    assert case.coming.text == "The insurer is asked (3 of 4)."
    assert case.coming.at == due_at(settlement)
    Settlement.objects.update(asked=3)
    assert listed()[0].coming.text == "The insurer is asked (4 of 4). Then a person must decide."
    Settlement.objects.update(leased_until=timezone.now() + timedelta(seconds=9))
    assert listed()[0].coming.text == "It is being worked on at this moment."


@pytest.mark.parametrize("state", [state for state in LIMIT_SECONDS if state != S.CALLING])
def test_every_case_says_what_happens_next(state: S) -> None:
    settlement = brought.IN_STATE[state]()
    Settlement.objects.update(leased_until=None)
    since(settlement, 10_000_000)
    (case,) = listed()
    assert ("person" in case.coming.text) == (state == S.MANUAL)
    assert case.coming.text and case.coming.text[-1] == "."


def test_a_payment_is_asked_about_when_its_order_is_due() -> None:
    settlement = brought.paying()
    assert settlement.payment is not None
    assert cases.of_settlement(settlement).coming.at == settlement.payment.due_at


@pytest.mark.parametrize(
    "manual",
    [
        brought.manual_from_calling,
        brought.manual_from_unknown,
        brought.manual_otherwise,
        brought.manual_from_confirming,
        brought.manual_from_reversing,
        brought.manual_from_refunding,
        brought.manual_from_insured,
        brought.manual_self_pay,
    ],
)
def test_every_way_before_a_person_comes_with_advice(manual: Callable[[], Settlement]) -> None:
    told = advised(manual())
    assert str(told.means) and str(told.do)
    assert [case.means for case in listed()] == [str(told.means)]


def test_other_amounts_are_told_from_silence() -> None:
    silent, otherwise = advised(brought.manual_from_unknown()), advised(brought.manual_otherwise())
    assert "nobody knows" in str(silent.means) and "other amounts" in str(otherwise.means)


def test_a_settlement_is_found_by_its_numbers() -> None:
    settlement = brought.completed()
    for text in (
        settlement.number,
        f"{settlement.appointment_id}",
        settlement.setl_id,
        settlement.settle_msgid,
        f" {settlement.pk} ",
    ):
        assert settlement.pk in [row["pk"] for row in cases.search(text)], text
    for text in ("", "nothing", "9" * 30, "S", "²"):
        assert list(cases.search(text)) == [], text


def test_a_frozen_trial_goes_back_to_its_place() -> None:
    trial = brought.frozen()
    frozen.back_into_the_line(trial, who="a test", why="the insurer has mended it")
    assert doing.state_of(trial) == "waiting" and trial.due_at <= timezone.now()
    assert listed() == []


def test_the_list_is_cheap_however_much_is_finished() -> None:
    """The plan uses the partial indexes: the finished rows are not even looked at."""
    finished_too()
    brought.unknown(), brought.manual_from_confirming(), brought.frozen()
    plan = cases.found().explain(analyze=True, buffers=True)
    assert live_indexes("settlement") & set(plan.split()) and "refund_refused" in plan, plan
    assert "Seq Scan on insurance_settlement" not in plan, plan
    assert "trial_away" in plan and "Seq Scan on insurance_trial" not in plan, plan
    assert rows_removed(plan) < 50, plan


def live_indexes(of: str) -> set[str]:
    """The indexes of a table in which nothing that is finished stands; any of them does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%%WHERE%%completed%%'",
            [f"insurance_{of}"],
        )
        return {name for (name,) in cursor.fetchall()}


def test_the_search_for_rows_that_the_plan_threw_away_finds_them() -> None:
    """Control: without an index the finished rows show."""
    finished_too()
    brought.unknown()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_indexonlyscan = off")
    assert rows_removed(cases.found().explain(analyze=True)) >= FINISHED


def test_a_page_costs_as_many_queries_however_many_cases_it_shows() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            listed()
        return len(captured)

    brought.unknown(), brought.frozen()
    queries()  # what is tuned is read and kept for a while
    few = queries()
    for _ in range(5):
        brought.unknown()
    assert queries() == few


def finished_too() -> None:
    """Many settlements, trials and refunds that have ended, and a long line."""
    settlement = brought.manual_from_refunding()
    refund = Refund.objects.get()
    brought.refunds.given_otherwise(refund.order, "in cash")
    settlement = brought.heard(settlement, Event.VOID)
    copy(settlement, payment_id="NULL")
    copy(settlement.trial)
    copy(Refund.objects.get(), refund_no="refund_no || n")
    copy(Journal.objects.filter(kind="refund").latest("pk"), item_id="item_id + 1000000 + n")
    copy(brought.factories.booked(), state="'cancelled'")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO insurance_trial SELECT (r).* FROM (SELECT jsonb_populate_record(trial, jsonb_build_object("
            "'id', trial.id + 1000000 + appointment.id, 'appointment_id', appointment.id, 'state', 'waiting')) AS r"
            " FROM insurance_trial trial, hospital_appointment appointment"
            " WHERE trial.id = %s AND appointment.state = 'cancelled') made",
            [settlement.trial_id],
        )
        cursor.execute("ANALYZE insurance_settlement, insurance_trial, insurance_refund, hospital_journal")


def copy(row: Model, **changed: str) -> None:
    """Many rows like this one. What must be unique is made so."""
    table = row._meta.db_table
    names = [field.column for field in row._meta.concrete_fields if field.column != "id"]
    values = [changed.get(name, name) for name in names]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table},"
            f" generate_series(1, {FINISHED}) AS n WHERE id = {row.pk}"
        )


def rows_removed(plan: str) -> int:
    """The most rows that one step of the plan read and threw away."""
    marks = [line.rpartition(":")[2] for line in plan.splitlines() if "Rows Removed" in line]
    return max([int(mark) for mark in marks], default=0)


def due_at(settlement: Settlement) -> datetime:
    return Settlement.objects.values_list("due_at", flat=True).get(pk=settlement.pk)
