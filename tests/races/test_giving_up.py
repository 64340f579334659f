"""The patient's word against the answers and the money that come at the same instant: whoever is first, nobody is told
one thing and has another happen to him."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from hospital import worklist
from hospital.appointments import charges
from hospital.models import Appointment
from insurance.ledger import entries
from insurance.ledger.entries import Amounts
from insurance.ledger.models import Kind as LedgerKind
from insurance.ledger.models import Leg
from insurance.models import PaymentOrder, Settlement, Trial
from insurance.quota.exchange import new_msgid
from insurance.settlement import claims, collecting, giving_up, opening, recording, steps
from insurance.settlement.heard import Heard
from insurance.settlement.saga import Event
from insurance.trial import admission, line, turns
from tests import factories
from tests.integration import claiming, doing
from tests.integration.test_trial_guards import ITEM
from tests.races.together import at_once, codes, good, wait_until
from tests.simulators import Simulator


def give_up(settlement: Settlement) -> str:
    """What the patient is told."""
    return str(giving_up.give_up(settlement).state)


def to_its_end(settlement: Settlement, most: int = 12) -> str:
    """Everything else that happens by itself."""
    for _ in range(most):
        if doing.state_of(settlement) in ("completed", "reversed", "refused", "manual"):
            break
        doing.now_due(settlement)
        doing.settling_time_over()
        for step in (steps.settle_one, steps.recover_one, collecting.collect_due):
            step()
    collecting.collect_due()
    collecting.collect_due()
    return doing.state_of(settlement)


def standing(insurer: Simulator) -> set[str]:
    return {row["setl_id"] for row in insurer.ledger()["settlements"] if not row["refunded"]}


def told(outcomes: list[str | Exception]) -> list[bool]:
    """Whether each was told that it is given up; any refusal but "already settled" would show."""
    assert set(codes(outcomes)) <= {"already_settled"}
    return [not isinstance(outcome, Exception) for outcome in outcomes]


def interleaved(*kinds: list[Callable[[], object]]) -> list[Callable[[], object]]:
    return [act for acts in zip(*kinds, strict=True) for act in acts]


@pytest.mark.parametrize("who", [doing.somebody_whose_account_covers, doing.somebody_who_pays_cash])
def test_giving_up_against_the_turn(insurer: Simulator, payments: Simulator, who: Callable[[], object]) -> None:
    settlements = [doing.opened(doing.priced(who())) for _ in range(6)]  # type: ignore[arg-type]
    acts = interleaved([partial(give_up, one) for one in settlements], [steps.settle_one] * 6)
    given_up = told(at_once(acts, threads=12)[::2])  # type: ignore[arg-type]
    for settlement, gone in zip(settlements, given_up, strict=True):
        end = to_its_end(settlement)
        if gone:
            assert (end, settlement.setl_id in standing(insurer)) == ("reversed", False)
        else:
            assert (end, settlement.setl_id in standing(insurer)) == ("completed", True)


def answered_in_full(give_up_meanwhile: Callable[[Settlement], None]) -> Settlement:
    """A turn has read the row, the patient gives up, then the answer is recorded: nothing is left to pay."""
    trial = doing.priced(doing.somebody_whose_account_covers())
    opening.open_settlement(trial, "insurance")
    taken = worklist.claim(Settlement.objects.all(), "calling", lease_seconds=60, settle_msgid=new_msgid())
    assert taken is not None and taken.wanted
    give_up_meanwhile(taken)
    return taken


def test_an_answer_that_comes_after_the_patient_s_word_does_not_settle(insurer: Simulator) -> None:
    taken = answered_in_full(lambda settlement: at_once([partial(give_up, settlement)]) and None)
    recording.record(taken, Heard(Event.SETTLED_IN_FULL))
    assert doing.state_of(taken) == "insured"
    collecting.collect_due()
    assert doing.state_of(taken) == "reversing"


def test_without_asking_for_the_patient_s_word_it_does(insurer: Simulator) -> None:
    """Negative control: recorded by what was read before the call, he is told "given up" and is settled with."""
    taken = answered_in_full(lambda settlement: at_once([partial(give_up, settlement)]) and None)
    worklist.move(taken, "paid")
    assert doing.state_of(taken) == "paid" and not taken.wanted
    assert to_its_end(taken) != "reversed"


def waiting_for_locks() -> int:
    """How many connections to this database wait for somebody else's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE NOT granted AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def test_a_word_that_comes_while_an_answer_is_being_recorded_comes_too_late(insurer: Simulator) -> None:
    """The answer has been looked at by what the patient wants, and is held up before it is written down."""
    opening.open_settlement(doing.priced(doing.somebody_whose_account_covers()), "insurance")
    taken = worklist.claim(Settlement.objects.all(), "calling", lease_seconds=60, settle_msgid=new_msgid())
    assert taken is not None
    amounts = Amounts(LedgerKind.SETTLED, "the same entry", "2207", timezone.now(), ((Leg.FUND, 1),))
    answer = Heard(Event.SETTLED_IN_FULL, booked=(amounts,))
    acts: list[partial[object]] = [partial(recording.record, taken, answer), partial(give_up, taken)]
    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            entries.book(taken.number, [amounts])
            recorded = threads.submit(at_once, acts[:1])
            wait_until(lambda: waiting_for_locks() == 1)
            given_up = threads.submit(at_once, acts[1:])
            wait_until(lambda: waiting_for_locks() == 2 or given_up.done())
            transaction.set_rollback(True)
        assert recorded.result() == [None] and codes(given_up.result()) == ["already_settled"]
    assert doing.state_of(taken) == "paid" and taken.wanted


