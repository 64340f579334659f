"""The day on paper: nobody is lost, never more than n in a window, and what can be reckoned by hand comes out so."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.capacity import arrivals, chart, day, figures, filing, goals, load, rows, series
from operations.capacity.asked import Asked, Contradiction, Shape, Wrong
from operations.capacity.course import NEVER, chosen
from operations.capacity.facts import SOURCES, Facts, table

FACTS = Facts()
UNHURRIED = 1_000_000.0
"""A line of so many minutes holds nobody back."""

asked_for = st.builds(
    Asked,
    patients=st.integers(1, 250),
    over_seconds=st.floats(60, 3_000),
    shape=st.sampled_from(Shape),
    n=st.integers(1, 60),
    m=st.integers(201, 300),
    tick_seconds=st.sampled_from([1.0, 5.0, 60.0]),
    insurers=st.integers(1, 3),
    settlement_per_minute=st.sampled_from([None, 5, 60]),
    shared_per_minute=st.sampled_from([None, None, 7, 200]),
    line_minutes=st.sampled_from([0.0, 1.0, 30.0, UNHURRIED]),
    insured=st.floats(0, 1),
    no_show=st.sampled_from([0.0, 0.3]),
    give_up=st.sampled_from([0.0, 0.5, 1.0]),
    closes=st.sampled_from([None, 9.0 * 3600]),
)


@settings(max_examples=60, deadline=None)
@given(asked_for)
def test_nobody_is_lost(asked: Asked) -> None:
    played = day.play(asked, FACTS)
    ends = figures.of(played).ends
    assert ends.had_a_turn + ends.no_show + ends.gave_up + ends.left_over == asked.patients
    if asked.closes is None:
        assert ends.left_over == 0 and ends.completed == ends.had_a_turn
    assert min(ends.no_show, ends.gave_up, ends.left_over) >= 0


@settings(max_examples=60, deadline=None)
@given(asked_for)
def test_never_more_than_the_limit_in_any_window(asked: Asked) -> None:
    for course in day.play(asked, FACTS).courses:
        lanes = {"turn": asked.n, "settled": asked.settlement_per_minute}
        if asked.shared_per_minute:
            confirmed = [at - FACTS.confirming_seconds for at in course.completed if at < NEVER]
            began = [*moments(course.turn), *moments(course.settled), *confirmed]
            assert apart(began, asked.shared_per_minute)
        else:
            assert all(limit is None or apart(moments(getattr(course, step)), limit) for step, limit in lanes.items())


@settings(max_examples=40, deadline=None)
@given(asked_for)
def test_steps_follow_one_another_and_the_line_is_left_in_order(asked: Asked) -> None:
    for course in day.play(asked, FACTS).courses:
        for patient, turn in enumerate(course.turn):
            steps = [course.asks[patient], course.joined[patient], turn, course.priced[patient]]
            assert steps == sorted(steps)
            if course.completed[patient] < NEVER:
                assert course.priced[patient] < course.completed[patient]
        in_line = sorted(zip(course.joined, course.turn, strict=True))
        assert [turn for _, turn in in_line] == sorted(turn for _, turn in in_line)


@settings(max_examples=25, deadline=None)
@given(asked_for, st.integers(1, 40))
def test_a_greater_n_is_never_slower(asked: Asked, more: int) -> None:
    """Where the line holds nobody back: there, who comes first is chance."""
    asked = replace(asked, line_minutes=UNHURRIED, shared_per_minute=None, closes=None, settlement_per_minute=None)
    slower, faster = (figures.of(day.play(replace(asked, n=n), FACTS)) for n in (asked.n, asked.n + more))
    assert faster.ends.last_priced <= slower.ends.last_priced + FACTS.trial_seconds
    assert faster.line.wait_longest <= slower.line.wait_longest + FACTS.trial_seconds


def test_a_crowd_at_once_takes_whole_rounds_of_permits() -> None:
    """400 at once at n = 100: the fourth round begins after three windows, each with a turn and its margins."""
    asked = Asked(400, over_seconds=0.001, line_minutes=UNHURRIED, m=1_000, tick_seconds=1.0)
    found = figures.of(day.play(asked, FACTS))
    a_round = FACTS.window_seconds + FACTS.margin_seconds + FACTS.idle_seconds + FACTS.trial_seconds
    spread = 99 * FACTS.window_seconds / (FACTS.brake_factor * asked.n)
    assert found.line.wait_longest == pytest.approx(3 * a_round + spread, abs=0.1)
    assert found.line.longest == 400


def test_a_long_day_is_as_long_as_the_permits_allow() -> None:
    asked = Asked(3_000, over_seconds=60.0, line_minutes=UNHURRIED, m=1_000)
    a_round = FACTS.window_seconds + FACTS.margin_seconds + FACTS.idle_seconds + FACTS.trial_seconds
    assert figures.of(day.play(asked, FACTS)).ends.last_turn == pytest.approx(3_000 / 100 * a_round, rel=0.02)


def test_slow_answers_and_few_calls_at_once_bound_the_day() -> None:
    slow = replace(FACTS, answer_seconds=2.0, at_once=5)
    asked = Asked(600, over_seconds=60.0, n=190, line_minutes=UNHURRIED, insured=0.0, no_show=0.0)
    turns = 600 * (slow.trial_seconds + slow.confirming_seconds) / 5
    assert figures.of(day.play(asked, slow)).ends.last_turn == pytest.approx(turns, rel=0.1)


def test_more_insurers_share_the_patients() -> None:
    one, four = (figures.of(day.play(Asked(2_000, over_seconds=60.0, insurers=count), FACTS)) for count in (1, 4))
    assert four.ends.last_turn == pytest.approx(one.ends.last_turn / 4, rel=0.2)


def test_who_would_wait_too_long_is_held_back_and_comes_again() -> None:
    asked = Asked(1_000, over_seconds=60.0, line_minutes=2.0)
    line = figures.of(day.play(asked, FACTS)).line
    assert line.held_back == pytest.approx(760, abs=20)
    assert line.held_back <= line.knocks < 2 * line.held_back  # each is told when there will be a place
    assert line.outside <= line.held_back
    nobody = figures.of(day.play(replace(asked, give_up=1.0), FACTS))
    assert (nobody.ends.gave_up, nobody.line.outside) == (nobody.line.held_back, 0)


def test_on_a_shared_limit_those_who_have_begun_go_first() -> None:
    """Three calls for who is insured, two for who is not: n of them in a window."""
    asked = Asked(400, over_seconds=60.0, shared_per_minute=100, line_minutes=UNHURRIED, insured=0.5)
    found = figures.of(day.play(asked, FACTS)).ends
    assert found.last_completed == pytest.approx(400 * 2.5 / 100 * 60.5, rel=0.1)


@pytest.mark.parametrize("shape", Shape)
def test_bookings_lie_in_their_time_in_order(shape: Shape) -> None:
    found = arrivals.moments(Asked(997, over_seconds=600.0, shape=shape))
    assert len(found) == 997 and found == sorted(found) and found[0] >= 0 and found[-1] < 600


def test_a_surge_and_a_file() -> None:
    surge = arrivals.moments(Asked(1_000, over_seconds=1_000.0, shape=Shape.SURGE))
    assert sum(at < 100 for at in surge) == 500
    curve = arrivals.read(["minute,arrivals", "0,10", "1,0", "2,20"])
    by_file = arrivals.moments(Asked(30, over_seconds=180.0, curve=curve))
    assert series.a_bucket(by_file, 60, 3) == [10, 0, 20]
    assert arrivals.most_a_minute(by_file) == 20
    with pytest.raises(arrivals.Unreadable, match="line 2"):
        arrivals.read(["5", "many"])


def test_the_tick_files_m_and_leaves_the_others_for_the_next() -> None:
    asked = Asked(7, over_seconds=1.0, n=2, m=3, tick_seconds=5.0)
    found = filing.batches([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 18.0], asked, replace(FACTS, filing_seconds=0.0))
    assert [(batch.at, batch.waiting, batch.filed) for batch in found] == [(5, 5, 3), (10, 3, 3), (20, 1, 1)]
    assert len(filing.filed_at(found)) == 7


def test_a_slow_filing_leaves_ticks_out() -> None:
    asked = Asked(4, over_seconds=1.0, n=1, m=2, tick_seconds=1.0)
    found = filing.batches([0.5] * 4, asked, replace(FACTS, filing_seconds=1.0))
    assert [batch.at for batch in found] == [1, 3]


CONTRADICTIONS = {
    Wrong.NO_PATIENTS: {"patients": 0},
    Wrong.NO_TIME: {"over_seconds": 0.0},
    Wrong.NO_LIMIT: {"n": 0},
    Wrong.M_NOT_ABOVE_N: {"n": 200, "m": 200},
    Wrong.NO_TICK: {"tick_seconds": 0.0},
    Wrong.NO_INSURERS: {"insurers": 0},
    Wrong.NO_WORKERS: {"workers": 0},
    Wrong.NO_SUCH_SHARE: {"insured": 1.5},
    Wrong.CLOSES_BEFORE_OPENS: {"closes": 7 * 3600.0},
    Wrong.BOOKINGS_AFTER_CLOSE: {"closes": 9 * 3600.0},
}


@pytest.mark.parametrize("wrong", Wrong)
def test_what_contradicts_itself_is_refused(wrong: Wrong) -> None:
    with pytest.raises(Contradiction) as refused:
        day.play(replace(Asked(10), **CONTRADICTIONS[wrong]), FACTS)  # type: ignore[arg-type]
    assert refused.value.wrong is wrong


def test_the_answers_hold_and_one_less_does_not() -> None:
    asked, goal = Asked(3_000, over_seconds=600.0), 600.0
    found = goals.answer(asked, FACTS, goal)
    assert not found.enough_already and found.n and found.insurers and found.over_seconds
    assert day.holds(replace(asked, n=found.n, m=found.n_needs_m), FACTS, goal)
    assert not day.holds(replace(asked, n=found.n - 1, m=found.n_needs_m), FACTS, goal)
    assert not day.holds(replace(asked, insurers=found.insurers - 1), FACTS, goal)
    assert not day.holds(replace(asked, over_seconds=found.over_seconds - goals.STEP_SECONDS), FACTS, goal)


def test_where_nothing_is_enough() -> None:
    """With answers this slow the calls in flight decide, whatever n is."""
    slow = replace(FACTS, answer_seconds=10.0, at_once=1)
    assert goals.answer(Asked(500, over_seconds=60.0), slow, 60.0).n is None
    assert goals.least(lambda count: count >= 37, 1, 1_000) == 37
    assert goals.least(lambda count: False, 1, 10) is None


@given(st.integers(0, 2_000), st.floats(0, 1))
def test_shares_are_kept_evenly(count: int, share: float) -> None:
    assert sum(chosen(count, share)) == pytest.approx(count * share, abs=3 + 0.01 * count)


def test_who_waits_looks_as_often_as_the_hospital_says() -> None:
    assert list(load.looks(0.0, 1.5)) == [1, 2]
    assert list(load.looks(0.0, 600.0))[:3] == [180, 360, 520]


def test_the_work_of_a_day() -> None:
    played = day.play(Asked(1_000, over_seconds=600.0, n=150), FACTS)
    found = load.of(played)
    assert [one.kind for one in found.needs] == ["web", "general", "insurance", "database"]
    assert all(one.cores > 0 and one.hosts == 1 for one in found.needs) and found.knocks == 0
    assert sum(found.requests) > 1_000 * FACTS.requests_to_book
    assert load.need("web", 5.7, FACTS).hosts == math.ceil(5.7 / 2.8)


def test_rows_are_those_of_the_steps() -> None:
    played = day.play(Asked(200, over_seconds=60.0, no_show=0.5), FACTS)
    steps = figures.steps(played)
    left, asked = rows.of(steps), len(played.every("asks"))
    assert left["hospital_archive"] == 200 and left["insurance_trial"] == left["insurance_visit"] == asked < 110
    assert left["insurance_settlement"] == steps[rows.Step.INSURED] + steps[rows.Step.SELF_PAY] == asked
    assert {table for step in rows.A_STEP.values() for table in step} == set(rows.BYTES_A_ROW)


def test_every_fact_has_a_source() -> None:
    assert [name for name, _, _ in table(FACTS)] == list(SOURCES)


def test_a_picture() -> None:
    drawn = chart.drawn([0, 4, 8], ["08:00", "08:20", "08:40"], "waiting")
    assert drawn[0] == "waiting" and drawn[1].split() == ["8", "┤", "█"] and drawn[8].endswith("┤ ██")
    assert [chart.round_up(value) for value in (0, 1, 3, 8.5, 90, 2_990, 40_001)] == [1, 1, 4, 10, 100, 4_000, 80_000]
    assert chart.drawn([], [], "nothing")[1].split() == ["1", "┤"]


def moments(steps: list[float]) -> list[float]:
    return [at for at in steps if at < NEVER]


def apart(began: list[float], limit: int) -> bool:
    """Whether no window, wherever it begins, holds more than the limit."""
    ordered = sorted(began)
    return all(ordered[i + limit] - ordered[i] >= FACTS.window_seconds for i in range(len(ordered) - limit))
