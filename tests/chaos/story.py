"""What became of each patient, as the rows, the journal and the insurer have it. Pure; times are wall-clock seconds."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

TRIAL = "2206A"
WAITING, CALLING, PRICED, ACCEPTED = "waiting", "calling", "priced", "accepted"


@dataclass(frozen=True)
class Move:
    """One row of the journal. `due_at`: from when a trial that waits may be claimed. `number`: the journal's.
    Claims and returns are numbered as they were made: each locks its line before it writes, until it is committed."""

    to: str
    at: float
    due_at: float = 0.0
    number: float = math.inf


@dataclass(frozen=True)
class Span:
    """A wait or a turn. `until` is infinite while it lasts; `follows` is the state after it. The numbers are those of
    the moves that began and that ended it."""

    since: float
    until: float
    follows: str = ""
    begun_by: float = 0.0
    ended_by: float = math.inf
    begins_when_due: bool = False
    ends_when_due: bool = False
    """At a time that was set for it, not with the move."""

    @property
    def is_lost(self) -> bool:
        """A turn that ended without a price: the worker was killed or frozen, or the call failed."""
        return self.follows not in ("", PRICED)


@dataclass(frozen=True)
class Story:
    """One patient: the place given at the entrance, the moves of all trials, when trials arrived at the insurer."""

    place: int
    state: str
    """Of the newest trial."""
    moves: tuple[Move, ...]
    arrivals: tuple[float, ...] = ()
    trials: int = 1

    @cached_property
    def first_arrival(self) -> float:
        return min(self.arrivals, default=math.inf)

    @cached_property
    def turns(self) -> list[Span]:
        """From the journal row waiting → calling to whatever ended it. A turn whose call failed lasts until the trial
        may be claimed again."""
        return list(self._spans(CALLING))

    @cached_property
    def waits(self) -> list[Span]:
        """From when the trial may be claimed to the claim."""
        return list(self._spans(WAITING))

    @property
    def times_priced(self) -> int:
        return sum(move.to == PRICED for move in self.moves)

    def turn_of(self, arrival: float) -> Span:
        """The turn in which a message left that arrived then."""
        return max((turn for turn in self.turns if turn.since <= arrival), key=lambda turn: turn.since)

    def _spans(self, state: str) -> Iterator[Span]:
        for move, after in pairwise((*self.moves, Move("", math.inf))):
            if move.to == state:
                yield Span(
                    max(move.at, move.due_at),
                    max(after.at, after.due_at),
                    after.to,
                    move.number,
                    after.number,
                    move.due_at > move.at,
                    after.due_at > after.at,
                )


@dataclass(frozen=True)
class Evidence:
    """What the checks look at."""

    stories: list[Story]
    """The first in the line first."""
    metered: dict[str, dict[str, Any]]
    """The insurer's count by transaction."""
    arrivals: list[float]
    """Of trials, at the insurer."""
    unrecorded: int = 0
    """Arrivals of which we had not written down that they leave."""
    settled_twice: int = 0
    unexplained: int = 0
    """By how many settlements and fen our ledger differs from the insurer's books, when nothing is unknown any more."""
    resized: list[tuple[float, int]] = field(default_factory=list)
    """When n was changed, and to what."""
    deaths: list[Span] = field(default_factory=list)
    """From the beginning of a transaction in which a process was killed to its death: what it had locked could not be
    claimed."""
