"""`python -m tests.bench.load`: bookings over HTTP as fast as so many connections take them. A process of its own.

Reads a job as JSON, writes what came of it as JSON. Bytes on a socket and nothing else, so that what is measured is the
hospital and not its patients; how much of a core it used itself is told, too.
"""

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import uvloop


@dataclass
class Load:
    """One run. A request for every patient in turn, each time in another session."""

    host: str
    port: int
    connections: int
    seconds: float
    keyed: bool
    """Whether every request carries an `Idempotency-Key`, as a patient's page sends it."""
    tokens: list[str]
    cards: list[str]
    sessions: list[int]
    latencies: list[float] = field(default_factory=list)
    """Seconds from the first byte sent to the last received."""
    statuses: Counter[int] = field(default_factory=Counter)

    async def run(self) -> dict[str, Any]:
        """Keep every connection busy for `seconds`; what came of it."""
        requests = self._requests()
        began = time.perf_counter()
        ends = began + self.seconds
        await asyncio.gather(*(self._patient(requests, ends) for _ in range(self.connections)))
        return {
            "per_second": self.statuses[201] / (time.perf_counter() - began),
            "latencies": self.latencies,
            "statuses": self.statuses,
            "cpu_share": time.process_time() / self.seconds,
        }

    async def _patient(self, requests: Iterator[bytes], ends: float) -> None:
        """One connection, kept alive."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        while (asked := time.perf_counter()) < ends:
            writer.write(next(requests))
            status = await _answered(reader)
            self.latencies.append(time.perf_counter() - asked)
            self.statuses[status] += 1
        writer.close()

    def _requests(self) -> Iterator[bytes]:
        for number in itertools.count():
            turn, patient = divmod(number, len(self.tokens))
            if turn == len(self.sessions):
                raise RuntimeError("every patient is booked in every session: raise their number")
            session = self.sessions[(patient + turn) % len(self.sessions)]
            yield self._request(self.tokens[patient], self.cards[patient], session)

    def _request(self, token: str, card: str, session: int) -> bytes:
        body = json.dumps({"session": session, "insurance_card": {"type": "02", "number": card}})
        lines = [
            "POST /api/v1/appointments/ HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *([f"Idempotency-Key: {uuid4()}"] if self.keyed else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def _answered(reader: asyncio.StreamReader) -> int:
    """The status of the answer, once all of it is here."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return int(head[9:12])


if __name__ == "__main__":
    json.dump(uvloop.run(Load(**json.load(sys.stdin)).run()), sys.stdout)
