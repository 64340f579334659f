"""Patients who join the line over HTTP at their times, and some who then look again and again what they are told."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]

CONNECTIONS = 40
CHECK_SECONDS = 1.0


@dataclass(frozen=True)
class Told:
    """What one answer said of the wait. A range and a reason only where the hospital gives them."""

    eta_seconds: int
    low_seconds: int | None
    high_seconds: int | None
    reason: str

    @classmethod
    def by(cls, answer: Json) -> "Told":
        low, high = answer.get("eta_low_seconds"), answer.get("eta_high_seconds")
        return cls(answer["eta_seconds"], low, high, str(answer.get("later_because") or ""))


@dataclass
class Visitor:
    """One patient: when they join (seconds after the start), and everything they are told while they wait."""

    appointment: int
    token: Callable[[], str]
    """A fresh one: a token does not live as long as a wait may."""
    joins_at: float
    looks: bool
    """Whether they look again as often as the hospital says; the others only join."""
    trial: int | None = None
    told: list[Told] = field(default_factory=list)


@dataclass
class Crowd:
    """All of them. `errors` counts what the hospital should not have answered."""

    hospital: str
    visitors: Sequence[Visitor]
    check: Callable[[], None]
    """Called each second; raises if a process has ended."""
    errors: Counter[str] = field(default_factory=Counter)

    def visit(self) -> None:
        """Everybody joins, and those who look have seen their turn come."""
        asyncio.run(self._visit())

    async def _visit(self) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        timeout = httpx.Timeout(30.0, pool=None)
        base = f"{self.hospital}/api/v1/"
        async with httpx.AsyncClient(base_url=base, limits=limits, timeout=timeout, trust_env=False) as client:
            began = time.monotonic()
            tasks = {asyncio.create_task(self._wait(visitor, client, began)) for visitor in self.visitors}
            while tasks:
                self.check()
                done, tasks = await asyncio.wait(tasks, timeout=CHECK_SECONDS)
                for task in done:
                    task.result()

    async def _wait(self, visitor: Visitor, client: httpx.AsyncClient, began: float) -> None:
        await asyncio.sleep(max(began + visitor.joins_at - time.monotonic(), 0.0))
        answer = await self._ask(visitor, client, "POST", f"appointments/{visitor.appointment}/trials/")
        while answer and answer["state"] == "waiting":
            visitor.trial = answer["id"]
            visitor.told.append(Told.by(answer))
            if not visitor.looks:
                return
            await asyncio.sleep(answer["poll_after_seconds"])
            answer = await self._ask(visitor, client, "GET", f"trials/{visitor.trial}/")

    async def _ask(self, visitor: Visitor, client: httpx.AsyncClient, method: str, path: str) -> Json | None:
        """The answer; None, and counted, where it is none that a waiting patient can go on with."""
        headers = {"Authorization": f"Bearer {visitor.token()}"}
        try:
            response = await client.request(method, path, headers=headers)
        except httpx.TransportError as error:
            self.errors[type(error).__name__] += 1
            return None
        if response.is_error:
            self.errors[f"{method}: {response.status_code}"] += 1
            return None
        answer: Json = response.json()
        return answer
