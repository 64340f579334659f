"""When the interface ails: the circuit opens, one call looks again, n falls and comes back step by step."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from insurance.interface.calling import Outcome
from insurance.models import Insurer, LimitChange, Quota, Trial
from insurance.quota import adapting, circuit, insurers, permits, turns
from insurance.quota.exchange import _Journal
from insurance.quota.lanes import Lane
from insurance.trial import admission
from insurance.trial.turns import take_one
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator


def quota() -> Quota:
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    return found


def insurer_row() -> Insurer:
    return insurers.default()


def in_a_while() -> None:
    """The next probe may go out, and n may rise."""
    Insurer.objects.update(circuit_opened_at=Now() - timedelta(seconds=16))
    Quota.objects.update(may_rise_at=Now(), next_at=Now())
    Trial.objects.update(due_at=Now())
    LimitChange.objects.update(at=Now() - timedelta(seconds=11))


def test_silence_opens_the_circuit_and_nobody_calls_any_more(insurer: Simulator) -> None:
    insurer.faults({"kind": "down"})
    for appointment in factories.told(8):
        admission.enter(appointment)
    assert [take_one() for _ in range(8)] == [True] * 5 + [False] * 3
    assert insurer_row().circuit == "open"
    assert set(turns.wanted().values()) == {0}
    assert Trial.objects.filter(state="waiting").count() == 8


def messages(count: int) -> list[tuple[_Journal, str]]:
    """So many messages that have left and are not answered yet."""
    sent = []
    for _ in range(count):
        held = permits.take(Lane.TRIAL, turn_seconds=30)
        assert held is not None
        journal = _Journal(held, Lane.TRIAL, "trial")
        sent.append((journal, journal.new_msgid()))
        journal.before(sent[-1][1], "2206A", b"{}")
    return sent


@pytest.mark.parametrize(("answered_after", "circuit_is"), [(True, "closed"), (False, "open")])
def test_answers_lost_in_a_burst_are_not_an_interface_that_is_down(answered_after: bool, circuit_is: str) -> None:
    """They are all noticed at the end, one after the other; but one that was sent later has been answered."""
    before, lost, after = messages(1), messages(5), messages(1)
    for journal, msgid in after if answered_after else before:
        journal.after(msgid, Outcome.ANSWERED, b"{}", "")
    for journal, msgid in lost:
        journal.after(msgid, Outcome.UNKNOWN, b"", "ReadTimeout")
    assert insurer_row().circuit == circuit_is


def test_one_call_at_a_time_looks_again_and_an_answer_closes_the_circuit(insurer: Simulator) -> None:
    insurer.faults({"kind": "down"})
    trials = [admission.enter(appointment) for appointment in factories.told(6)]
    while take_one():
        pass
    in_a_while()
    assert turns.wanted()[Lane.TRIAL] == 1
    assert take_one()
    assert insurer_row().circuit == "open", "the probe had no answer"
    assert not take_one(), "and the next one waits"
    insurer.faults()
    in_a_while()
    probe = permits.take(Lane.TRIAL, turn_seconds=30)
    assert probe is not None
    assert permits.take(Lane.TRIAL, turn_seconds=30) is None, "a probe goes alone"
    permits.free(probe)
    assert take_one()
    assert (insurer_row().circuit, doing.state_of(trials[0])) == ("closed", "priced")


def test_an_interface_that_comes_back_is_met_gently(insurer: Simulator) -> None:
    n = quota().per_minute
    for _ in range(5):
        circuit.silent(insurer_row().pk)
    assert (quota().in_force, quota().permits.filter(retired=False).count()) == (10, 10)
    in_a_while()
    assert adapting.restore() == 0, "not while it is down"
    circuit.alive(insurer_row().pk)
    risen = []
    for _ in range(20):
        in_a_while()
        adapting.restore()
        risen.append(quota().in_force)
    assert risen == [min(10 + 5 * step, n or 0) for step in range(1, 21)]
    assert adapting.restore() == 0
    assert quota().permits.filter(retired=False).count() == n


@pytest.mark.parametrize("fault", ["throttle", "refuse", "gateway_401", "rubbish", "http_500"])
def test_an_answer_of_whatever_kind_is_a_sign_of_life(insurer: Simulator, fault: str) -> None:
    Insurer.objects.filter(pk=insurer_row().pk).update(circuit_failures=4)
    insurer.faults({"infno": "1101", "kind": fault, "times": 1})
    admission.enter(factories.told()[0])
    take_one()
    assert (insurer_row().circuit, insurer_row().circuit_failures) == ("closed", 0)


def test_a_throttled_answer_halves_n_once_for_all_that_were_under_way(insurer: Simulator) -> None:
    n = quota().per_minute or 0
    for _ in range(3):
        adapting.throttled(quota().pk, None)
    assert quota().in_force == n // 2
    LimitChange.objects.update(at=Now() - timedelta(seconds=11))
    adapting.throttled(quota().pk, None)
    assert quota().in_force == n // 4


def test_nobody_goes_until_the_insurer_wants_to_be_asked_again() -> None:
    adapting.throttled(quota().pk, 30.0)
    assert permits.take(Lane.TRIAL, turn_seconds=30) is None
    Quota.objects.update(next_at=Now())
    assert permits.take(Lane.TRIAL, turn_seconds=30) is not None


def test_n_never_falls_below_what_staff_have_set_and_not_at_all_where_they_do_not_want_it() -> None:
    Quota.objects.filter(pk=quota().pk).update(least=80)
    adapting.throttled(quota().pk, None)
    assert quota().in_force == 80
    Quota.objects.filter(pk=quota().pk).update(in_force=100, adapts=False)
    adapting.slow(quota().pk, 9.0)
    adapting.fallen(insurer_row().pk)
    assert quota().in_force == 100


def test_slow_answers_take_a_fifth(insurer: Simulator, settings: LazySettings) -> None:
    settings.INSURANCE_SLOW_SECONDS = 1
    insurer.faults({"infno": "2206A", "kind": "slow", "seconds": 1.2, "times": 1})
    admission.enter(factories.told()[0])
    take_one()
    assert quota().in_force == 80


def test_throttled_and_not_sent_keep_the_place_and_cost_no_patience(insurer: Simulator) -> None:
    Quota.objects.filter(pk=quota().pk).update(adapts=False)
    insurer.faults({"infno": "2206A", "kind": "throttle", "times": 6})
    first, second = (admission.enter(appointment) for appointment in factories.told(2))
    for _ in range(6):
        assert take_one()
        in_a_while()
    for trial in (first, second):
        trial.refresh_from_db()
    assert (first.state, first.silences, first.number, second.attempt) == ("waiting", 0, 1, 0)
    assert take_one()
    assert doing.state_of(first) == "priced"


def test_every_n_that_was_in_force_is_kept() -> None:
    adapting.throttled(quota().pk, None)
    in_a_while()
    adapting.restore()
    kept = list(LimitChange.objects.filter(quota=quota()).order_by("pk").values_list("in_force", "lowered"))
    assert kept == [(100, False), (50, True), (55, False)]
