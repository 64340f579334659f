"""One patient's connection to the hospital: JSON over HTTP, with a token, on a network that fails now and then."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx

from demo.people import Person

Json = dict[str, Any]

ATTEMPTS = 8
"""How often one request is tried before the patient gives up. Every attempt carries the same Idempotency-Key."""

TRY_AGAIN = {500, 502, 503, 504}
LONGEST_WAIT_SECONDS = 60.0


class Problem(Exception):
    """The hospital said no: `status` and the stable `code` of its problem+json."""

    def __init__(self, status: int, code: str, retry_after_seconds: float, text: str) -> None:
        super().__init__(f"{status} {code}: {text[:200]}")
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class GaveUp(Exception):
    """No usable answer after every attempt; the message is the last thing that was wrong."""


class HospitalApi:
    """The calls of one patient. `errors` counts, over all patients, every answer that should not have come."""

    def __init__(self, client: httpx.AsyncClient, person: Person, errors: Counter[str]) -> None:
        self.client = client
        self.person = person
        self.errors = errors
        self.token: str | None = None

    async def get(self, path: str) -> Json:
        """What stands at `path`."""
        return await self._call("GET", path)

    async def post(self, path: str, body: Json, key: str | None = None) -> Json:
        """Ask for something; `key` makes a repetition harmless."""
        return await self._call("POST", path, body, {"Idempotency-Key": key} if key else {})

    async def log_in(self) -> None:
        """Fetch a token."""
        who = {"username": self.person.username, "password": self.person.password}
        self.token = None
        self.token = str((await self.post("token/", who))["access"])

    async def _call(
        self, method: str, path: str, body: Json | None = None, headers: dict[str, str] | None = None
    ) -> Json:
        wrong = ""
        for attempt in range(ATTEMPTS):
            try:
                return await self._once(method, path, body, headers or {})
            except httpx.TransportError as error:
                wrong, wait = type(error).__name__, 0.0
            except Problem as problem:
                wrong, wait = await self._after(problem, path)
            if wrong != "throttled":
                self.errors[f"{method} {template(path)}: {wrong}"] += 1
            await asyncio.sleep(wait or min(5.0, 0.2 * 2**attempt) * random.uniform(0.5, 1))
        raise GaveUp(f"{method} {template(path)}: {wrong}")

    async def _once(self, method: str, path: str, body: Json | None, headers: dict[str, str]) -> Json:
        if self.token:
            headers = {**headers, "Authorization": f"Bearer {self.token}"}
        response = await self.client.request(method, path, json=body, headers=headers)
        if response.is_success:
            answer = response.json()
            return answer if isinstance(answer, dict) else {"results": answer}
        raise _problem(response)

    async def _after(self, problem: Problem, path: str) -> tuple[str, float]:
        """What was wrong and how long to wait before the same request again; what cannot be tried again is raised."""
        if problem.status == httpx.codes.UNAUTHORIZED and self.token:
            await self.log_in()  # the token has run out
            return "token expired", 0.01
        if problem.status == httpx.codes.TOO_MANY_REQUESTS and problem.code != "line_full":
            return "throttled", problem.retry_after_seconds or 1.0
        if problem.status in TRY_AGAIN:
            return str(problem.status), problem.retry_after_seconds
        raise problem


def _problem(response: httpx.Response) -> Problem:
    is_json = "json" in response.headers.get("Content-Type", "")
    body = response.json() if is_json else {}
    code = str(body.get("code", "")) if isinstance(body, dict) else ""
    after = response.headers.get("Retry-After", "")
    wait = min(float(after), LONGEST_WAIT_SECONDS) if after.isdecimal() else 0.0
    return Problem(response.status_code, code, wait, response.text)


def template(path: str) -> str:
    """A path with its identifiers taken out, so that equal errors are counted together."""
    plain = path.split("?")[0]
    return "/".join("{id}" if any(letter.isdigit() for letter in part) else part for part in plain.split("/"))
