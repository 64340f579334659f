"""All patients at once: prepared first, then through the door together."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.hospital_api import GaveUp, HospitalApi, Problem
from demo.patient import End, Patient, Pause, Step
from demo.people import people

CONNECTIONS = 40
"""To the hospital, shared by the crowd."""

PREPARED_AT_ONCE = 8
"""Making an account costs the server a password hash: more at once would only queue."""

SELF_PAY = {3, 10, 17}
"""Of every twenty patients, these settle without insurance: 15 %."""

STALL_SECONDS = 180
"""Without any patient getting any further for so long, nobody will."""

UNKNOWN_GRACE_SECONDS = 100
"""How long an UNKNOWN settlement is watched after everybody else has ended: longer than the longest wait to ask again
(`environment.SETTLEMENT_ATTEMPTS_SECONDS`)."""


@dataclass
class Crowd:
    """The patients and how they are getting on. Read by the screen while it moves, by the report afterwards."""

    size: int
    patients: list[Patient] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    """Why patients were lost, and how many for each reason."""
    prepared: int = 0
    started_at: float = 0.0
    ended_at: float | None = None
    regions: tuple[str, ...] = ()
    """Where they are insured beside the hospital's own region: as many there as in each of these."""

    def reached(self, step: Step) -> int:
        """How many have come at least to `step`."""
        return sum(patient.has_reached(step) for patient in self.patients)

    def ended(self, end: End, mode: str | None = None) -> int:
        """How many stories ended so; of one mode if given."""
        return sum(patient.end is end and mode in (None, patient.mode) for patient in self.patients)

    @property
    def seconds(self) -> float:
        """From the moment the door opened."""
        return (self.ended_at or time.monotonic()) - self.started_at if self.started_at else 0.0


async def visit(
    hospital: str, crowd: Crowd, *, language: str, check: Callable[[], None], pause: Pause = asyncio.sleep
) -> None:
    """Send the crowd through every step. `check` is called twice a second and raises if the stage has fallen over."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    # Waiting for one of the connections is normal in a crowd and no error.
    timeout = httpx.Timeout(30.0, pool=None)
    headers = {"Accept-Language": {"zh": "zh-hans", "en": "en"}[language]}
    base = f"{hospital}/api/v1/"
    async with (
        httpx.AsyncClient(base_url=base, limits=limits, timeout=timeout, headers=headers, trust_env=False) as client,
        httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False, follow_redirects=False) as payer,
    ):
        crowd.patients = [
            Patient(
                HospitalApi(client, person, crowd.errors),
                _mode(number),
                pause,
                payer,
                region=_region(number, crowd.regions),
            )
            for number, person in enumerate(people(crowd.size, random.Random()))
        ]
        await _prepare(crowd, check)
        prepared = [patient for patient in crowd.patients if patient.end is None]
        if prepared:
            await _let_in(crowd, await _sessions(prepared[0].api), check)


def _mode(number: int) -> str:
    return "self_pay" if number % 20 in SELF_PAY else "insurance"


def _region(number: int, regions: Sequence[str]) -> str | None:
    place = number % (1 + len(regions))
    return regions[place - 1] if place else None


async def _prepare(crowd: Crowd, check: Callable[[], None]) -> None:
    """Accounts and tokens, before the clock starts."""
    gate = asyncio.Semaphore(PREPARED_AT_ONCE)

    async def prepare(patient: Patient) -> None:
        async with gate:
            await patient.api.post("accounts/", vars(patient.api.person))
            await patient.api.log_in()
            crowd.prepared += 1

    await _together([_or_lost(patient, prepare, crowd) for patient in crowd.patients], check, lambda: False)


async def _sessions(api: HospitalApi) -> list[str]:
    """The sessions there are."""
    answer = await api.get("sessions/")
    return [str(session["id"]) for session in answer["results"]]


async def _let_in(crowd: Crowd, sessions: list[str], check: Callable[[], None]) -> None:
    """The crowd arrives; the clock runs until the last has left."""
    crowd.started_at = time.monotonic()
    random.shuffle(crowd.patients)  # who comes through the door first is chance
    first = itertools.count()  # neighbours at the door want different sessions

    async def live(patient: Patient) -> None:
        await patient.live(sessions, next(first))

    stories = [_or_lost(patient, live, crowd) for patient in crowd.patients if patient.end is None]
    try:
        await _together(stories, check, lambda: _is_over(crowd))
    finally:
        crowd.ended_at = time.monotonic()
    _give_up_on_the_rest(crowd)


async def _or_lost(patient: Patient, story: Callable[[Patient], Awaitable[None]], crowd: Crowd) -> None:
    """Live a part of the story; what the patient cannot cope with ends it, with the reason on record."""
    try:
        await story(patient)
    except (Problem, GaveUp) as error:
        crowd.losses[str(error)] += 1
        if isinstance(error, Problem):
            crowd.errors[f"unexpected {error.status} {error.code}"] += 1
        patient.end = End.LOST


async def _together(
    stories: list[Coroutine[Any, Any, None]], check: Callable[[], None], over: Callable[[], bool]
) -> None:
    """Run all at once until all are done or it is `over`; what fails in one fails here."""
    tasks = [asyncio.create_task(story) for story in stories]
    try:
        while not all(task.done() for task in tasks) and not over():
            check()
            await asyncio.wait(tasks, timeout=0.5)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


def _is_over(crowd: Crowd) -> bool:
    """Whether waiting longer is of no use: only UNKNOWN ones are left, or nothing moves."""
    left = [patient for patient in crowd.patients if patient.end is None]
    quiet = time.monotonic() - max(patient.moved_at for patient in crowd.patients)
    only_unknown = all(patient.state == "unknown" for patient in left)
    return quiet > (UNKNOWN_GRACE_SECONDS if only_unknown else STALL_SECONDS)


def _give_up_on_the_rest(crowd: Crowd) -> None:
    for patient in crowd.patients:
        if patient.end is None:
            patient.end = End.UNKNOWN if patient.state == "unknown" else End.LOST
            if patient.end is End.LOST:
                crowd.losses[f"stood still at {patient.step}, state {patient.state}"] += 1