def test_paying_against_giving_up(insurer: Simulator, payments: Simulator) -> None:
    settlements = [doing.paying(doing.priced(doing.somebody_who_pays_cash())) for _ in range(6)]

    def pay(settlement: Settlement) -> None:
        doing.pay(settlement)
        claiming.hear(settlement)
        collecting.follow()

    def give_up_and_close(settlement: Settlement) -> str:
        state = give_up(settlement)
        collecting.withdraw_given_up()
        return state

    acts = interleaved(
        [partial(pay, one) for one in settlements], [partial(give_up_and_close, one) for one in settlements]
    )
    given_up = told(at_once(acts, threads=12)[1::2])  # type: ignore[arg-type]
    kept_fen = 0
    for settlement, gone in zip(settlements, given_up, strict=True):
        assert to_its_end(settlement) == ("reversed" if gone else "completed")
        assert (settlement.setl_id in standing(insurer)) is not gone
        kept_fen += 0 if gone else settlement.cash_fen
    assert payments.ledger()["totals"]["cash_fen"] == kept_fen


def test_money_that_is_followed_after_the_patient_s_word_goes_back(insurer: Simulator, payments: Simulator) -> None:
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    (read_before,) = Settlement.objects.select_related("payment")
    assert give_up(settlement) == "paying"
    doing.pay(settlement)
    claiming.hear(settlement)
    recording.record(read_before, Heard(Event.PAID))
    assert doing.state_of(settlement) == "reversing"
    assert to_its_end(settlement) == "reversed"
    assert payments.ledger()["totals"]["cash_fen"] == 0


def test_without_asking_for_it_the_money_is_kept(insurer: Simulator, payments: Simulator) -> None:
    """Negative control."""
    settlement = doing.paying(doing.priced(doing.somebody_who_pays_cash()))
    (read_before,) = Settlement.objects.select_related("payment")
    assert give_up(settlement) == "paying"
    doing.pay(settlement)
    claiming.hear(settlement)
    worklist.move(read_before, "paid")
    assert to_its_end(settlement) == "completed"
    assert payments.ledger()["totals"]["cash_fen"] == settlement.cash_fen > 0


def test_giving_up_against_whoever_opens_the_order(insurer: Simulator, payments: Simulator) -> None:
    claiming.closed()
    trials = [admission.enter(doing.told(factories.patient())) for _ in range(8)]
    settlements = [opening.open_settlement(trial, "claim_later") for trial in trials]
    acts = interleaved([partial(give_up, one) for one in settlements], [collecting.collect_due] * 8)
    outcomes = at_once(acts, threads=16)
    assert not codes(outcomes)
    assert [to_its_end(settlement) for settlement in settlements] == ["reversed"] * 8
    assert {order["state"] for order in payments.ledger()["orders"]} <= {"cancelled"}
    assert not PaymentOrder.objects.filter(state="open").exists()
    assert set(Trial.objects.values_list("state", "claimed")) == {("waiting", False)}


