"""Walks every state that can be reached, breadth first, so that the trace to whatever is wrong is a shortest one."""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

State = TypeVar("State", bound=Hashable)


class Who(Enum):
    """Who makes a step happen."""

    US = "us"  # what the hospital does by itself, sooner or later
    WORLD = "the world"  # what time and the other side do by themselves, sooner or later
    CHANCE = "chance"  # what may happen or not: a patient, a person at the desk
    TROUBLE = "trouble"  # what goes wrong


FAIR = (Who.US, Who.WORLD)
"""Steps that come to pass if nothing else does."""


class Step(NamedTuple):
    """One thing that happens."""

    label: str
    who: Who
    to: Hashable


@dataclass(frozen=True)
class Model(Generic[State]):
    """`wrong` names what must not be in a state, `wrong_at_rest` in one where nothing fair is left to happen."""

    first: State
    steps: Callable[[State], Iterable[Step]]
    wrong: Callable[[State], Iterator[str]]
    wrong_at_rest: Callable[[State], Iterator[str]]
    is_end: Callable[[State], bool]


@dataclass
class Found(Generic[State]):
    """What a walk has shown. `broken` holds the shortest trace to each thing that is wrong, by its name."""

    states: int = 0
    steps: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[str]] = field(default_factory=dict)

    def told(self) -> str:
        """For people."""
        lines = [f"{self.states} states, {self.steps} steps; at rest: {dict(self.ends)}"]
        for name, trace in self.broken.items():
            lines += [f"{name}:", *(f"  {number:2}. {label}" for number, label in enumerate(trace, 1))]
        return "\n".join(lines)


class NoWayOut(Exception):
    """A step that the real tables do not know: a defect."""


def explore(model: Model[State], most: int = 3_000_000, name: Callable[[State], str] = str) -> Found[State]:
    """Every state within reach. `name`: of a state at rest, in the count of ends."""
    found: Found[State] = Found()
    came_by: dict[State, tuple[State, str] | None] = {model.first: None}
    fair_before: dict[State, list[State]] = {}
    waiting, at_rest = deque([model.first]), []
    while waiting:
        state = waiting.popleft()
        _note(found, came_by, state, model.wrong(state))
        fair = False
        try:
            steps = [step for step in model.steps(state) if step.to != state]
        except NoWayOut as error:
            _note(found, came_by, state, iter([str(error)]))
            continue
        for label, who, to in steps:
            found.steps += 1
            if who in FAIR:
                fair = True
                fair_before.setdefault(to, []).append(state)
            if to not in came_by:
                assert len(came_by) < most, f"more than {most} states: {found.told()}"
                came_by[to] = (state, label)
                waiting.append(to)
        if not fair:
            at_rest.append(state)
            found.ends[name(state)] += 1
            _note(found, came_by, state, model.wrong_at_rest(state))
    found.states = len(came_by)
    _note_stuck(model, found, came_by, fair_before, at_rest)
    return found


def _note_stuck(
    model: Model[State],
    found: Found[State],
    came_by: dict[State, tuple[State, str] | None],
    fair_before: dict[State, list[State]],
    at_rest: list[State],
) -> None:
    """From every state the fair steps alone must lead to an end where nothing is left to happen."""
    good = {state for state in at_rest if model.is_end(state)}
    spreading = deque(good)
    while spreading:
        for before in fair_before.get(spreading.popleft(), ()):
            if before not in good:
                good.add(before)
                spreading.append(before)
    stuck = next((state for state in came_by if state not in good), None)
    if stuck is not None and not found.broken:
        _note(found, came_by, stuck, iter([f"no way out of {stuck}"]))


def _note(
    found: Found[State], came_by: dict[State, tuple[State, str] | None], state: State, wrong: Iterator[str]
) -> None:
    for name in wrong:
        if name not in found.broken:
            found.broken[name] = list(_trace(came_by, state))


def _trace(came_by: dict[State, tuple[State, str] | None], state: State) -> list[str]:
    labels: list[str] = []
    while (before := came_by[state]) is not None:
        state, label = before
        labels.append(label)
    return labels[::-1]
