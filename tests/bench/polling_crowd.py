"""`python -m tests.bench.polling_crowd JOB`: the waiting patients. Prints what they saw as JSON."""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

CONNECTIONS = 16
"""At a time. Who waits for one waits here, and not in httpx's pool, which looks at all of them at each turn."""


@dataclass
class Crowd:
    """Everybody asks first at a moment of their own, then whenever they were told to."""

    hospital: str
    trials: list[int]
    tokens: list[str]
    settle_seconds: float
    seconds: float
    latencies: list[float] = field(default_factory=list)
    """Of what was asked after the settling time."""
    statuses: Counter[int] = field(default_factory=Counter)

    async def run(self) -> dict[str, Any]:
        """Ask until the time is over; what was seen."""
        self.free = asyncio.Semaphore(CONNECTIONS)
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        timeout = httpx.Timeout(30.0, pool=None)
        self.measured_from = time.perf_counter() + self.settle_seconds
        self.ends = self.measured_from + self.seconds
        async with httpx.AsyncClient(base_url=self.hospital, limits=limits, timeout=timeout, trust_env=False) as client:
            await asyncio.gather(*(self._wait(client, *one) for one in zip(self.trials, self.tokens, strict=True)))
        return {"latencies": self.latencies, "statuses": self.statuses}

    async def _wait(self, client: httpx.AsyncClient, trial: int, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        wait_seconds: float | None = random.random() * self.settle_seconds
        while wait_seconds is not None and time.perf_counter() + wait_seconds < self.ends:
            await asyncio.sleep(wait_seconds)
            async with self.free:
                asked = time.perf_counter()
                response = await client.get(f"/api/v1/trials/{trial}/", headers=headers)
            if asked >= self.measured_from:
                self.latencies.append(time.perf_counter() - asked)
                self.statuses[response.status_code] += 1
            headers["If-None-Match"] = response.headers.get("ETag", "")
            if response.status_code == httpx.codes.OK:
                wait_seconds = response.json().get("poll_after_seconds")


if __name__ == "__main__":
    found = asyncio.run(Crowd(**json.loads(Path(sys.argv[1]).read_text())).run())
    json.dump(found, sys.stdout)
