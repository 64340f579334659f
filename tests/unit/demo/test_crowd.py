"""The crowd against a stand-in over real HTTP: every step, every way it may go wrong."""

import asyncio
from collections.abc import Iterator

import pytest

from demo.crowd import Crowd, visit
from demo.patient import End, Step
from demo.processes import ProcessDied
from tests.unit.demo.stand_in import StandIn, serving


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setattr("demo.patient.POLL_SECONDS", 0.02)
    made = StandIn()
    with serving(made):
        yield made


def sent(stand_in: StandIn, size: int) -> Crowd:
    crowd = Crowd(size)
    asyncio.run(visit(stand_in.address, crowd, language="zh", check=lambda: None))
    return crowd


def test_everybody_reaches_the_end(stand_in: StandIn) -> None:
    crowd = sent(stand_in, 40)
    assert crowd.reached(Step.ENDED) == crowd.prepared == 40
    assert (crowd.ended(End.COMPLETED, "insurance"), crowd.ended(End.COMPLETED, "self_pay")) == (34, 6)
    assert sorted(stand_in.modes.values()).count("self_pay") == 6
    assert not crowd.errors
    assert not any(patient.held_back for patient in crowd.patients)


def test_patients_say_where_they_are_insured(stand_in: StandIn) -> None:
    crowd = Crowd(9, regions=("990200", "990300"))
    asyncio.run(visit(stand_in.address, crowd, language="zh", check=lambda: None))
    assert crowd.ended(End.COMPLETED) == 9
    assert stand_in.insured_in == {None: 3, "990200": 3, "990300": 3}


def test_no_seat_is_an_end(stand_in: StandIn) -> None:
    stand_in.seats = 3
    crowd = sent(stand_in, 5)
    assert (crowd.ended(End.NOT_BOOKED), crowd.ended(End.COMPLETED)) == (2, 3)
    assert crowd.reached(Step.BOOKED) == 3


@pytest.mark.parametrize("state", ["refused", "reversed", "manual"])
def test_other_ends(stand_in: StandIn, state: str) -> None:
    stand_in.last_state = state
    crowd = sent(stand_in, 2)
    assert crowd.ended(End(state)) == 2
    assert crowd.reached(Step.ENDED) == 0


def test_a_lost_answer_is_asked_again_with_the_same_key(stand_in: StandIn) -> None:
    stand_in.failures = {"/appointments/": [0, 0, 503], "/trials/": [502]}
    crowd = sent(stand_in, 3)
    assert crowd.ended(End.COMPLETED) == 3
    assert stand_in.seats == 997
    assert sum(crowd.errors.values()) == 4
    assert crowd.errors["POST appointments/: 503"] == 1


def test_a_full_line_is_waited_for(stand_in: StandIn) -> None:
    stand_in.failures = {"/appointments/1/trials/": [429]}
    crowd = sent(stand_in, 2)
    assert crowd.ended(End.COMPLETED) == 2
    assert sum(patient.held_back for patient in crowd.patients) == 1
    assert not crowd.errors


def test_an_unexpected_answer_loses_the_patient_and_is_counted(stand_in: StandIn) -> None:
    stand_in.failures = {"/appointments/1/trials/": [418]}
    crowd = sent(stand_in, 2)
    assert (crowd.ended(End.LOST), crowd.ended(End.COMPLETED)) == (1, 1)
    assert crowd.errors == {"unexpected 418 broken": 1}
    assert next(iter(crowd.losses)).startswith("418 broken")


def test_unknown_is_watched_for_the_grace_only(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.crowd.UNKNOWN_GRACE_SECONDS", 0.3)
    stand_in.last_state = "unknown"
    crowd = sent(stand_in, 2)
    assert crowd.ended(End.UNKNOWN) == 2


def test_standing_still_does_not_last_for_ever(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.crowd.STALL_SECONDS", 0.3)
    stand_in.last_state = "confirming"
    crowd = sent(stand_in, 2)
    assert crowd.ended(End.LOST) == 2
    assert crowd.losses == {"stood still at paid, state confirming": 2}


def test_a_dead_process_ends_the_visit_at_once(stand_in: StandIn) -> None:
    def check() -> None:
        raise ProcessDied("web ended with 1")

    with pytest.raises(ProcessDied, match="web"):
        asyncio.run(visit(stand_in.address, Crowd(2), language="en", check=check))
