"""Patients who book at their times and then do all there is to do, as those of the demo; what they ask is counted."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from rest_framework_simplejwt.tokens import AccessToken

from demo.hospital_api import HospitalApi, Json, template
from demo.patient import Patient
from demo.people import Person
from hospital import models
from operations.capacity import arrivals
from operations.capacity.asked import Asked
from operations.capacity.course import chosen

CONNECTIONS = 40
CHECK_SECONDS = 1.0


class CountedApi(HospitalApi):
    """Signed in without a password: these people were made as rows. Every request is counted."""

    def __init__(
        self, client: httpx.AsyncClient, who: models.Patient, errors: Counter[str], asked: Counter[str]
    ) -> None:
        person = Person(who.user.username, "", who.name, who.id_number, who.phone)
        super().__init__(client, person, errors)
        self.user, self.asked = who.user, asked

    async def log_in(self) -> None:
        self.token = str(AccessToken.for_user(self.user))

    async def _once(self, method: str, path: str, body: Json | None, headers: dict[str, str]) -> Json:
        self.asked[f"{method} {template(path)}"] += 1
        return await super()._once(method, path, body, headers)


class Crowd:
    """All of them. `ends` counts how their stories ended, `asked` their requests by what they ask."""

    def __init__(
        self,
        hospital: str,
        who: Sequence[models.Patient],
        sessions: Sequence[int],
        planned: Asked,
        check: Callable[[], None],
    ) -> None:
        self.hospital, self.who, self.check = hospital, who, check
        self.sessions = [str(one) for one in sessions]
        self.books_at = arrivals.moments(planned)
        self.insured = chosen(len(who), planned.insured)
        self.ends: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()

    def visit(self) -> None:
        """Until everybody's story has ended."""
        asyncio.run(self._visit())

    async def _visit(self) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        more: dict[str, Any] = {"timeout": httpx.Timeout(30.0, pool=None), "limits": limits, "trust_env": False}
        base = f"{self.hospital}/api/v1/"
        async with httpx.AsyncClient(base_url=base, **more) as client, httpx.AsyncClient(**more) as payer:
            began = time.monotonic()
            stories = {asyncio.create_task(self._live(n, client, payer, began)) for n in range(len(self.who))}
            while stories:
                self.check()
                done, stories = await asyncio.wait(stories, timeout=CHECK_SECONDS)
                for story in done:
                    story.result()

    async def _live(self, number: int, client: httpx.AsyncClient, payer: httpx.AsyncClient, began: float) -> None:
        await asyncio.sleep(max(began + self.books_at[number] - time.monotonic(), 0.0))
        api = CountedApi(client, self.who[number], self.errors, self.asked)
        await api.log_in()
        mode = "insurance" if self.insured[number] else "self_pay"
        patient = Patient(api, mode, asyncio.sleep, payer)
        await patient.live(self.sessions, number)
        self.ends[str(patient.end)] += 1