def test_without_looking_whether_somebody_opens_it_an_order_is_left_open(
    insurer: Simulator, payments: Simulator
) -> None:
    """Negative control: over at once, though somebody has the row."""
    settlement = opening.open_settlement(claiming.waiting(), "claim_later")
    taken = worklist.claim(collecting.to_order(), {"waiting": "waiting"}, lease_seconds=40)
    assert taken is not None
    recording.record(Settlement.objects.get(pk=settlement.pk), Heard(Event.GIVEN_UP, {"wanted": False}))
    with pytest.raises(worklist.Overtaken):
        recording.record(taken, collecting._order(taken))
    assert to_its_end(settlement) == "reversed"
    assert [order["state"] for order in payments.ledger()["orders"]] == ["open"]


def test_a_claim_given_up_against_its_bill(insurer: Simulator, payments: Simulator) -> None:
    """Its trial is made, the claim follows it, its turn comes, and the patient gives it up, all at once."""
    claiming.closed()
    settlements = []
    for _ in range(4):
        trial = admission.enter(doing.told(doing.somebody_who_pays_cash()))
        settlements.append(claiming.paying(trial))
        claiming.pay(settlements[-1])
    claiming.open_again()

    def settle() -> None:
        turns.take_one()
        claims.follow()
        steps.settle_one()

    acts = interleaved([settle] * 4, [partial(give_up, one) for one in settlements])
    given_up = told(at_once(acts, threads=8)[1::2])  # type: ignore[arg-type]
    kept_fen = 0
    for settlement, gone in zip(settlements, given_up, strict=True):
        for _ in range(2):
            turns.take_one()
            claims.follow()
            to_its_end(settlement)
        assert (settlement.state, settlement.mode) == ("completed", "self_pay" if gone else "insurance")
        assert (settlement.setl_id in standing(insurer)) is not gone
        kept_fen += settlement.cash_fen
    assert payments.ledger()["totals"]["cash_fen"] == kept_fen
    assert line.waiting() == 0


def test_twenty_who_pay_ahead_at_once_have_one_settlement(payments: Simulator) -> None:
    trial = claiming.waiting()
    outcomes = at_once([lambda: opening.open_settlement(Trial.objects.get(pk=trial.pk), "claim_later")] * 20)
    assert len(good(outcomes)) == 1 and set(codes(outcomes)) == {"already_settling"}


def test_two_who_follow_a_lapsed_bill_make_one_trial(insurer: Simulator, payments: Simulator) -> None:
    settlement = claiming.paid()
    claiming.open_again()
    turns.take_one()
    Trial.objects.update(valid_until=Now())
    outcomes = at_once([claims.follow] * 8)
    assert sum(good(outcomes)) == 1 and not codes(outcomes)
    assert Trial.objects.filter(appointment=settlement.appointment_id).count() == 2


def test_a_kept_place_is_taken_once_however_many_ask(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    Trial.objects.filter(pk=trial.pk).update(state="expired", keeps_place=True)
    places = at_once([lambda: admission.enter(Appointment.objects.get(pk=trial.appointment_id)).pk] * 20)
    assert set(places) == {Trial.objects.get(instead_of=trial).pk} and line.waiting() == 1


def test_charges_that_change_again_and_again_leave_one_trial_at_the_place(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    appointment = trial.appointment
    acts = [partial(charges.replace, appointment, [ITEM]), turns.take_one, partial(admission.enter, appointment)] * 6
    outcomes = at_once(acts, threads=18)
    assert not codes(outcomes)
    while turns.take_one():
        pass
    last = Trial.objects.get(appointment=appointment, state__in=Trial.LIVE)
    assert (last.state, last.total_fen, last.number, line.waiting()) == ("priced", 2001, trial.number, 0)


def test_both_have_read_and_one_gives_up(insurer: Simulator) -> None:
    """Two requests of the same patient: both are told the same."""
    settlement = doing.opened(doing.priced(factories.patient()))
    start = threading.Barrier(2)

    def both() -> str:
        start.wait(timeout=10)
        return give_up(settlement)

    assert at_once([both] * 2) == ["reversed"] * 2
