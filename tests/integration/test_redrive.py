"""After an outage many go on at once: due now, inside n, each with a reason."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone

from hospital.errors import Invalid
from hospital.models import Change, Journal
from insurance.desk import redrive
from insurance.desk.actions import HASTENED
from insurance.models import InterfaceCall, Refund, Settlement
from insurance.quota import permits, turns
from insurance.quota.lanes import Lane
from insurance.settlement import steps
from insurance.states import SettlementState as S
from tests.integration import brought, doing, elsewhere
from tests.simulators import Simulator

WHY = "the interface is back"


def run(*options: str) -> str:
    said = StringIO()
    call_command("redrive", *options, stdout=said)
    return said.getvalue()


def later(*settlements: Settlement) -> None:
    """Their next attempts lie far ahead."""
    ahead = {"due_at": timezone.now() + timedelta(hours=2), "asked": 3, "leased_until": None}
    Settlement.objects.filter(pk__in=[each.pk for each in settlements]).update(**ahead)


def due() -> set[int]:
    return set(Settlement.objects.filter(due_at__lte=Now()).values_list("pk", flat=True))


def test_all_that_wait_for_their_next_attempt_are_due_now() -> None:
    waiting = [brought.IN_STATE[state]() for state in (S.UNKNOWN, S.REVERSING, S.CONFIRMING, S.INSURED, S.WAITING)]
    person, done = brought.manual_from_unknown(), brought.completed()
    later(*waiting, person, done)
    assert run("--why", WHY) == "due now: 5\n"
    assert due() == {each.pk for each in waiting}
    assert (doing.state_of(person), doing.state_of(done)) == ("manual", "completed")
    kept = Change.objects.values_list("who_name", "why").distinct()
    assert list(kept) == [("command line", WHY)] and Change.objects.count() == 5
    assert Journal.objects.filter(reason=f"now: {WHY}").count() == 5


def test_only_these_states_and_only_those_that_have_waited_so_long() -> None:
    old, new, other = brought.unknown(), brought.unknown(), brought.reversing()
    later(old, new, other)
    Settlement.objects.filter(pk__in=[old.pk, other.pk]).update(since=Now() - timedelta(minutes=31))
    assert run("--why", WHY, "--state", "unknown", "--older-than", "30") == "due now: 1\n"
    assert due() == {old.pk}


def test_only_those_of_one_insurer(settings: LazySettings) -> None:
    """One is back; the other one still does not answer."""
    settings.INSURERS = elsewhere.agreed("http://127.0.0.1:9")
    here, there = brought.unknown(), brought.unknown()
    Settlement.objects.filter(pk=there.pk).update(insurer=elsewhere.NAME)
    later(here, there)
    assert run("--why", WHY, "--insurer", elsewhere.NAME) == "due now: 1\n"
    assert due() == {there.pk}
    with pytest.raises(CommandError, match=r"no insurer changcha\. Possible: changsha, default"):
        run("--why", WHY, "--insurer", "changcha")
    assert run("--why", WHY) == "due now: 2\n", "of all, where none is named"


def test_those_before_a_person_are_asked_or_told_again_when_they_are_named() -> None:
    unknown, confirming = brought.manual_from_unknown(), brought.manual_from_confirming()
    refunding = brought.manual_from_refunding()
    said = run("--why", WHY, "--state", "manual")
    assert said.splitlines()[0] == "due now: 2" and "left as they are: 1 (It is undone" in said
    states = [doing.state_of(each) for each in (unknown, confirming, refunding)]
    assert states == ["unknown", "confirming", "manual"]


def test_what_is_being_worked_on_is_left_alone() -> None:
    settlement = brought.unknown()
    Settlement.objects.update(leased_until=timezone.now() + timedelta(seconds=30))
    assert run("--why", WHY).splitlines() == [
        "due now: 0",
        "left as they are: 1 (It is being worked on at this moment: look again in a minute.)",
    ]
    assert doing.state_of(settlement) == "unknown"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "Say why"),
        (("--why", " "), "Say why"),
        (("--why", WHY, "--state", "completed"), "Cannot be driven again: completed"),
        (("--why", WHY, "--state", ""), "Cannot be driven again"),
        (("--why", WHY, "--older-than", "-1"), "must not be negative"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(options: tuple[str, ...], told: str) -> None:
    settlement = brought.unknown()
    later(settlement)
    with pytest.raises(CommandError, match=told):
        run(*options)
    assert due() == set() and not Change.objects.exists()


def test_ticked_cases_of_every_kind_go_on() -> None:
    settlement, trial = brought.unknown(), brought.frozen()
    with_refund = brought.completed()
    brought.refund_due(with_refund)
    refund = brought.refused_refund(with_refund)
    later(settlement)
    ticked = [("settlement", settlement.pk), ("trial", trial.pk), ("refund", refund.pk)]
    done = redrive.redrive(ticked, who=brought.somebody("clerk"), why=WHY)
    assert (done.count, done.refused) == (3, [])
    assert [doing.state_of(each) for each in (settlement, trial, refund)] == ["unknown", "waiting", "due"]
    again = redrive.redrive(ticked[1:], who=brought.somebody("clerk"), why=WHY)
    assert (again.count, [refusal.code for _, refusal in again.refused]) == (0, ["not_frozen", "not_refused"])


def test_a_refund_tried_again_is_given_back(payments: Simulator, insurer: Simulator) -> None:
    """The whole way over the wire: the institution had refused, and now it does not."""
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    doing.pay(settlement)
    brought.money_comes(settlement)
    brought.refund_due(settlement)
    refund = brought.refused_refund(settlement)
    redrive.try_again(refund, who="a test", why=WHY)
    brought.refunds.give_back_due()
    assert doing.state_of(refund) == "done"
    assert payments.ledger()["totals"]["refunded_fen"] == refund.amount_fen
    assert Refund.objects.count() == 1


def test_no_reason_no_redrive() -> None:
    with pytest.raises(Invalid) as caught:
        redrive.redrive([], who=None, why=" ")
    assert caught.value.code == "no_reason"


def test_every_state_that_can_be_hastened_has_a_way() -> None:
    for state in HASTENED:
        settlement = brought.IN_STATE[state]()
        Settlement.objects.filter(pk=settlement.pk).update(leased_until=None)
        assert redrive.redrive([("settlement", settlement.pk)], who=None, why=WHY).count == 1, state


N, CASES = 4, 11


@pytest.fixture
def shared_quota(settings: LazySettings) -> None:
    """All lanes draw on one small n."""
    settings.INSURANCE_SHARED_PER_MINUTE = N


def test_nothing_is_sent_by_it_and_turns_take_it_inside_n(shared_quota: None, insurer: Simulator) -> None:
    """Eleven are due at once, and four permits a minute let four turns through."""
    settlements = [brought.unknown() for _ in range(CASES)]
    visits(settlements)
    later(*settlements)
    assert run("--why", WHY) == f"due now: {CASES}\n"
    assert InterfaceCall.objects.filter(purpose__startswith="settlement").count() == 0
    assert 0 < sum(turns.wanted().values()) <= N, "no more turns are sent than permits come free"
    taken = sum(steps.recover_one() for _ in range(CASES))
    assert taken == N
    held = (
        InterfaceCall.objects.filter(purpose__startswith="settlement").values("permit_id", "taking").distinct().count()
    )
    assert held == N
    assert permits.free_count(quota()) == 0


def test_without_the_limit_they_would_all_go_at_once(settings: LazySettings, insurer: Simulator) -> None:
    """Control: the lane of recovery that nobody counts takes every one of them."""
    settings.INSURANCE_SHARED_PER_MINUTE = None
    settlements = [brought.unknown() for _ in range(CASES)]
    visits(settlements)
    later(*settlements)
    run("--why", WHY)
    assert sum(steps.recover_one() for _ in range(CASES)) == CASES


def visits(settlements: list[Settlement]) -> None:
    """What the insurer would be asked with."""
    for settlement in settlements:
        visit = brought.visit(settlement)
        assert visit.mdtrt_id


def quota() -> permits.Quota:
    found = permits.quota_of(Lane.RECOVERY)
    assert found is not None
    return found
