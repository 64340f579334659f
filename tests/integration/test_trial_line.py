"""Step 5: a place in the line, or held back."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now

from hospital.appointments import booking
from hospital.archives import filing
from hospital.errors import Conflict, HeldBack
from hospital.identity import InsuranceCard
from hospital.models import Appointment
from insurance.models import Permit, Trial
from insurance.quota import limits, permits
from insurance.quota.lanes import Lane
from insurance.trial import admission, line, turns
from tests import factories
from tests.integration import doing
from tests.simulators import Simulator


def refused(appointment: Appointment) -> str:
    with pytest.raises(Conflict) as caught:
        admission.enter(appointment)
    return caught.value.code


def n_a_minute(settings: LazySettings, n: int) -> None:
    settings.INSURANCE_TRIAL_PER_MINUTE = n


def use_up_permits() -> None:
    while doing.answered_now():
        pass


def test_before_filing_and_before_the_notice_nobody_may_ask() -> None:
    appointment = factories.booked()
    assert refused(appointment) == "not_told_yet"
    filing.file_batch(10)
    assert refused(appointment) == "not_told_yet"


def test_who_could_not_be_filed_may_not_ask() -> None:
    who = factories.patient()
    appointment = booking.book(who, factories.session().pk, InsuranceCard("02", factories.id_number()))
    filing.file_batch(10)
    assert refused(appointment) == "archive_rejected"


def test_who_has_cancelled_may_not_ask_even_when_it_crosses() -> None:
    appointment = factories.told()[0]
    as_read_before = Appointment.objects.get(pk=appointment.pk)
    booking.cancel(appointment)
    assert refused(appointment) == "appointment_over"
    assert refused(as_read_before) == "appointment_over"
    assert not Trial.objects.exists()


def test_asked_again_the_place_is_the_same() -> None:
    first, second = factories.told(2)
    trial = admission.enter(first)
    admission.enter(second)
    assert admission.enter(Appointment.objects.get(pk=first.pk)) == trial
    assert Trial.objects.count() == 2


def test_the_line_says_how_many_are_ahead() -> None:
    trials = [admission.enter(appointment) for appointment in factories.told(4)]
    assert [line.place_of(trial).ahead for trial in trials] == [0, 1, 2, 3]
    booking.cancel(trials[1].appointment)
    assert [line.place_of(trials[place]).ahead for place in (0, 2, 3)] == [0, 1, 2]


def test_the_wait_is_that_of_the_permit_that_will_come_free(settings: LazySettings) -> None:
    n_a_minute(settings, 2)
    use_up_permits()
    trials = [admission.enter(appointment) for appointment in factories.told(5)]
    etas = [line.place_of(trial).eta_seconds for trial in trials]
    assert [round(eta, -1) for eta in etas] == [60, 60, 120, 120, 180]


def test_a_free_permit_means_no_wait(settings: LazySettings) -> None:
    trial = admission.enter(factories.told()[0])
    place = line.place_of(trial)
    assert (place.ahead, place.eta_seconds, place.poll_after_seconds) == (0, 0, 1)


def test_a_line_that_is_longer_than_allowed_is_full(settings: LazySettings) -> None:
    n_a_minute(settings, 2)
    settings.TRIAL_LINE_MINUTES = 1
    use_up_permits()
    *allowed, over = factories.told(3)
    for appointment in allowed:
        admission.enter(appointment)
    with pytest.raises(HeldBack) as caught:
        admission.enter(over)
    assert caught.value.code == "line_full"
    assert 50 < caught.value.retry_after_seconds <= 61
    Permit.objects.update(free_at=Now())
    assert admission.enter(over).state == "waiting"


def test_with_a_line_of_nobody_one_is_let_through_or_held_back(settings: LazySettings) -> None:
    n_a_minute(settings, 2)
    settings.TRIAL_LINE_MINUTES = 0
    appointments = factories.told(3)
    assert [admission.enter(one).state for one in appointments[:2]] == ["waiting", "waiting"]
    with pytest.raises(HeldBack) as caught:
        admission.enter(appointments[2])
    assert 1 <= caught.value.retry_after_seconds <= 60


def test_a_paused_interface_holds_everybody_back() -> None:
    quota = permits.quota_of(Lane.TRIAL)
    assert quota is not None
    limits.set_limit(quota, 0)
    with pytest.raises(HeldBack):
        admission.enter(factories.told()[0])
    assert not turns.take_one()


def test_who_waits_is_served_in_order(insurer: Simulator) -> None:
    trials = [admission.enter(appointment) for appointment in factories.told(3)]
    for _ in range(2):
        assert turns.take_one()
    assert [doing.state_of(trial) for trial in trials] == ["priced", "priced", "waiting"]


def test_who_has_left_the_line_is_passed_over(insurer: Simulator) -> None:
    first, second = (admission.enter(appointment) for appointment in factories.told(2))
    booking.cancel(first.appointment)
    assert turns.take_one()
    assert (doing.state_of(first), doing.state_of(second)) == ("cancelled", "priced")


def test_a_trial_that_is_over_makes_room_for_a_new_one(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    assert admission.enter(trial.appointment) == trial
    Trial.objects.update(valid_until=Now() - timedelta(seconds=1))
    again = admission.enter(trial.appointment)
    assert again != trial and again.state == "waiting"
    assert doing.state_of(trial) == "expired"


def test_trials_that_are_over_are_swept_up(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    assert admission.expire_due() == 0
    Trial.objects.update(valid_until=Now() - timedelta(seconds=1))
    assert (admission.expire_due(), admission.expire_due()) == (1, 0)
    assert doing.state_of(trial) == "expired"


def test_who_is_settling_gets_no_other_trial(insurer: Simulator) -> None:
    trial = doing.priced(factories.patient())
    doing.opened(trial)
    assert refused(trial.appointment) == "already_settling"


def test_a_frozen_trial_stays_with_the_staff(insurer: Simulator) -> None:
    insurer.faults({"infno": "2206A", "kind": "wrong_totals"})
    trial = admission.enter(factories.told()[0])
    turns.take_one()
    assert doing.state_of(trial) == "frozen"
    assert refused(trial.appointment) == "trial_frozen"
