"""Departments with a share: who joins which line, that shares hold, and that who is ahead is counted over all lines."""

from collections import Counter
from collections.abc import Sequence

import pytest

from hospital.errors import Invalid
from hospital.models import Appointment, Change, Department
from insurance.models import Line, Trial
from insurance.quota import insurers
from insurance.states import TrialState
from insurance.trial import admission, departments, line, turns
from tests import factories
from tests.races import crowd


def share(department: Department | None, weight: int, why: str = "a busy day") -> Line:
    return departments.give_share(insurers.default(), department, weight, who="a test", why=why)


def department_of(appointment: Appointment) -> Department:
    return appointment.session.doctor.department


def joined(appointments: Sequence[Appointment], *, urgent: bool = False) -> list[Trial]:
    """A place for each, in their order."""
    return [admission._take_place(each, line.line_for(each, urgent=urgent), held_back=False) for each in appointments]


def backlog(count: int, weight: int) -> list[Trial]:
    """A department with this share, and so many who wait in its line."""
    appointments = crowd.told(count)
    share(department_of(appointments[0]), weight)
    return joined(appointments)


def served(count: int = 1_000) -> list[Trial]:
    """Whose turn it was, until so many had one or nobody waits."""
    found = []
    while len(found) < count and (trial := line.claim_next(insurers.default(), lease_seconds=60)):
        found.append(trial)
    return found


def test_shares_of_one_two_and_three_hold_over_sixty_turns() -> None:
    ones, twos, threes = backlog(30, 1), backlog(40, 2), backlog(50, 3)
    turns_of = served(60)
    seen = Counter(trial.line_id for trial in turns_of)
    for trials, expected in ((ones, 10), (twos, 20), (threes, 30)):
        assert abs(seen[trials[0].line_id] - expected) <= 1
        mine = [trial.pk for trial in turns_of if trial.line_id == trials[0].line_id]
        assert mine == [trial.pk for trial in trials[: len(mine)]]


def test_the_number_ahead_is_the_number_of_turns_before_over_all_lines() -> None:
    backlog(7, 1), backlog(9, 3)
    joined(crowd.told(6))
    served(5)
    joined(crowd.told(6), urgent=True)
    waiting = list(Trial.objects.filter(state=TrialState.WAITING))
    ahead = {trial.pk: line.ahead_of(trial, insurers.default()) for trial in waiting}
    assert ahead == {trial.pk: place for place, trial in enumerate(served())}
    assert len(ahead) == 23


def test_a_line_that_was_empty_gets_no_arrears() -> None:
    common = joined(crowd.told(30))
    late = crowd.told(20)
    share(department_of(late[0]), 1)
    served(20)
    joined(late)
    seen = Counter(trial.line_id for trial in served(10))
    assert seen[common[0].line_id] == 5


def test_a_line_that_joins_while_nobody_waits_gets_no_arrears_either() -> None:
    joined(crowd.told(20))
    served()
    early = backlog(15, 1)
    common = joined(crowd.told(15))
    seen = Counter(trial.line_id for trial in served(10))
    assert seen[early[0].line_id] == seen[common[0].line_id] == 5


def test_who_comes_back_brings_no_arrears_to_an_empty_line() -> None:
    (alone,) = backlog(1, 1)
    joined(crowd.told(40))
    served(30)
    alone.refresh_from_db()
    turns._back_into_the_line(alone, wait_seconds=0, error="no answer")
    joined([*crowd_of(alone, 10)])
    seen = Counter(trial.line_id for trial in served(8))
    assert 3 <= seen[alone.line_id] <= 5


def crowd_of(trial: Trial, count: int) -> list[Appointment]:
    """More patients of the same department."""
    appointments = crowd.told(count)
    department = department_of(trial.appointment)
    for appointment in appointments:
        appointment.session.doctor.department = department
    return appointments


def test_urgent_cases_go_first_but_every_fifth_turn_is_anothers() -> None:
    joined(crowd.told(4))
    joined(crowd.told(9), urgent=True)
    order = "".join("u" if trial.line and trial.line.urgent else "o" for trial in served())
    assert order == "uuuuouuuuouoo"


def test_without_a_share_everybody_stands_in_the_common_line() -> None:
    first, second = factories.told()[0], factories.told()[0]
    assert {str(trial.line) for trial in joined([first, second])} == {"common line"}


def test_with_a_share_of_none_newcomers_join_the_common_line_and_the_others_keep_their_places() -> None:
    one, two = crowd.told(2)
    own = share(department_of(one), 5)
    (early,) = joined([one])
    share(department_of(one), 0)
    (late,) = joined([two])
    assert (early.line_id, late.line_id) == (own.pk, line.line_of(insurers.default()).pk)
    assert {trial.pk for trial in served()} == {early.pk, late.pk}


def test_a_share_is_written_down_once_with_who_and_why() -> None:
    department = department_of(factories.booked())
    for weight in (3, 3, 7):
        share(department, weight)
    share(None, 2)
    told = Change.objects.order_by("pk").values_list("subject", "field", "before", "after", "who_name", "why")
    assert list(told) == [
        (f"line of {department.code}", "weight", "0", "3", "a test", "a busy day"),
        (f"line of {department.code}", "weight", "3", "7", "a test", "a busy day"),
        ("common line", "weight", "1", "2", "a test", "a busy day"),
    ]
    assert Line.objects.get(department=department).weight == 7


@pytest.mark.parametrize("weight", [-1, 101, 100_000])
def test_a_share_out_of_bounds_is_refused(weight: int) -> None:
    with pytest.raises(Invalid) as caught:
        share(department_of(factories.booked()), weight)
    assert caught.value.code == "out_of_bounds"
    assert not Line.objects.exists() and not Change.objects.exists()


def test_the_common_line_keeps_a_share() -> None:
    with pytest.raises(Invalid) as caught:
        share(None, 0)
    assert caught.value.code == "out_of_bounds"


def test_a_share_needs_a_reason() -> None:
    with pytest.raises(Invalid) as caught:
        share(department_of(factories.booked()), 2, why=" ")
    assert caught.value.code == "no_reason"
    assert not Line.objects.exists()
