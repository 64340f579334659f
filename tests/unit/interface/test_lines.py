"""Lines against a real socket server that misbehaves, with the clock watched."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from insurance.interface.errors import NotSent, OutcomeUnknown
from insurance.interface.exchange import Attachment, Reply, Request
from insurance.interface.lines import LineTransport
from insurance.interface.transport import MAX_ANSWER_BYTES
from tests.unit.interface.words import profile

Behaviour = Callable[[socket.socket], None]
REQUEST = Request("2410", "", {}, "2410^测试^".encode())
LIMIT_SECONDS, SLACK_SECONDS = 0.4, 0.5


class Host:
    """Takes one line a connection and does one thing about it."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.lines: list[bytes] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            line = b""
            while not line.endswith(b"\n"):
                part = connection.recv(65536)
                if not part:
                    return
                line += part
            self.lines.append(line)
            self.behave(connection)


@contextmanager
def host(behave: Behaviour) -> Iterator[Host]:
    made = Host(behave)
    yield made
    made.listening.shutdown(socket.SHUT_RDWR)
    made.listening.close()


def saying(*parts: bytes, pause: float = 0.0) -> Behaviour:
    def say(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return say


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def sent(url: str, seconds: float = LIMIT_SECONDS, request: Request = REQUEST, charset: str = "gb18030") -> Reply:
    return LineTransport(profile(url, charset=charset)).send(request, seconds)


@pytest.mark.parametrize("charset", ["gb18030", "utf-8"])
def test_one_line_out_one_line_in(charset: str) -> None:
    answer = "1^c^亅平|^"
    with host(saying(answer.encode(charset) + b"\r\n")) as there:
        assert sent(there.url, charset=charset).body.decode().strip() == answer
        assert there.lines == ["2410^测试^\n".encode(charset)]
    assert b"|" in "亅".encode("gb18030"), "half a character may look like a separator"


def test_an_answer_in_pieces() -> None:
    with host(saying(b"1^c", b"^0|", b"^\n", pause=0.01)) as there:
        assert sent(there.url).body == b"1^c^0|^"


@pytest.mark.parametrize(
    "behave",
    [
        saying(),
        saying(b"1^c^0|"),
        saying(b"1^c^0|^"),
        reset,
        saying(b"x" * (MAX_ANSWER_BYTES + 1)),
        saying(*[b"x"] * 100, pause=0.05),
        lambda connection: time.sleep(2 * LIMIT_SECONDS),
    ],
)
def test_no_whole_line_after_sending_is_unknown(behave: Behaviour) -> None:
    with host(behave) as there:
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            sent(there.url)
        assert time.monotonic() - begun < LIMIT_SECONDS + SLACK_SECONDS
        assert len(there.lines) == 1


def test_nobody_there_is_not_sent() -> None:
    with host(saying()) as there:
        url = there.url
    with pytest.raises(NotSent):
        sent(url)


def test_no_time_left_is_not_sent() -> None:
    with host(saying(b"^\n")) as there:
        with pytest.raises(NotSent):
            sent(there.url, 0.0)
        with pytest.raises(NotSent):
            LineTransport(profile(there.url)).send(REQUEST, 5.0, time.monotonic() - 6)
        assert there.lines == []


@pytest.mark.parametrize(
    "odd", [Request("1", "", {}, b"one\ntwo"), Request("1", "", {}, b"one", Attachment("a", b"", "file", "json"))]
)
def test_what_is_not_one_line_is_not_sent(odd: Request) -> None:
    with host(saying(b"^\n")) as there:
        with pytest.raises(NotSent):
            sent(there.url, request=odd)
        assert there.lines == []


def test_a_late_answer_is_never_the_next_ones() -> None:
    released = threading.Event()

    def late(connection: socket.socket) -> None:
        if len(there.lines) == 1:
            released.wait(5)
        connection.sendall(b"%d^^^\n" % len(there.lines))

    with host(late) as there:
        with pytest.raises(OutcomeUnknown):
            sent(there.url)
        assert sent(there.url).body == b"2^^^"
        released.set()
