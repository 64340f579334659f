"""Several at the desk at once: what was approved is carried out once, and never on what was not seen."""

import threading
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import OperationalError
from django.db.models.functions import Now

from hospital import worklist
from hospital.models import Appointment, Change, Journal
from insurance.desk import acting, alerts, decisions, redrive
from insurance.desk.actions import Action
from insurance.desk.models import Decision
from insurance.ledger import entries
from insurance.models import LedgerEntry, Refund, Settlement
from insurance.settlement import giving_up
from insurance.settlement.heard import Heard
from insurance.settlement.recording import record
from insurance.settlement.saga import Event
from tests.integration import brought
from tests.integration.brought import seen, somebody
from tests.races.test_tuning import somebody_waits
from tests.races.together import at_once, codes, good, wait_until

WHY = "the patient came to the desk"
ROUNDS = 6


def proposed(settlement: Settlement, action: Action = Action.UNDO, evidence: str = "") -> Decision:
    return decisions.propose(seen(settlement), action, who=somebody("clerk"), why=WHY, evidence=evidence)


def carried_out(settlement: Settlement) -> int:
    """How often it was written down as done."""
    return Change.objects.filter(subject=f"settlement {settlement.pk}", after="reversing").count()


def times(settlement: Settlement, state: str) -> int:
    return Journal.objects.filter(kind="settlement", item_id=settlement.pk, to_state=state).count()


def wanted(settlement: Settlement) -> bool:
    return Settlement.objects.values_list("wanted", flat=True).get(pk=settlement.pk)


def state_of(settlement: Settlement) -> str:
    return Settlement.objects.values_list("state", flat=True).get(pk=settlement.pk)


def test_ten_who_approve_at_once_carry_it_out_once() -> None:
    settlement = brought.manual_from_confirming()
    decision = proposed(settlement)
    supervisors = [somebody("supervisor") for _ in range(10)]
    outcomes = at_once([partial(decisions.approve, decision, who=who) for who in supervisors])
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["already_decided"] * 9
    assert (carried_out(settlement), times(settlement, "reversing")) == (1, 1)


def test_without_the_lock_and_the_guard_two_carry_it_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: both have read the open proposal, and nothing asks whether it is still so."""
    settlement = brought.manual_from_confirming()
    decision = proposed(settlement)
    both_have_read = threading.Barrier(2)

    def read(asked: Decision) -> Decision:
        row = Decision.objects.select_related("settlement").get(pk=asked.pk)
        both_have_read.wait(timeout=10)
        return row

    def blind(row: Any, to: str, *, reason: str = "", **fields: Any) -> Any:
        type(row)._default_manager.filter(pk=row.pk).update(state=to, **fields)
        row.state = to
        return row

    monkeypatch.setattr(decisions, "_locked", read)
    monkeypatch.setattr(worklist, "move", blind)
    supervisors = [somebody("supervisor") for _ in range(2)]
    outcomes = at_once([partial(decisions.approve, decision, who=who) for who in supervisors])
    assert codes(outcomes) == []
    assert carried_out(settlement) == 2


def test_approved_rejected_and_withdrawn_at_once_it_has_one_end() -> None:
    for _ in range(ROUNDS):
        settlement = brought.manual_from_confirming()
        decision = proposed(settlement)
        acts = [
            partial(decisions.approve, decision, who=somebody("supervisor")),
            partial(decisions.reject, decision, who=somebody("supervisor"), answer="no"),
            partial(decisions.withdraw, decision, who=decision.asked_by, answer="a mistake"),
        ]
        outcomes = at_once(acts)
        assert codes(outcomes) == ["already_decided"] * 2
        end = Decision.objects.get(pk=decision.pk).state
        assert (state_of(settlement) == "reversing") == (end == "carried_out")


def test_ten_proposals_at_once_are_one() -> None:
    settlement = brought.manual_from_confirming()
    clerks, known = [somebody("clerk") for _ in range(10)], seen(settlement)
    outcomes = at_once([partial(decisions.propose, known, Action.UNDO, who=who, why=WHY) for who in clerks])
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["already_proposed"] * 9
    assert Decision.objects.count() == Change.objects.count() == 1


def test_staff_the_patient_and_a_turn_at_once_do_not_wait_in_a_circle() -> None:
    for _ in range(ROUNDS):
        settlement = brought.unknown()
        decision = proposed(settlement)
        acts: list[Any] = [
            partial(decisions.approve, decision, who=somebody("supervisor")),
            partial(giving_up.give_up, settlement),
            partial(turn, settlement),
        ]
        told = codes(at_once(acts))
        assert set(told) <= {"lapsed", "under_way", "Overtaken", "already_decided"}, told
        assert state_of(settlement) in {"reversing", "insured"} and not wanted(settlement)


def test_with_the_locks_in_another_order_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the settlement first, while a turn's record holds the appointment and wants the settlement."""
    settlement = brought.unknown()
    decision = proposed(settlement)
    has_the_settlement = threading.Event()

    def settlement_first(settlement_id: int) -> Settlement:
        row = Settlement.objects.select_for_update(of=("self",)).get(pk=settlement_id)
        has_the_settlement.set()
        wait_until(somebody_waits)
        Appointment.objects.select_for_update().get(pk=row.appointment_id)
        return row

    def give_up() -> None:
        has_the_settlement.wait(timeout=10)
        giving_up.give_up(settlement)

    monkeypatch.setattr(acting, "lock", settlement_first)
    outcomes = at_once([partial(decisions.approve, decision, who=somebody("supervisor")), give_up])
    assert [type(each) for each in outcomes if isinstance(each, Exception)] == [OperationalError]


