"""What must be nought after any run, and the figures beside it. Pure: evidence in, findings out.

Two patients are compared by the places that they were given at the entrance:

- claims: nobody is claimed while somebody in front stands in the line and may be claimed (`jumped`). What came first,
  a claim, another or a return to the line, is told by the journal's numbers, not by a clock: each locks its line before
  it writes, until it is committed. A process killed inside a transaction may have locked a trial that it never claimed:
  claims at that moment are not judged;
- first arrivals at the insurer: nobody behind arrives before somebody in front, unless the turns of both overlap in
  time, a turn being what lies between the journal's row waiting → calling and whatever ended it (`inverted`). Who was
  overtaken only while the turn of a dead worker ran out had been claimed in order, and is counted as `overtaken`.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from tests.chaos.plan import Plan
from tests.chaos.story import ACCEPTED, CALLING, PRICED, TRIAL, WAITING, Evidence, Span, Story

SEEN_AFTER_SECONDS = 1.0
"""So long after a time that was set, whoever looks has seen that it is past, on a busy machine too."""

Pair = tuple[int, int]
"""Two places: in front, behind."""


@dataclass(frozen=True)
class Broken:
    """What must not be: each number 0, each list empty. Lists hold places."""

    over_limit: int
    over_lowered: int
    """By how many a lower n was exceeded while it was in force."""
    lost: list[int]
    """Patients without a trial, or with one in a state where nobody will look for it."""
    doubled: list[int]
    """Patients with two trials, a number of prices other than one at the end, or more messages than turns."""
    unfinished: list[int]
    """Patients who were not done in the calm, although they or somebody behind them had been seen claimed before it."""
    jumped: list[Pair]
    inverted: list[Pair]
    unrecorded: int
    settled_twice: int
    unexplained: int


@dataclass(frozen=True)
class Figures:
    """What is told and not judged."""

    arrivals: int
    worst_window: int
    used: float
    """Share of n from the first arrival until the calm."""
    line: int
    """How many stood in the line at the end: it never ran dry."""
    interrupted: int
    """Turns that ended without a price."""
    overtaken: int
    """Patients who were overtaken while the turn of their dead worker ran out."""
    beside: int
    """Pairs who arrived the other way round, with their turns side by side."""
    died_inside: int
    """Transactions in which a process was killed."""
    longest_away_seconds: float
    """The longest turn without a price: from the claim until the trial stood in the line again."""
    longest_back_seconds: float
    """The longest that one who had come back waited for the next claim."""


@dataclass(frozen=True)
class Findings:
    """What a run has shown."""

    broken: Broken
    figures: Figures

    def wrong(self) -> dict[str, object]:
        """What should be nought and is not."""
        return {name: value for name, value in asdict(self.broken).items() if value}

    def concerned(self, evidence: Evidence) -> list[Story]:
        """The first few of those whom it befell, to look at."""
        lists = [value for value in asdict(self.broken).values() if isinstance(value, list)]
        places = {
            place for value in lists for pair in value[:3] for place in (pair if isinstance(pair, tuple) else (pair,))
        }
        return [story for story in evidence.stories if story.place in places]


def judge(evidence: Evidence, plan: Plan, calm_at: float, front: int) -> Findings:
    """Every check. `calm_at`: when the faults were over, on the wall clock; `front`: the last place that was seen
    claimed then."""
    overtakings = list(overtaken(evidence))
    return Findings(
        Broken(
            over_limit=sum(each["over_limit"] for name, each in evidence.metered.items() if name != "all"),
            over_lowered=over_lowered(evidence, plan),
            lost=[story.place for story in evidence.stories if is_lost(story)],
            doubled=[story.place for story in evidence.stories if is_doubled(story)],
            unfinished=unfinished(evidence.stories, front),
            jumped=list(jumped(evidence)),
            inverted=[pair for pair, kind in overtakings if kind == "inverted"],
            unrecorded=evidence.unrecorded,
            settled_twice=evidence.settled_twice,
            unexplained=evidence.unexplained,
        ),
        Figures(
            arrivals=evidence.metered[TRIAL]["arrivals"],
            worst_window=evidence.metered[TRIAL]["worst_window"],
            used=used(evidence.arrivals, plan, calm_at),
            line=sum(story.state == WAITING for story in evidence.stories),
            overtaken=len({front for (front, _), kind in overtakings if kind == "overtaken"}),
            beside=sum(kind == "beside" for _, kind in overtakings),
            died_inside=len(evidence.deaths),
            **_of_the_interrupted(evidence.stories),
        ),
    )


def is_lost(story: Story) -> bool:
    return story.state not in (WAITING, CALLING, PRICED, ACCEPTED)


def is_doubled(story: Story) -> bool:
    prices = 1 if story.state in (PRICED, ACCEPTED) else 0
    return story.trials > 1 or story.times_priced != prices or len(story.arrivals) > len(story.turns)


def unfinished(stories: Sequence[Story], front: int) -> list[int]:
    """Who stands at or in front of the last place claimed before the calm, and has no price."""
    return [story.place for story in stories if story.place <= front and story.state in (WAITING, CALLING)]


def jumped(evidence: Evidence) -> Iterator[Pair]:
    """Who was claimed while another in front could be claimed, and was not until later."""
    claims = [(story.place, turn) for story in evidence.stories for turn in story.turns]
    for story in evidence.stories:
        for wait in story.waits:
            for behind, claim in claims:
                if story.place < behind and _passes(claim, wait) and not _beside_a_death(claim, evidence.deaths):
                    yield story.place, behind


def overtaken(evidence: Evidence) -> Iterator[tuple[Pair, str]]:
    """Who arrived at the insurer before somebody in front, and how that is to be judged."""
    for number, front in enumerate(evidence.stories):
        for behind in evidence.stories[number + 1 :]:
            if behind.first_arrival < front.first_arrival:
                yield (front.place, behind.place), _kind(front, behind, evidence.deaths)


def over_lowered(evidence: Evidence, plan: Plan) -> int:
    """By how many n was exceeded at most in a window that began after it was lowered, and turns under way had ended."""
    most = 0
    for (since, n), (until, _) in pairwise([*evidence.resized, (math.inf, plan.n)]):
        times = [at for at in evidence.arrivals if since + plan.pace.turn_seconds <= at <= until]
        most = max(most, worst_window(times, plan.pace.window_seconds) - n)
    return most


def worst_window(times: Sequence[float], window_seconds: float) -> int:
    """The most in any window. `times` in order."""
    return max((place + 1 - bisect_right(times, at - window_seconds) for place, at in enumerate(times)), default=0)


def used(times: Sequence[float], plan: Plan, until: float) -> float:
    """The share of n that was used: how long it took until n had come for the last time after the first one. 0: less
    than a window."""
    counted = [at for at in times if at <= until]
    windows = (len(counted) - 1) // plan.n
    return windows * plan.pace.window_seconds / (counted[windows * plan.n] - counted[0]) if windows > 0 else 0.0


def _passes(claim: Span, wait: Span) -> bool:
    too_early = wait.begins_when_due and claim.since <= wait.since + SEEN_AFTER_SECONDS
    return wait.begun_by < claim.begun_by < wait.ended_by and not too_early


def _beside_a_death(claim: Span, deaths: Sequence[Span]) -> bool:
    """Whether somebody had just been killed with a trial locked and not yet claimed."""
    return any(death.since <= claim.since <= death.until + SEEN_AFTER_SECONDS for death in deaths)


def _kind(front: Story, behind: Story, deaths: Sequence[Span]) -> str:
    theirs = behind.turn_of(behind.first_arrival)
    beside = [turn for turn in front.turns if _is_over_after(turn, theirs) and turn.since <= theirs.until]
    if not beside:
        return "beside" if _beside_a_death(theirs, deaths) else "inverted"
    return "overtaken" if all(turn.is_lost for turn in beside) else "beside"


def _is_over_after(turn: Span, claim: Span) -> bool:
    """Whether the turn was over later than that claim. Where it was to wait for a time, that is seen a little later."""
    if turn.ends_when_due:
        return claim.since <= turn.until + SEEN_AFTER_SECONDS
    return claim.begun_by < turn.ended_by


def _of_the_interrupted(stories: Sequence[Story]) -> dict[str, float]:
    lost = [turn for story in stories for turn in story.turns if turn.is_lost]
    back = [wait.until - wait.since for story in stories for wait in story.waits[1:] if wait.until < math.inf]
    return {
        "interrupted": len(lost),
        "longest_away_seconds": max((turn.until - turn.since for turn in lost), default=0.0),
        "longest_back_seconds": max(back, default=0.0),
    }
