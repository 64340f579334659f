"""One line out, one line in, over TCP: the bridge to the host of a vendor's DLL (protocol 6.1).

The host takes a line, calls BUSINESS_HANDLE with it, and answers with the line that came out. What went wrong before
the first byte was handed over is NotSent; everything after it is OutcomeUnknown. Each call has a connection of its own,
so an answer that comes late can never be taken for the next one's.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpcore

from insurance.interface.deadline import Call
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Reply, Request
from insurance.interface.profile import Profile
from insurance.interface.transport import MAX_ANSWER_BYTES, SOCKET_OPTIONS, from_wire, to_wire

SCHEME = "tcp"
_END = b"\n"  # neither GB18030 nor UTF-8 has it inside a character
_READ_BYTES = 64 * 1024


class LineTransport:
    """Transport to `tcp://host:port`. Threads may share it: nothing is kept between two calls."""

    def __init__(self, profile: Profile, around: Callable[[Any], Any] | None = None) -> None:
        """`around` wraps what opens connections, as in `HttpTransport`."""
        backend = httpcore.SyncBackend()
        self._backend: httpcore.NetworkBackend = around(backend) if around else backend
        address = urlsplit(profile.base_url)
        self._address = address.hostname or "", address.port or 0
        self._charset = profile.charset

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        """The whole exchange ends within `timeout_seconds`, whatever the other side does."""
        call = Call()
        call.begin(timeout_seconds, begun_at)
        if _END in request.body or request.attachment is not None:
            raise call.failure("a message that is not one line")
        try:
            seconds = call.seconds_left()
            with closing(self._backend.connect_tcp(*self._address, seconds, None, SOCKET_OPTIONS)) as stream:
                seconds = call.seconds_left()
                call.has_begun = True
                stream.write(to_wire(request.body, self._charset) + _END, seconds)
                line = _read(stream, call, request.answer_bytes or MAX_ANSWER_BYTES)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise call.failure(type(error).__name__) from error
        return Reply(200, {}, from_wire(line, self._charset))


def _read(stream: httpcore.NetworkStream, call: Call, most_bytes: int) -> bytes:
    """Up to the end of the line. Raises OutcomeUnknown for half a line and for one that is too long."""
    line = bytearray()
    while _END not in line:
        part = stream.read(_READ_BYTES, call.seconds_left())
        if not part:
            raise OutcomeUnknown("the connection was closed before the end of the line, after sending")
        line += part
        if len(line) > most_bytes:
            raise OutcomeUnknown(f"the answer is larger than {most_bytes} bytes")
    return bytes(line.partition(_END)[0])
