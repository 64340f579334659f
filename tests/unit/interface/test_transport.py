"""Bytes against a real socket server that misbehaves in every way, with the clock watched."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from insurance.interface.calling import Outcome
from insurance.interface.errors import InterfaceError, NotSent, OutcomeUnknown, Throttled
from insurance.interface.exchange import Attachment, Reply, Request
from insurance.interface.transport import MAX_ANSWER_BYTES, HttpTransport
from insurance.simulator.insurer import form
from tests.unit.interface.words import CARD, INSURED, Journal, client, profile, setlinfo

Behaviour = Callable[[socket.socket], None]
REQUEST = Request("2206A", "/fsi/x", {"content-type": "application/json"}, b'{"a":1}')
SLACK_SECONDS = 0.5
LIMIT_SECONDS = 0.4


class Server:
    """Accepts connections and does one thing with each request that has arrived whole."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.requests: list[bytes] = []
        self.connections = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = url_of(self.listening)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError), connection:
            while request := read_request(connection):
                self.requests.append(request)
                self.behave(connection)


def url_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(behave: Behaviour) -> Iterator[Server]:
    server = Server(behave)
    try:
        yield server
    finally:
        server.listening.close()


def http(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{extra}\r\n".encode() + body


def says(data: bytes) -> Behaviour:
    return lambda connection: connection.sendall(data)


def says_and_closes(data: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return behave


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hangs(connection: socket.socket) -> None:
    time.sleep(3)


def half_then_hangs(connection: socket.socket) -> None:
    connection.sendall(http(b"x" * 9)[:-8])
    hangs(connection)


def drips(data: bytes, seconds: float = 0.05) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        for place in range(len(data)):
            connection.sendall(data[place : place + 1])
            time.sleep(seconds)

    return behave


def send(server: Server, seconds: float = 5.0) -> object:
    return HttpTransport(profile(server.url)).send(REQUEST, seconds)


def test_answer() -> None:
    with serving(says(http(b'{"infcode":0}', extra="X-Trace: 7\r\n"))) as server:
        transport = HttpTransport(profile(server.url + "/"))
        reply = transport.send(REQUEST, 5)
        assert (reply.status, reply.body, reply.headers["x-trace"]) == (200, b'{"infcode":0}', "7")
        transport.send(REQUEST, 5)
        transport.close()
    assert server.connections == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /fsi/x HTTP/1.1")
    assert body == REQUEST.body


def test_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = url_of(listening)
    with pytest.raises(NotSent, match="before sending"):
        HttpTransport(profile(url)).send(REQUEST, 5)


@pytest.mark.parametrize("url", ["http://no-such-host.invalid", "ftp://127.0.0.1", "http://[bad", "http://127.0.0.1:x"])
def test_address_that_cannot_be_reached(url: str) -> None:
    with pytest.raises(NotSent):
        HttpTransport(profile(url)).send(REQUEST, 5)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_left(seconds: float) -> None:
    with serving(says(http(b"{}"))) as server, pytest.raises(NotSent):
        send(server, seconds)
    assert server.connections == 0


def test_who_was_frozen_before_sending_does_not_send_on_waking() -> None:
    with serving(says(http(b"{}"))) as server, pytest.raises(NotSent):
        HttpTransport(profile(server.url)).send(REQUEST, 5.0, begun_at=time.monotonic() - 6.0)
    assert server.connections == 0


def test_connect_that_never_ends() -> None:
    """A full backlog: the handshake gets no answer."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        began = time.monotonic()
        with pytest.raises(NotSent):
            HttpTransport(profile(url_of(listening))).send(REQUEST, LIMIT_SECONDS)
        assert time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS
        for each in waiting:
            each.close()


@pytest.mark.parametrize(
    "behave",
    [
        resets,
        says_and_closes(b""),
        says_and_closes(b"HTTP/1.1 200 OK\r\ncontent-le"),
        says_and_closes(http(b'{"infcode":0,"output":{}}')[:-9]),
        says_and_closes(b"220 smtp.example ready\r\n"),
        says(http(b"x" * (MAX_ANSWER_BYTES + 1))),
        says(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope"),
    ],
)
def test_no_whole_answer_after_sending(behave: Behaviour) -> None:
    with serving(behave) as server, pytest.raises(OutcomeUnknown):
        send(server)
    assert len(server.requests) == 1, "never sent again"


@pytest.mark.parametrize(
    "behave",
    [
        hangs,
        drips(http(b"{}" * 50)),
        drips(b"HTTP/1.1 200 OK\r\ncontent-length: 2"),
        half_then_hangs,
    ],
)
def test_deadline_after_sending(behave: Behaviour) -> None:
    with serving(behave) as server:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            send(server, LIMIT_SECONDS)
        assert LIMIT_SECONDS - 0.05 < time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS


def test_slow_but_in_time() -> None:
    with serving(drips(http(b"{}"), seconds=0.005)) as server:
        assert send(server) is not None


def test_redirects_are_not_followed() -> None:
    with serving(says(http(b"", "302 Found", "location: /elsewhere\r\n"))) as server:
        reply = HttpTransport(profile(server.url)).send(REQUEST, 5)
    assert (reply.status, len(server.requests)) == (302, 1)


def test_connection_closed_between_two_calls_is_not_used() -> None:
    with serving(says_and_closes(http(b"{}"))) as server:
        transport = HttpTransport(profile(server.url))
        for _ in range(2):
            assert transport.send(REQUEST, 5).status == 200
            time.sleep(0.05)
    assert server.connections == 2


def test_kept_connection_closed_on_the_second_request_is_unknown() -> None:
    answers = iter([says(http(b"{}")), resets])
    with serving(lambda connection: next(answers)(connection)) as server:
        transport = HttpTransport(profile(server.url))
        transport.send(REQUEST, 5)
        with pytest.raises(OutcomeUnknown):
            transport.send(REQUEST, 5)
    assert len(server.requests) == 2


def test_threads_have_their_own_deadlines() -> None:
    def behave(connection: socket.socket) -> None:
        time.sleep(0.3)
        connection.sendall(http(b"{}"))

    outcomes: dict[float, str] = {}
    with serving(behave) as server:
        transport = HttpTransport(profile(server.url))

        def call(seconds: float) -> None:
            try:
                outcomes[seconds] = str(transport.send(REQUEST, seconds).status)
            except InterfaceError as error:
                outcomes[seconds] = type(error).__name__

        threads = [threading.Thread(target=call, args=(seconds,)) for seconds in (0.1, 5.0, 0.15, 6.0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert outcomes == {0.1: "OutcomeUnknown", 0.15: "OutcomeUnknown", 5.0: "200", 6.0: "200"}


def send_file(url: str, content: bytes, seconds: float = 5.0) -> Reply:
    file = Attachment("a.zip", content, "file", "jsonStr")
    return HttpTransport(profile(url)).send(replace(REQUEST, attachment=file), seconds)


def test_a_file_travels_beside_the_envelope() -> None:
    content = b"PK\r\n--\0\xff\r\n"
    with serving(says(http(b"{}"))) as server:
        send_file(server.url, content)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    (kind,) = [line.partition(b": ")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-type:")]
    assert kind.startswith(b"multipart/form-data")
    assert form.parts(kind.decode(), body) == (REQUEST.body, content)
    assert b'filename="a.zip"' in body


def test_a_reader_that_takes_a_large_file_drop_by_drop() -> None:
    """It takes some of it in time, again and again, for three seconds; the call is over in time all the same."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def sip() -> None:
            connection, _ = listening.accept()
            with suppress(OSError), connection:
                while connection.recv(65536):
                    time.sleep(0.005)

        threading.Thread(target=sip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            send_file(url_of(listening), b"x" * 40_000_000, LIMIT_SECONDS)
        assert time.monotonic() - began < LIMIT_SECONDS + SLACK_SECONDS


def test_a_request_may_take_a_longer_or_a_shorter_answer() -> None:
    with serving(says(http(b"x" * (MAX_ANSWER_BYTES + 1)))) as server:
        transport = HttpTransport(profile(server.url))
        longer = replace(REQUEST, answer_bytes=MAX_ANSWER_BYTES + 1)
        assert len(transport.send(longer, 5).body) == MAX_ANSWER_BYTES + 1
        with pytest.raises(OutcomeUnknown, match="larger than 10 bytes"):
            transport.send(replace(REQUEST, answer_bytes=10), 5)


BILL = json.dumps({"infcode": 0, "output": {"setlinfo": setlinfo()}}).encode()


@pytest.mark.parametrize(
    ("behave", "error", "outcome"),
    [
        (says(http(BILL)), None, Outcome.ANSWERED),
        (says(http(b"")), OutcomeUnknown, Outcome.UNKNOWN),
        (says(http(b"<html></html>")), OutcomeUnknown, Outcome.UNKNOWN),
        (says(http(b"<html></html>", "502 Bad Gateway")), OutcomeUnknown, Outcome.UNKNOWN),
        (says(http(BILL[:-30])), OutcomeUnknown, Outcome.UNKNOWN),
        (says(http(b'{"code":401,"message":"x"}')), NotSent, Outcome.NOT_SENT),
        (says(http(b"", "429 Too Many Requests", "retry-after: 9\r\n")), Throttled, Outcome.THROTTLED),
        (resets, OutcomeUnknown, Outcome.UNKNOWN),
        (hangs, OutcomeUnknown, Outcome.UNKNOWN),
        (drips(http(BILL)), OutcomeUnknown, Outcome.UNKNOWN),
    ],
)
def test_whole_trial_over_the_wire(behave: Behaviour, error: type[InterfaceError] | None, outcome: Outcome) -> None:
    journal = Journal(seconds=LIMIT_SECONDS)
    with serving(behave) as server:
        insurer = client(HttpTransport(profile(server.url)), journal)
        if error is None:
            assert insurer.trial(INSURED, CARD, "M1", "B1", 452, "11").total_fen == 452
        else:
            with pytest.raises(error):
                insurer.trial(INSURED, CARD, "M1", "B1", 452, "11")
    assert [call[1] for call in journal.after_calls] == [outcome]
    assert len(server.requests) == 1
