"""One time limit for a whole call: httpx's own limits start anew at every read, so a slow drip would outlive them.

Wrapped around the connections that httpx makes; its network backend has no public place to hand one in.
"""

import threading
import time
from typing import Any

from insurance.interface.errors import InterfaceError, NotSent, OutcomeUnknown

WRITE_BYTES = 16 * 1024


class Call(threading.local):
    """The call that this thread is making: when it must be over, and whether a byte of it may have left."""

    ends_at = 0.0
    has_begun = False

    def begin(self, timeout_seconds: float, begun_at: float | None = None) -> None:
        """Start the clock, at `begun_at` if given. Raises NotSent when there is no time at all."""
        self.has_begun = False
        now = time.monotonic()
        self.ends_at = (now if begun_at is None else begun_at) + timeout_seconds
        if not self.ends_at > now:
            raise self.failure("no time is left")

    def seconds_left(self) -> float:
        """More than zero; otherwise raises `failure`."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise self.failure("the time is over")
        return left

    def failure(self, what: str) -> InterfaceError:
        """NotSent as long as no byte was handed to the connection, OutcomeUnknown from then on."""
        return OutcomeUnknown(f"{what}, after sending") if self.has_begun else NotSent(f"{what}, before sending")


class BoundedBackend:
    """Opens connections within the call's time. Has the methods of httpcore's NetworkBackend."""

    def __init__(self, backend: Any, call: Call) -> None:
        self._backend, self._call = backend, call

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> "BoundedStream":
        left = self._call.seconds_left()
        return BoundedStream(self._backend.connect_tcp(host, port, left, local_address, socket_options), self._call)


class BoundedStream:
    """Reads and writes within the call's time. Has the methods of httpcore's NetworkStream."""

    def __init__(self, stream: Any, call: Call) -> None:
        self._stream, self._call = stream, call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._stream.read(max_bytes, self._call.seconds_left())
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """In pieces, because the limit below starts anew with every byte that a slow reader takes of one."""
        for place in range(0, len(buffer), WRITE_BYTES):
            left = self._call.seconds_left()
            self._call.has_begun = True
            self._stream.write(buffer[place : place + WRITE_BYTES], left)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "BoundedStream":
        left = self._call.seconds_left()
        return BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._call)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
