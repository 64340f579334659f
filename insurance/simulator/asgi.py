"""The little ASGI both simulators need: read a body, send an answer, or give no answer at all."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from insurance.simulator.money import JsonObject

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

JSON = b"application/json; charset=utf-8"
HTML = b"text/html; charset=utf-8"
TEXT = b"text/plain; charset=utf-8"
CSV = b"text/csv; charset=utf-8"
FILE = b"application/octet-stream"


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is neither JSON nor a file, or has a status or headers of its own: its bytes and their type."""

    body: bytes
    kind: bytes
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


class BadBody(Exception):
    """The body is not one JSON object; the caller is told so."""


class Answering(Protocol):
    """Whoever asked, and the ways in which it may be answered or not."""

    async def send(self, status: int, body: bytes, kind: bytes = JSON) -> None: ...

    async def send_json(self, status: int, value: object) -> None: ...

    async def answer(self, value: object) -> None: ...

    async def send_half(self, value: object) -> None: ...

    async def abort(self) -> None: ...


class Exchange:
    """One HTTP request and the one thing done about it: answered, cut short, or aborted."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self._receive = receive
        self._send = send

    @property
    def arrived_ns(self) -> int:
        """`time.monotonic_ns()` when the first byte of this request was parsed (`server.Protocol`)."""
        return int(self.scope["state"]["arrived_ns"])

    def header(self, name: bytes) -> str:
        """The header's value, or an empty string; `name` in lower case."""
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), "")

    async def body(self) -> bytes:
        """The whole body; what came before the other side hung up, if it did."""
        message = await self._receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            message = await self._receive()
            body += message.get("body", b"")
        return body

    async def send(
        self, status: int, body: bytes, kind: bytes = JSON, more: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def send_json(self, status: int, value: object) -> None:
        await self.send(status, dumps(value))

    async def answer(self, value: object) -> None:
        """HTTP 200 with a file, if the value is bytes, with what a `Content` says, and else with JSON."""
        if isinstance(value, Content):
            await self.send(value.status, value.body, value.kind, value.headers)
        else:
            await self.send(200, *encoded(value))

    async def send_half(self, value: object) -> None:
        """Promise the whole answer, send its first half, hang up."""
        body, kind = encoded(value)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        self.scope["state"]["transport"].close()
        await self._gone()

    async def abort(self) -> None:
        """Drop the TCP connection without an answer."""
        self.scope["state"]["transport"].abort()
        await self._gone()

    async def _gone(self) -> None:
        # uvicorn answers 500 for an app that returns before it has seen the disconnect.
        while (await self._receive())["type"] != "http.disconnect":
            pass


def encoded(value: object) -> tuple[bytes, bytes]:
    """The body and its content type."""
    if isinstance(value, Content):
        return value.body, value.kind
    return (value, FILE) if isinstance(value, bytes) else (dumps(value), JSON)


def dumps(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def loads(body: bytes) -> JsonObject:
    """One JSON object, its fractions as Decimal."""
    try:
        value = json.loads(body, parse_float=Decimal)
    except ValueError as error:
        raise BadBody(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadBody("not a JSON object")
    return value
