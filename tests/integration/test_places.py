"""Places are counted in a tree: after whatever happens in a line, it says what a plain count of the rows says."""

import random
from collections.abc import Callable

import pytest
from django.db.models import QuerySet

from hospital import worklist
from insurance.models import LineNode
from insurance.quota import insurers
from insurance.states import TrialState
from insurance.trial import admission, line, places, turns, urgency
from insurance.trial.models import Line, Trial
from tests.races import crowd

STEPS, CHECK_EVERY = 250, 10


class Crowd:
    """Patients who join, have their turn, come back, are cancelled, are put first and take their place again after a
    bill that came to nothing, in an order drawn by a seed."""

    def __init__(self, seed: int, patients: int = 250) -> None:
        self.random, self.outside = random.Random(seed), crowd.told(patients)
        self.acts: list[tuple[int, Callable[[], None]]] = [
            (6, self.join),
            (4, self.claim),
            (2, self.come_back),
            (2, self.cancel),
            (1, self.expedite),
            (1, self.end),
            (1, self.take_again),
        ]

    def step(self) -> None:
        weights, acts = zip(*self.acts, strict=True)
        self.random.choices(acts, weights)[0]()

    def join(self) -> None:
        if self.outside:
            joined = line.line_of(insurers.default(), urgent=self.random.random() < 0.2)
            admission._take_place(self.outside.pop(), joined, held_back=False)

    def claim(self) -> None:
        line.claim_next(insurers.default(), lease_seconds=60)

    def come_back(self) -> None:
        if trial := self.one_of(TrialState.CALLING):
            turns._back_into_the_line(trial, wait_seconds=0, error="no answer")

    def cancel(self) -> None:
        if trial := self.one_of(TrialState.WAITING):
            admission.withdraw(trial.appointment)

    def expedite(self) -> None:
        ordinary = Trial.objects.filter(line__urgent=False)
        if trial := self.one_of(TrialState.WAITING, ordinary):
            urgency.expedite(trial, who="a test", why="pain")

    def end(self) -> None:
        if trial := self.one_of(TrialState.CALLING):
            worklist.move(trial, TrialState.REFUSED)

    def take_again(self) -> None:
        """At any time, also long after everybody in front and around is gone and forgotten."""
        over = Trial.objects.filter(again=None, line__isnull=False)
        if earlier := self.one_of(TrialState.REFUSED, over):
            admission.again(earlier)

    def one_of(self, state: TrialState, trials: QuerySet[Trial] | None = None) -> Trial | None:
        found = list((trials if trials is not None else Trial.objects.all()).filter(state=state).order_by("pk"))
        return self.random.choice(found) if found else None


def check() -> None:
    """The tree against the rows, for everybody who waits."""
    for each in Line.objects.all():
        waiting = each.trials.filter(state=TrialState.WAITING).order_by("number")
        assert [line.ahead_in_line(trial) for trial in waiting] == list(range(len(waiting)))
        assert each.waiting == len(waiting)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_tree_says_what_a_plain_count_says(seed: int) -> None:
    patients = Crowd(seed)
    for step in range(STEPS):
        patients.step()
        if step % CHECK_EVERY == 0:
            check()
    check()
    assert Line.objects.filter(joined__gt=20).count() == 2
    assert {state for (state,) in Trial.objects.values_list("state").distinct()} >= {"waiting", "cancelled", "refused"}


def test_what_is_pruned_is_never_asked_for_again() -> None:
    patients, pruned = Crowd(4), 0
    for step in range(STEPS):
        patients.step()
        if step % 25 == 24:
            pruned += places.prune()
            check()
    assert pruned > 10
    while line.claim_next(insurers.default(), lease_seconds=60):
        pass
    for trial in Trial.objects.filter(state=TrialState.CALLING):
        worklist.move(trial, TrialState.REFUSED)
    places.prune()
    assert LineNode.objects.count() <= 2 * 41
    patients.join()
    patients.take_again()
    assert Trial.objects.filter(state=TrialState.WAITING, instead_of__isnull=False).count() == 1
    check()


def test_who_takes_an_old_place_asks_no_node_that_may_be_forgotten() -> None:
    """Negative control: read from the tree, as for everybody else, some of their places come out wrong."""
    patients = Crowd(6, patients=40)
    for act in (*[patients.join] * 30, *[patients.claim] * 30, *[patients.end] * 30):
        act()
    assert places.prune() > 0
    for _ in range(30):
        patients.take_again()
    check()
    waiting = Trial.objects.filter(state=TrialState.WAITING)
    assert any(places.ahead(one.line_id or 0, one.number or 0) != line.ahead_in_line(one) for one in waiting)


def test_a_node_that_is_lost_is_noticed() -> None:
    """Negative control: the check fails when the tree is not what it should be."""
    patients = Crowd(5, patients=40)
    for act in (*[patients.join] * 12, *[patients.claim] * 3):
        act()
    check()
    LineNode.objects.all().delete()
    with pytest.raises(AssertionError):
        check()


def test_it_costs_a_few_rows_however_long_the_line_is() -> None:
    """Each of those who left is counted in at most 40 nodes, and the oldest is asked for by at most 40."""
    assert len(list(places._writing(1))) <= 41 and len(list(places._reading(2**40 - 1))) == 40
