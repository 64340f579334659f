"""A process that dies at a chosen point: before what others can see of it happens, one thing after the other.

Others see a commit, a statement outside of a transaction, and bytes on the wire. So a point lies before each of them,
and there is no other: what lies between two of them is undone with the process. Reading is seen by nobody, and a number
that was given out and never used is no difference. A dead process does nothing more - no
clean-up, no rollback of its own, no word on the wire; its transaction is undone because its connection is gone.

Points are counted, not chosen: an undisturbed run is counted first, then one is made for every number.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from django.db import connection

WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
MAKES_NO_DIFFERENCE = ("insurance_messagecounter", "insurance_clockwitness")
READS = ("queryFeeList", "querySetlInfo")
"""5204 and 5203, by the end of their paths."""


class Died(BaseException):
    """The process is no more. Nobody catches it."""


@dataclass
class Life:
    """What a process does that others can see, while it `lives`."""

    deaths: list[int] = field(default_factory=list)
    """When to die: the number of the point, from 0; the next time, counted from the point after."""
    late: int = 0
    """What it was about to send when it died is on its way all the same, and arrives so many rounds later; 0: never."""
    points: list[str] = field(default_factory=list)
    died_at: list[str] = field(default_factory=list)
    lives: bool = False
    dead: bool = False
    on_its_way: list[Callable[[], Any]] = field(default_factory=list)
    rounds: int = 0
    """Since it died."""
    _wrote: bool = False

    def run(self, act: Callable[[], object]) -> bool:
        """Let a process act. False: it has died, and lies in the past."""
        self.lives = True
        try:
            act()
        except Died:
            self.dead = False
            connection.close()
            return False
        finally:
            self.lives = False
        return True

    def a_round_has_passed(self, *, all_arrives: bool) -> None:
        """What the dead have sent arrives when its time has come."""
        self.rounds += 1
        if self.rounds >= self.late or all_arrives:
            while self.on_its_way:
                self.on_its_way.pop(0)()

    def _reach(self, point: str) -> None:
        """Here it may die."""
        if self.dead:
            raise Died
        if self.deaths and not self.deaths[0]:
            self.deaths.pop(0)
            self.dead = True
            self.died_at.append(point)
            self.rounds = 0
            raise Died(point)
        if self.deaths:
            self.deaths[0] -= 1
        self.points.append(point)

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's hook around every statement."""
        if not self.lives:
            return execute(sql, params, many, context)
        if self.dead:
            raise Died
        writes = sql.lstrip().upper().startswith(WRITES)
        if writes and not connection.in_atomic_block and not any(name in sql for name in MAKES_NO_DIFFERENCE):
            self._reach(" ".join(sql.split()[:3]).replace('"', ""))
        self._wrote = self._wrote or (writes and connection.in_atomic_block)
        return execute(sql, params, many, context)

    def commit(self, commit: Callable[[], None]) -> None:
        """A transaction is over."""
        if self.lives and (self._wrote or self.dead):
            self._wrote = False
            try:
                self._reach("COMMIT")
            except Died:
                connection.connection.rollback()
                raise
        commit()

    def request(self, send: Callable[[httpx.Request], httpx.Response], request: httpx.Request) -> httpx.Response:
        """Bytes leave: to the insurer, or to the payment institution."""
        if self.dead:
            raise Died
        where = request.url.path.rsplit("/", 1)[-1]
        if self.lives and request.method == "POST" and where not in READS:
            try:
                self._reach(f"POST {where}")
            except Died:
                if self.late:
                    self._send_later(request)
                raise
        return send(request)

    def _send_later(self, request: httpx.Request) -> None:
        body = request.read()
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}

        def arrives() -> None:
            with suppress(httpx.HTTPError):  # nobody waits for its answer
                httpx.request(request.method, request.url, content=body, headers=headers, trust_env=False)

        self.on_its_way.append(arrives)


@contextmanager
def watched(life: Life, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """The database's connection and the wire are seen by this life."""
    with monkeypatch.context() as patch, connection.execute_wrapper(life.statement):
        commit, send = connection.commit, httpx.HTTPTransport.handle_request
        patch.setattr(connection, "commit", lambda: life.commit(commit))
        patch.setattr(
            httpx.HTTPTransport,
            "handle_request",
            lambda transport, request: life.request(lambda r: send(transport, r), request),
        )
        yield life
