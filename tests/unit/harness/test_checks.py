"""The checks of a chaos run on stories made by hand: each finds its kind of wrong, and none where nothing is."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import checks
from tests.chaos.checks import judge, overtaken, unfinished, used
from tests.chaos.plan import Pace, Plan
from tests.chaos.story import TRIAL, Evidence, Move, Span, Story

PLAN = Plan(seed=1, seconds=60, every_seconds=5, patients=10, n=2, pace=Pace(window_seconds=3, timeout_seconds=1))
CALM_AT = 1000.0


def story(place: int, *moves: tuple[str, float], arrivals: tuple[float, ...] = (), **other: Any) -> Story:
    """One who joined at 0 and whose trial then moved so; the journal's numbers rise with time."""
    made = (Move("waiting", 0.0, number=0), *(Move(to, at, at, number=at) for to, at in moves))
    return Story(place, made[-1].to, made, arrivals, **other)


def served(place: int, at: float) -> Story:
    """Claimed then, at the insurer 0.1 s later, priced after 0.3 s."""
    return story(place, ("calling", at), ("priced", at + 0.3), arrivals=(at + 0.1,))


def killed(place: int, at: float, again_at: float) -> Story:
    """Claimed then by a worker that died before its trial had left; back after 5 s, and claimed again then."""
    moves = [("calling", at), ("waiting", at + 5), ("calling", again_at), ("priced", again_at + 0.3)]
    return story(place, *moves, arrivals=(again_at + 0.1,))


def evidence(*stories: Story, **other: Any) -> Evidence:
    arrivals = sorted(at for one in stories for at in one.arrivals)
    metered = {TRIAL: {"arrivals": len(arrivals), "worst_window": 1, "over_limit": 0}}
    return Evidence(list(stories), metered, arrivals, **other)


def wrong(*stories: Story, **other: Any) -> dict[str, object]:
    return judge(evidence(*stories, **other), PLAN, CALM_AT, front(*stories)).wrong()


def front(*stories: Story) -> int:
    """The last place claimed before the calm."""
    return max((one.place for one in stories for turn in one.turns if turn.since < CALM_AT), default=0)


def test_one_after_the_other_is_right() -> None:
    assert wrong(served(1, 10), served(2, 11), story(3)) == {}


def test_side_by_side_may_arrive_the_other_way_round() -> None:
    slow = story(1, ("calling", 10), ("priced", 11), arrivals=(10.8,))
    assert wrong(slow, served(2, 10.2)) == {}
    assert list(overtaken(evidence(slow, served(2, 10.2)))) == [((1, 2), "beside")]


def test_who_waits_for_the_lease_of_a_dead_worker_is_overtaken_in_order() -> None:
    stories = [killed(1, 10, again_at=15.2), served(2, 11), served(3, 15.4)]
    assert wrong(*stories) == {}
    assert list(overtaken(evidence(*stories))) == [((1, 2), "overtaken")]


def test_who_has_come_back_is_claimed_before_all_behind() -> None:
    assert wrong(killed(1, 10, again_at=20), served(2, 18)) == {"jumped": [(1, 2)], "inverted": [(1, 2)]}


def test_what_came_first_is_told_by_number_and_not_by_the_clock() -> None:
    """A return that was written down at 15 and had to wait for the line's lock until after 18, and its claim."""
    back = killed(1, 10, again_at=20)
    late = replace(back, moves=(*back.moves[:2], replace(back.moves[2], number=18.1), *back.moves[3:]))
    assert wrong(late, served(2, 18)) == {}


def test_who_stands_in_front_is_claimed_first() -> None:
    assert wrong(served(1, 20), served(2, 10)) == {"jumped": [(1, 2)], "inverted": [(1, 2)]}


def test_who_is_never_claimed_was_passed_over() -> None:
    assert wrong(story(1), served(2, 10)) == {"unfinished": [1], "jumped": [(1, 2)], "inverted": [(1, 2)]}


def test_who_locked_a_trial_first_has_claimed_it_first_however_late_that_was_written() -> None:
    late = story(1, ("calling", 10.4), ("priced", 10.7), arrivals=(10.5,))
    locked_first = replace(late, moves=(late.moves[0], replace(late.moves[1], number=9.9), late.moves[2]))
    assert wrong(locked_first, served(2, 10.2)) == {}
    assert wrong(late, served(2, 10.2)) == {"jumped": [(1, 2)]}


