"""The proof from recorded calls: days and their borders, n that changes, what was lost, turns; and `proof`."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from insurance.models import InterfaceCall, Permit, Quota
from insurance.quota import lanes, limits, permits, proof
from insurance.quota.lanes import Lane
from insurance.quota.proof import Worst
from insurance.trial import admission, turns
from tests import factories
from tests.integration import recorded
from tests.integration.recorded import DAY, call, calls, changed, moment
from tests.simulators import Simulator

NEXT = DAY + timedelta(days=1)


def of_day(quota: Quota, day: Any = DAY) -> Worst:
    return proof.worst_of(quota, *proof.bounds(day))


def run(*command: str) -> str:
    said = StringIO()
    call_command("proof", *command, stdout=said)
    return said.getvalue()


# --- days -----------------------------------------------------------------------------------------


def test_a_day_is_a_local_day() -> None:
    quota = recorded.quota()
    calls(quota, "00:00", "07:59", "08:01", "23:59:59.999")
    calls(quota, "00:00", day=NEXT)
    assert [of_day(quota, day).calls for day in (DAY - timedelta(days=1), DAY, NEXT)] == [0, 4, 1]


def test_a_window_across_midnight_belongs_to_the_day_in_which_it_ends() -> None:
    quota = recorded.quota(2)
    calls(quota, "23:59:30", "23:59:50")
    for permit, clock in enumerate(("00:00:10", "00:00:50", "00:01:30"), start=2):
        call(quota, moment(clock, NEXT), permit)
    first, second = of_day(quota), of_day(quota, NEXT)
    assert (first.calls, first.worst, first.over) == (2, 2, 0)
    assert (second.calls, second.worst, second.over) == (3, 3, 1)
    assert second.ended_at == moment("00:00:10", NEXT)


def test_a_rest_across_midnight_is_seen() -> None:
    quota = recorded.quota()
    call(quota, moment("23:59:50"))
    call(quota, moment("00:00:30", NEXT))
    assert of_day(quota).shortest_gap_seconds is None
    assert of_day(quota, NEXT).shortest_gap_seconds == pytest.approx(39.9)


@pytest.mark.parametrize(("month", "hours"), [(3, 23), (10, 25), (7, 24)])
def test_a_day_of_summer_time_has_the_hours_it_has(settings: LazySettings, month: int, hours: int) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    begin, end = proof.bounds(DAY.replace(month=month, day={3: 31, 10: 27, 7: 1}[month]))
    assert end - begin == timedelta(hours=hours)


def test_nothing_sent_says_the_n_in_force() -> None:
    quota = recorded.quota(7)
    found = of_day(quota)
    assert (found.calls, found.worst, found.ended_at, found.in_force) == (0, 0, None, 7)
    assert proof.holds(found)


# --- n --------------------------------------------------------------------------------------------


def test_each_call_is_measured_by_the_n_of_its_time() -> None:
    quota = recorded.quota(3)
    changed(quota, 1, moment("12:00:30"))
    calls(quota, "12:00:10", "12:00:15", "12:00:40")
    assert (of_day(quota).over, of_day(quota).in_force) == (0, 3)
    calls(quota, "13:00:00", "13:00:59")
    assert of_day(quota).over == 1


def test_a_limit_that_was_lifted_is_none() -> None:
    quota = recorded.quota(1)
    changed(quota, None, moment("09:00"))
    calls(quota, "10:00:00", "10:00:01")
    assert (of_day(quota).in_force, of_day(quota).over) == (None, 0)


def test_n_set_for_real_is_what_counts() -> None:
    quota = recorded.quota()
    limits.set_limit(quota, 2)
    assert [change.in_force for change in proof.changes_of(quota, moment("00:00"), moment("00:00", NEXT))] == []
    now = limits.moment(Quota.objects.get().may_rise_at.timestamp())
    assert proof.limits_of(quota, now - timedelta(days=1), now + timedelta(days=1)).n == [100, 2]


# --- what became of a call ------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["", "unknown"])
def test_without_an_answer_it_may_arrive_until_its_time_limit_and_the_way_are_over(outcome: str) -> None:
    """10 s and 5 s: the next one under another permit 74 s later may meet it, 75 s later not."""
    for clock, most in (("08:01:14.999", 2), ("08:01:15", 1)):
        InterfaceCall.objects.all().delete()
        quota = recorded.quota(1)
        call(quota, moment("08:00:00"), 0, answered_after=None, outcome=outcome, limit_seconds=10.0)
        call(quota, moment(clock), 1)
        found = of_day(quota)
        assert (found.worst, found.worst_possible, found.over_possible) == (1, most, most - 1)


def test_a_call_whose_time_limit_was_not_recorded_has_the_one_of_now(settings: LazySettings) -> None:
    settings.INSURANCE_TIMEOUT_SECONDS = 7
    quota = recorded.quota()
    call(quota, moment("08:00"), answered_after=None, limit_seconds=None)
    call(quota, moment("08:02"))
    assert of_day(quota).shortest_gap_seconds == 120 - 7 - permits.LATE_SECONDS


def test_what_never_left_is_not_counted_but_what_a_gateway_refused_is() -> None:
    quota = recorded.quota()
    call(quota, moment("08:00"), outcome="not_sent", reply="")
    assert of_day(quota).calls == 0
    call(quota, moment("08:00"), outcome="not_sent", reply="401")
    assert of_day(quota).calls == 1


def test_what_the_insurer_does_not_count_is_not_counted() -> None:
    quota = recorded.quota()
    call(quota, moment("08:00"), metered=False, infno="2204")
    assert of_day(quota).calls == 0


def test_another_quotas_calls_are_not_counted() -> None:
    settlement = permits.quota_of(Lane.SETTLEMENT)
    assert settlement is not None
    call(settlement, moment("08:00"))
    assert (of_day(recorded.quota()).calls, of_day(settlement).calls) == (0, 1)


def test_a_lost_answer_keeps_its_permit_for_as_long_as_the_proof_reckons(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "lose", "times": 1})
    admission.enter(factories.told()[0])
    turns.take_one()
    lost = InterfaceCall.objects.get(metered=True)
    permit = Permit.objects.get(pk=lost.permit_id)
    assert (lost.outcome, lost.taking, permit.takings) == ("unknown", 1, 1)
    assert lost.limit_seconds is not None and 0 < lost.limit_seconds <= 2
    rests = (permit.free_at - lost.sent_at).total_seconds()
    assert rests >= lost.limit_seconds + permits.LATE_SECONDS + permits.WINDOW_SECONDS


# --- a shared quota -------------------------------------------------------------------------------


@pytest.fixture
def shared(settings: LazySettings) -> Quota:
    settings.INSURANCE_SHARED_PER_MINUTE = 2
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None and quota.name == lanes.SHARED
    return quota


def test_on_a_shared_quota_a_turn_counts_as_one(shared: Quota) -> None:
    for second in range(4):
        call(shared, moment(f"08:00:0{second}"), taking=1, metered=False, infno="2204")
    call(shared, moment("08:00:08"), taking=1, answered_after=2)
    call(shared, moment("08:01:10.5"), taking=2, metered=False, lane="recovery", infno="5203")
    found = of_day(shared)
    assert (found.calls, found.worst, found.permits_used) == (2, 1, 1)
    assert found.shortest_gap_seconds == pytest.approx(60.5), "from the last answer of the turn"


def test_a_turn_with_two_that_count_is_two(shared: Quota) -> None:
    call(shared, moment("08:00:00"), taking=1)
    call(shared, moment("08:00:05"), taking=1)
    found = of_day(shared)
    assert (found.calls, found.shortest_gap_seconds) == (2, pytest.approx(4.9))
    assert not proof.holds(found)


# --- the command ----------------------------------------------------------------------------------


def test_a_permit_used_twice_within_a_minute_ends_with_one_line() -> None:
    quota = recorded.quota()
    call(quota, moment("08:00:00"))
    call(quota, moment("08:01:00"))
    said = StringIO()
    with pytest.raises(CommandError, match=r"^over the limit: trial: 0 by time of sending, .* 59\.9 s$") as raised:
        call_command("proof", stdout=said)
    assert raised.value.returncode == 1
    assert "trial: worst 60 s 1 of n = 100, 2 calls\n" in said.getvalue()


def test_calls_over_n_end_with_one_line_and_the_json_is_there_all_the_same() -> None:
    quota = recorded.quota(1)
    calls(quota, "08:00:00", "08:00:01")
    said = StringIO()
    with pytest.raises(CommandError, match="over the limit: trial: 1 by time of sending, 1 possibly"):
        call_command("proof", "--json", stdout=said)
    (worst,) = json.loads(said.getvalue())
    assert {"quota", "per_minute", "calls", "worst", "ended_at"} < set(worst)
    assert (worst["over"], worst["in_force"], worst["worst_possible"]) == (1, 1, 2)


def test_it_says_what_it_counts() -> None:
    quota = recorded.quota()
    call(quota, moment("08:00:00"))
    call(quota, moment("08:01:00.2"))
    assert run().splitlines() == [
        "trial: worst 60 s 1 of n = 100, 2 calls",
        "  by time of sending (before the arrival): ended 2024-03-05T08:00:00.000+08:00, n in force 100, 0 over",
        "  at the receiver, whatever the network did: 1 at most, 0 over",
        "  1 permits; each rested 60.100 s or longer after its answer",
    ]


def test_of_a_day_and_since_a_moment() -> None:
    quota = recorded.quota()
    calls(quota, "08:00:00", "20:00:00")
    calls(quota, "08:00:00", day=NEXT)
    assert json.loads(run("--json", "--day", str(DAY)))[0]["calls"] == 2
    assert json.loads(run("--json", "--since", f"{DAY}T20:00:00+08:00"))[0]["calls"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--day", "yesterday"),
        ("--day", "2026-02-30"),
        ("--since", "2026-11-23"),
        ("--day", "2024-01-01", "--since", "x"),
    ],
)
def test_what_is_no_day_or_moment_is_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=wrong[0]):
        run(*wrong)
