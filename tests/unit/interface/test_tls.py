"""Mutual TLS with real sockets: each side shows a certificate, of authorities made here."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from insurance.interface import tls
from insurance.interface.errors import NotSent
from insurance.interface.exchange import Request
from insurance.interface.transport import HttpTransport
from tests.unit.interface.words import profile

REQUEST = Request("2207A", "/p", {}, b"{}")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


class Insurer:
    """A server that asks for a certificate of its authority. `read`: what it has read of messages."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context, self.read = context, b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve_one(self) -> None:
        connection, _ = self.listening.accept()
        with connection:
            try:
                spoken = self.context.wrap_socket(connection, server_side=True)
            except (ssl.SSLError, ConnectionError):
                connection.settimeout(5)
                while connection.recv(65536):  # else what lies there unread would turn the alert into a reset
                    pass
                return
            while not self.read.endswith(b"{}"):
                self.read += spoken.recv(65536)
            spoken.sendall(ANSWER)


@pytest.fixture(scope="module")
def ours() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def theirs() -> trustme.CA:
    return trustme.CA()


@contextmanager
def serving(theirs: trustme.CA, ours: trustme.CA, version: ssl.TLSVersion) -> Iterator[Insurer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    theirs.issue_cert("127.0.0.1").configure_cert(context)
    ours.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    insurer = Insurer(context)
    thread = threading.Thread(target=insurer.serve_one, daemon=True)
    thread.start()
    with insurer.listening:
        yield insurer
        thread.join(timeout=10)
    assert not thread.is_alive()


def files(folder: Path, authority: trustme.CA, owner: trustme.CA | None) -> dict[str, str]:
    """PEM files: the authority that is believed, and a certificate of `owner`'s."""
    said = {"ca": str(folder / "ca.pem")}
    authority.cert_pem.write_to_path(said["ca"])
    if owner is not None:
        certificate = owner.issue_cert("hospital.example")
        said |= {"certificate": str(folder / "client.pem"), "key": str(folder / "client.key")}
        certificate.cert_chain_pems[0].write_to_path(said["certificate"])
        certificate.private_key_pem.write_to_path(said["key"])
    return said


def send(insurer: Insurer, said: dict[str, str]) -> int:
    transport = HttpTransport(profile(insurer.url), verify=tls.context(**said))
    try:
        return transport.send(REQUEST, 5).status
    finally:
        transport.close()


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
def test_both_sides_are_believed(theirs: trustme.CA, ours: trustme.CA, version: ssl.TLSVersion, tmp_path: Path) -> None:
    with serving(theirs, ours, version) as insurer:
        assert send(insurer, files(tmp_path, theirs, ours)) == 200
    assert insurer.read


@pytest.mark.parametrize("version", VERSIONS)
def test_an_insurer_of_another_authority_is_not_spoken_to(
    theirs: trustme.CA, ours: trustme.CA, version: ssl.TLSVersion, tmp_path: Path
) -> None:
    with (
        serving(theirs, ours, version) as insurer,
        pytest.raises(NotSent, match="the insurer's certificate is not believed"),
    ):
        send(insurer, files(tmp_path, ours, ours))
    assert not insurer.read


@pytest.mark.parametrize("shown", [False, True], ids=["none", "of another authority"])
@pytest.mark.parametrize("version", VERSIONS)
def test_without_our_certificate_nothing_was_sent(
    theirs: trustme.CA, ours: trustme.CA, version: ssl.TLSVersion, shown: bool, tmp_path: Path
) -> None:
    """By TLS 1.2 it is said before we send, by 1.3 after: in both the message was read by nobody."""
    with (
        serving(theirs, ours, version) as insurer,
        pytest.raises(NotSent, match="does not accept our certificate, or there is none"),
    ):
        send(insurer, files(tmp_path, theirs, theirs if shown else None))
    assert not insurer.read


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        tls.context(ca=str(tmp_path / "nowhere.pem"))