def test_what_a_dying_process_had_locked_could_not_be_claimed() -> None:
    stories = [served(1, 11), served(2, 10.1), served(3, 10.2)]
    assert wrong(*stories, deaths=[Span(10.0, 10.3)]) == {}
    assert wrong(*stories, deaths=[Span(5.0, 5.1)]).keys() == {"jumped", "inverted"}


def test_a_failed_call_waits_its_time_at_its_place() -> None:
    moves = (
        Move("waiting", 0.0, number=0),
        Move("calling", 10.0, 10.0, number=10),
        Move("waiting", 11.0, due_at=13.0, number=11),
        Move("calling", 13.1, 13.1, number=13.1),
        Move("priced", 13.4, 13.4, number=13.4),
    )
    failed = Story(1, "priced", moves, arrivals=(13.2,))
    assert wrong(failed, served(2, 12)) == {}
    assert wrong(replace(failed, moves=(*moves[:3], Move("calling", 20.0, 20.0), moves[4])), served(2, 15))["jumped"]


def test_a_new_place_is_not_the_own_one() -> None:
    """Two trials: the first one cancelled when its worker died, the second one at the end of the line."""
    moves = [("calling", 10), ("cancelled", 15), ("waiting", 15.1), ("calling", 30), ("priced", 30.3)]
    twice = story(1, *moves, arrivals=(30.1,), trials=2)
    found = wrong(twice, served(2, 20))
    assert found == {"doubled": [1], "jumped": [(1, 2)], "inverted": [(1, 2)]}


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (Story(1, "", (), trials=0), "lost"),
        (story(1, ("calling", 10), ("refused", 11), arrivals=(10.1,)), "lost"),
        (story(1, ("calling", 10), ("priced", 11), arrivals=(10.1, 10.2)), "doubled"),
        (story(1, ("calling", 10), ("priced", 11), ("priced", 12), arrivals=(10.1,)), "doubled"),
        (story(1, ("calling", 10), arrivals=(10.1,)), "unfinished"),
    ],
)
def test_what_became_of_one(one: Story, name: str) -> None:
    assert wrong(one)[name] == [1]


@pytest.mark.parametrize("name", ["unrecorded", "settled_twice", "unexplained"])
def test_what_is_counted_elsewhere_is_passed_on(name: str) -> None:
    assert wrong(served(1, 10), **{name: 1}) == {name: 1}


def test_over_the_limit_is_the_insurers_word_on_each_transaction() -> None:
    metered = {
        TRIAL: {"arrivals": 5, "worst_window": 5, "over_limit": 3},
        "2207A": {"arrivals": 1, "worst_window": 1, "over_limit": 0},
        "all": {"arrivals": 6, "worst_window": 6, "over_limit": 4},
    }
    assert judge(Evidence([served(1, 10)], metered, [10.1]), PLAN, CALM_AT, 1).wrong() == {"over_limit": 3}


def test_a_lower_n_holds_once_the_turns_of_before_have_ended() -> None:
    stories = [served(place, 10.0 + place) for place in range(1, 9)]
    assert wrong(*stories, resized=[(5.0, 1), (30.0, 2)]) == {"over_lowered": 2}
    assert wrong(*stories, resized=[(17.5, 1), (30.0, 2)]) == {}


def test_who_is_claimed_in_the_calm_need_not_be_done() -> None:
    stories = [served(1, 10), story(2, ("calling", CALM_AT + 1)), story(3)]
    assert unfinished(stories, front(*stories)) == []


def test_the_share_used_is_n_for_each_window_after_the_first_arrival() -> None:
    every_2_s = [2.0 * number for number in range(21)]
    assert used(every_2_s, PLAN, until=40.0) == 3 / 4
    assert used([0.0, 1.0], PLAN, until=2.0) == 0.0


def test_the_worst_window_is_half_open() -> None:
    assert checks.worst_window([0.0, 1.0, 2.0, 3.0], 3.0) == 3