def test_a_turn_and_an_approval_at_once_never_both_have_their_way() -> None:
    """Either the turn has it first, and the proposal lapses; or it is undone, and the turn's answer is not used."""
    ends = set()
    for _ in range(ROUNDS):
        settlement = brought.unknown()
        Settlement.objects.filter(pk=settlement.pk).update(due_at=Now())
        decision = proposed(settlement)
        approve = partial(decisions.approve, decision, who=somebody("supervisor"))
        outcomes = at_once([approve, partial(turn, settlement)])
        assert set(codes(outcomes)) <= {"lapsed", "under_way", "Overtaken", "already_decided"}
        ends.add(state_of(settlement))
        if state_of(settlement) == "reversing":
            assert times(settlement, "insured") == 0
            assert not Settlement.objects.get(pk=settlement.pk).wanted
        else:
            assert carried_out(settlement) == 0
    assert ends <= {"reversing", "insured"}


def turn(settlement: Settlement) -> None:
    """The insurer is asked, and says that it stands."""
    taken = worklist.claim(Settlement.objects.filter(pk=settlement.pk, state="unknown"), "unknown", lease_seconds=60)
    if taken is not None:
        theirs = brought.bill(taken)
        record(taken, Heard(Event.SETTLED, brought.of_bill(theirs), booked=(entries.settled(theirs, "2207"),)))


def test_ten_who_ask_again_at_once_ask_once() -> None:
    settlement = brought.manual_from_unknown()
    known, clerk = seen(settlement), somebody("clerk")
    outcomes = at_once([partial(acting.at_once, known, Action.ASK, who=clerk, why=WHY)] * 10)
    assert len(good(outcomes)) == 1 and codes(outcomes) == ["moved_on"] * 9
    assert times(settlement, "unknown") == 2


def test_a_refund_is_tried_again_or_was_given_back_otherwise_and_never_both() -> None:
    for _ in range(ROUNDS):
        settlement = brought.manual_from_refunding()
        refund = Refund.objects.get(order__order_no=settlement.number)
        decision = proposed(settlement, Action.VOID, "in cash at the counter, receipt 17")
        outcomes = at_once(
            [
                partial(decisions.approve, decision, who=somebody("supervisor")),
                partial(redrive.try_again, refund, who="a test", why=WHY),
            ]
        )
        assert set(codes(outcomes)) <= {"refund_under_way", "not_refused"}
        booked = LedgerEntry.objects.filter(source=refund.refund_no, kind="refunded")
        refund.refresh_from_db()
        assert (refund.state, booked.count()) in {("done", 1), ("due", 0)}


def test_many_sweeps_at_once_tell_of_each_case_once(settings: LazySettings) -> None:
    settings.STAFF_ALERT_EMAIL = ["desk@hospital.example"]
    settlements = [brought.manual_from_unknown() for _ in range(5)]
    told = at_once([alerts.tell_staff] * 8)
    assert codes(told) == [] and sum(good(told)) == 5
    letters = "\n".join(str(letter.body) for letter in mail.outbox)
    for settlement in settlements:
        assert letters.count(f"settlement {settlement.pk}: manual") == 1


def test_without_the_lock_a_case_would_be_noted_twice(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: both look before either has noted; the database keeps the second from being told of."""
    settings.STAFF_ALERT_EMAIL = ["desk@hospital.example"]
    brought.manual_from_unknown()
    both_have_looked, look = threading.Barrier(2), alerts._new

    def look_and_wait(kind: Any, *more: Any) -> list[int]:
        found = look(kind, *more)
        if kind == "settlement":
            both_have_looked.wait(timeout=10)
        return found

    monkeypatch.setattr(alerts, "_new", look_and_wait)
    monkeypatch.setattr(alerts, "_NOTE_LOCK", "SELECT %s")
    assert codes(at_once([alerts.tell_staff] * 2)) == ["IntegrityError"]
