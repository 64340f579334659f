"""Bytes over HTTP: one request, one answer, no second try. Source: protocol 2 and 4.

What went wrong before the first byte was written is NotSent; everything after it is OutcomeUnknown, also when a
kept-alive connection turns out to be closed: we cannot know what the other side had read of it.
"""

import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import httpx

from insurance.interface import bodies
from insurance.interface.deadline import BoundedBackend, Call
from insurance.interface.errors import NotSent, OutcomeUnknown
from insurance.interface.exchange import Reply, Request
from insurance.interface.profile import Profile
from insurance.interface.tls import refusal

MAX_ANSWER_BYTES = 1024 * 1024
UTF_8 = "utf-8"
KEEPALIVE_SECONDS = 3.0  # shorter than servers keep an idle connection, so that one closed under us stays rare
MAX_CONNECTIONS = 20

# Only these can mean that nothing left, and only when no byte was written: both signs must agree.
BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)

# With SO_LINGER(1, 0) an aborted connection takes its unsent bytes along: nothing arrives after we have given up.
SOCKET_OPTIONS = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)),
)


class Transport(Protocol):
    """Carries one request. A signing gateway is another Transport around this one, adding its headers."""

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        """Raises NotSent or OutcomeUnknown when there is no whole answer within the time.

        `begun_at` is from when it counts (`time.monotonic()`; None: now): a process that was frozen before it sent must
        not send when it wakes.
        """
        ...


class HttpTransport:
    """Transport over one httpx.Client. Threads may share it; forked processes may not."""

    def __init__(
        self, profile: Profile, verify: ssl.SSLContext | bool = True, around: Callable[[Any], Any] | None = None
    ) -> None:
        """`around` wraps what opens connections (httpcore's NetworkBackend), to refuse some of them."""
        self._base_url, self._charset = profile.base_url.rstrip("/"), profile.charset
        self._call = Call()
        self._client = httpx.Client(transport=self._wire(verify, around), trust_env=False, follow_redirects=False)

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        """The whole exchange ends within `timeout_seconds`, whatever the other side does."""
        self._call.begin(timeout_seconds, begun_at)
        headers = {"accept-encoding": "identity", **_headers(request)}
        url = self._base_url + request.path
        try:
            with self._client.stream(
                request.method, url, headers=headers, timeout=timeout_seconds, **_content(request, self._charset)
            ) as response:
                body = bodies.read(response, request.answer_bytes or MAX_ANSWER_BYTES)
                reply = Reply(response.status_code, dict(response.headers), body)
                return reply if reply.is_file else replace(reply, body=from_wire(body, self._charset))
        except BEFORE_SENDING as error:
            raise self._call.failure(refusal(error) or type(error).__name__) from error
        except httpx.HTTPError as error:
            if why := refusal(error):
                raise NotSent(why) from error
            raise OutcomeUnknown(f"{type(error).__name__}, after sending") from error
        except bodies.Unreadable as error:
            raise OutcomeUnknown(str(error)) from error

    def close(self) -> None:
        """Close the idle connections."""
        self._client.close()

    def _wire(self, verify: ssl.SSLContext | bool, around: Callable[[Any], Any] | None) -> httpx.HTTPTransport:
        limits = httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEPALIVE_SECONDS)
        wire = httpx.HTTPTransport(
            verify=verify, retries=0, limits=limits, trust_env=False, socket_options=SOCKET_OPTIONS
        )
        pool = wire._pool  # private, hence pinned below 0.29 and proved by the tests of slow answers
        backend = around(pool._network_backend) if around else pool._network_backend
        pool._network_backend = BoundedBackend(backend, self._call)  # type: ignore[assignment]
        return wire


def _headers(request: Request) -> dict[str, str]:
    """A form says itself what it is, with the boundary between its parts."""
    if request.attachment is None or request.attachment.alone:
        return dict(request.headers)
    return {name: value for name, value in request.headers.items() if name.lower() != "content-type"}


def to_wire(body: bytes, charset: str) -> bytes:
    """UTF-8 in the characters of the wire; what they do not have becomes "?"."""
    return body if charset == UTF_8 else body.decode().encode(charset, "replace")


def from_wire(body: bytes, charset: str) -> bytes:
    """The other way; what cannot be read is left to whoever decodes the answer to find out."""
    return body if charset == UTF_8 else body.decode(charset, "replace").encode()


def _content(request: Request, charset: str) -> dict[str, Any]:
    """The envelope alone, the file alone, or the envelope and the file as two parts of a form; nothing for a GET."""
    file = request.attachment
    if request.method == "GET":
        return {}
    if file is None:
        return {"content": to_wire(request.body, charset)}
    if file.alone:
        return {"content": file.content}
    return {
        "data": {file.envelope_part: request.body.decode()},
        "files": {file.part: (file.filename, file.content, "application/octet-stream")},
    }
