"""What an open page would show anew, for many appointments at a time: a few queries, however many are open."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hospital.models import Appointment, Notice
from hospital.states import AppointmentState, ArchiveState, NoticeState
from insurance.models import Settlement, Trial
from insurance.quota import gate, insurers
from insurance.states import TrialState

EXACT_PLACES = 20
"""From here on every step forward is news; further back, each twentieth of the way."""


@dataclass(frozen=True, slots=True)
class News:
    """`version`: another one, when there is something new to see. `over`: nothing more will come."""

    version: str
    over: bool


def of(appointments: Sequence[int]) -> dict[int, News]:
    """As things stand. Of an appointment that is not there, nothing."""
    facts: defaultdict[int, list[Any]] = defaultdict(list)
    over: dict[int, bool] = {}
    for pk, state, archive in _states(appointments):
        over[pk] = state != AppointmentState.BOOKED or archive == ArchiveState.REJECTED
        facts[pk].append((state, archive))
    for pk, *fact in (*_notices(appointments), *_trials(appointments), *_settlements(appointments)):
        facts[pk].append(fact)
    return {pk: News(_version(facts[pk]), is_over) for pk, is_over in over.items()}


def step(ahead: int) -> int:
    """Another number, whenever a place further in front is worth telling."""
    return ahead if ahead < EXACT_PLACES else EXACT_PLACES + int(math.log(ahead / EXACT_PLACES, 1.05))


def _states(appointments: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    yield from Appointment.objects.filter(pk__in=appointments).values_list("pk", "state", "archive__state")


def _notices(appointments: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    sent = Notice.objects.filter(appointment__in=appointments, state=NoticeState.SENT)
    yield from sent.order_by("pk").values_list("appointment_id", "kind")


def _trials(appointments: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Whoever waits sees the place, and why the line stands still."""
    closed = {insurer.pk: gate.why_closed(insurer) for insurer in insurers.everyone()}
    trials = Trial.objects.filter(appointment__in=appointments).order_by("pk")
    for trial in trials.values("appointment_id", "pk", "state", "number", "line__gone", "line__insurer"):
        why = closed.get(trial["line__insurer"])
        waits = trial["state"] == TrialState.WAITING
        place = (_step_of(trial["number"], trial["line__gone"]), why.reason.value if why else "") if waits else ()
        yield trial["appointment_id"], trial["pk"], trial["state"], *place


def _step_of(number: int | None, gone: int | None) -> int:
    """By how many have left the line: near its head each of them counts."""
    ahead = (number or 0) - (gone or 0)
    return step(ahead) if ahead >= EXACT_PLACES else -(gone or 0)


def _settlements(appointments: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    settlements = Settlement.objects.filter(appointment__in=appointments).order_by("pk")
    yield from settlements.values_list("appointment_id", "pk", "state", "wanted", "payment__state", "payment__pay_url")


def _version(facts: list[Any]) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
