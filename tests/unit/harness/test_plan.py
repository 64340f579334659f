"""The schedule of a chaos run."""

from dataclasses import replace

from tests.chaos.plan import REAL, Fault, Pace, Plan, schedule

TEN_MINUTES = Plan(
    seed=7, seconds=600, every_seconds=5, patients=1400, n=100, kinds=frozenset({Fault.FREEZE, Fault.RESIZE})
)


def test_the_same_seed_draws_the_same_schedule() -> None:
    assert schedule(TEN_MINUTES) == schedule(TEN_MINUTES) != schedule(replace(TEN_MINUTES, seed=8))


def test_a_worker_is_killed_every_five_seconds_for_ten_minutes() -> None:
    kills = [event.at for event in schedule(TEN_MINUTES) if event.fault == Fault.KILL]
    assert {5.0 * number for number in range(1, 120)} <= set(kills)


def test_every_kind_of_fault_comes() -> None:
    events = schedule(TEN_MINUTES)
    assert {event.fault for event in events} == set(Fault)
    assert {name for event in events for name in event.names} == {"beat", "general", *TEN_MINUTES.crew}
    assert max(len(event.names) for event in events) >= 2 + TEN_MINUTES.workers - 1
    assert [event.n for event in events if event.fault == Fault.RESIZE][-1] == TEN_MINUTES.n


def test_a_frozen_worker_outlives_its_permit_and_is_not_killed_meanwhile() -> None:
    still: dict[str, float] = {}
    for event in schedule(TEN_MINUTES):
        assert event.fault == Fault.THAW or not still.keys() & set(event.names)
        if event.fault == Fault.FREEZE:
            still[event.names[0]] = event.at
        if event.fault == Fault.THAW:
            assert event.at - still.pop(event.names[0]) > REAL.permit_seconds
    assert still == {}


def test_a_short_run_has_one_round_and_waits_for_the_thaw() -> None:
    events = schedule(replace(TEN_MINUTES, seconds=60))
    assert [event.fault for event in events[-2:]] == [Fault.CALM, Fault.THAW]
    assert sum(event.fault == Fault.FREEZE for event in events) == 1


def test_a_single_worker_is_never_frozen() -> None:
    assert Fault.FREEZE not in {event.fault for event in schedule(replace(TEN_MINUTES, workers=1))}


def test_at_real_speed_nothing_is_scaled() -> None:
    assert REAL.variables() == {"INSURANCE_TIMEOUT_SECONDS": "10"}
    assert len(Pace(window_seconds=3).variables()) == 5
