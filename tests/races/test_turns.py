"""Workers against each other and against the patient: each row is taken once, first come first served."""

import threading
from collections.abc import Callable
from functools import partial

from django.db import connection, transaction
from django.db.models import Count

from hospital import worklist
from hospital.appointments import booking
from hospital.models import Appointment
from hospital.stateful import Journal
from hospital.states import AppointmentState
from insurance.models import Insurer, InterfaceCall
from insurance.quota import gate, insurers, lanes
from insurance.quota.lanes import Lane
from insurance.states import TrialState
from insurance.trial import admission, line, turns
from insurance.trial.models import Trial
from tests import factories
from tests.races import crowd
from tests.races.together import at_once
from tests.simulators import Simulator


def claim_all() -> list[int]:
    """One worker that claims trials until none waits."""
    claimed = []
    while trial := worklist.claim(lanes.due(Lane.TRIAL), TrialState.CALLING, lease_seconds=60):
        claimed.append(trial.pk)
    return claimed


def test_eight_workers_claim_each_trial_once_and_each_from_the_head_of_the_line() -> None:
    waiting = [admission.enter(appointment).pk for appointment in crowd.told(80)]
    shares = at_once([claim_all] * 8)
    assert sorted(pk for share in shares if isinstance(share, list) for pk in share) == waiting
    assert all(share == sorted(share) for share in shares if isinstance(share, list))
    assert set(Trial.objects.values_list("state", "attempt")) == {(TrialState.CALLING, 1)}


def test_without_the_lock_two_workers_take_the_same_trial() -> None:
    """Negative control: read, then write."""
    trial = admission.enter(factories.told()[0])
    both_have_read = threading.Barrier(2)

    def read_then_write() -> int:
        first = lanes.due(Lane.TRIAL).get()
        both_have_read.wait(timeout=10)
        Trial.objects.filter(pk=first.pk).update(state=TrialState.CALLING)
        return int(first.pk)

    assert at_once([read_then_write] * 2) == [trial.pk, trial.pk]


def claimed_meanwhile(lock: Callable[[], object]) -> object:
    """The trial claimed by another while this one holds the lock; None: nobody could."""
    claimed: list[object] = []

    def claim() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        claimed.append(line.claim_next(insurers.default(), lease_seconds=60))

    with transaction.atomic():
        lock()
        at_once([claim])
    return claimed[0] if claimed else None


def test_a_trial_is_claimed_while_somebody_stands_in_the_gate() -> None:
    """A line's row refers to the insurer's: were that locked as if it could be deleted, all turns would queue up."""
    trial = admission.enter(factories.told()[0])
    gate_id = insurers.default().pk
    assert claimed_meanwhile(lambda: gate.enter(gate_id, quiet_seconds=0)) == trial


def test_with_the_insurer_locked_against_references_nobody_is_claimed() -> None:
    """Negative control."""
    admission.enter(factories.told()[0])
    gate_id = insurers.default().pk
    assert claimed_meanwhile(lambda: Insurer.objects.select_for_update().get(pk=gate_id)) is None


def test_a_patient_who_asks_twenty_times_at_once_has_one_place() -> None:
    appointment = factories.told()[0]
    places = at_once([lambda: admission.enter(Appointment.objects.get(pk=appointment.pk)).pk] * 20)
    assert set(places) == {Trial.objects.get().pk}


def test_a_cancelled_appointment_and_its_turn_at_once_never_leave_a_price(insurer: Simulator) -> None:
    appointments = factories.told(10)
    for appointment in appointments:
        admission.enter(appointment)
    cancelling = [partial(booking.cancel, appointment) for appointment in appointments]
    outcomes = at_once([act for cancel in cancelling for act in (cancel, turns.take_one)], threads=20)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    ends = set(Trial.objects.values_list("state", "appointment__state"))
    assert ends == {(TrialState.CANCELLED, AppointmentState.CANCELLED)}


def test_eight_turns_at_once_make_eight_trials_with_one_message_each(insurer: Simulator) -> None:
    for appointment in factories.told(8):
        admission.enter(appointment)
    at_once([turns.take_one] * 8)
    assert set(Trial.objects.values_list("state", flat=True)) == {TrialState.PRICED}
    sent = InterfaceCall.objects.filter(metered=True).values("purpose").annotate(messages=Count("pk"))
    assert [row["messages"] for row in sent] == [1] * 8
    assert insurer.stats()["calls"]["2206A"] == 8


def test_a_late_answer_of_an_earlier_turn_is_not_recorded() -> None:
    """The lease ends, another worker takes the trial, then the first one's answer comes."""
    admission.enter(factories.told()[0])
    early = worklist.claim(lanes.due(Lane.TRIAL), TrialState.CALLING, lease_seconds=-1)
    Trial.objects.update(due_at="2026-01-01T00:00:00Z")
    assert early is not None
    assert turns.recover_lapsed() == 1
    late = worklist.claim(lanes.due(Lane.TRIAL), TrialState.CALLING, lease_seconds=60)
    assert late is not None
    outcomes = at_once([partial(worklist.move, row, TrialState.REFUSED) for row in (early, late)])
    assert isinstance(outcomes[0], worklist.Overtaken)
    assert Journal.objects.filter(kind="trial", to_state=TrialState.REFUSED).get().attempt == 2
