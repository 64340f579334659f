"""Whom we call: judged by the address that is connected to, on real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any

import httpcore
import httpx
import pytest
from django.conf import LazySettings

from hospital import outbound
from insurance.interface.errors import NotSent
from insurance.interface.exchange import Request
from insurance.interface.transport import HttpTransport
from tests.unit.interface.words import profile

pytestmark = pytest.mark.security

METADATA = "169.254.169.254"
NEVER = (METADATA, "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "240.0.0.1")
PRIVATE = ("10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "::1", "fd00::1", "100.64.0.1")
PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Somebody on this machine who answers everybody, and moves them elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(
                            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
                        )

        threading.Thread(target=answer, daemon=True).start()
        yield server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name service: each question about a name takes its next answer, the last one stays."""
    answers: dict[str, list[str]] = {}

    def answered(host: str, port: int, *rest: Any, **more: Any) -> Any:
        known = answers.get(host, [host])
        address = known.pop(0) if len(known) > 1 else known[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answered)
    return answers


@pytest.mark.parametrize("address", NEVER)
def test_some_are_never_called_not_even_when_listed(address: str, settings: LazySettings) -> None:
    settings.OUTBOUND_NETWORKS = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    assert not outbound.may_call_partner(ip_address(address))
    assert not outbound.may_call_webhook(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_partners_live_on_private_lines_and_the_app_does_not(address: str, settings: LazySettings) -> None:
    settings.OUTBOUND_NETWORKS, settings.NOTICE_WEBHOOK_ON_THIS_MACHINE = [], False
    assert outbound.may_call_partner(ip_address(address))
    assert not outbound.may_call_webhook(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_both_are_on_the_internet(address: str, settings: LazySettings) -> None:
    settings.OUTBOUND_NETWORKS, settings.NOTICE_WEBHOOK_ON_THIS_MACHINE = [], False
    assert outbound.may_call_partner(ip_address(address)) and outbound.may_call_webhook(ip_address(address))


def test_a_list_is_all_there_is(settings: LazySettings) -> None:
    settings.OUTBOUND_NETWORKS = [ip_network("10.20.0.0/16")]
    for may in (outbound.may_call_partner, outbound.may_call_webhook):
        assert [may(ip_address(one)) for one in ("10.20.3.4", "10.21.3.4", *PUBLIC)] == [True, False, False, False]


@pytest.mark.parametrize("host", [METADATA, f"[::ffff:{METADATA}]", "[fe80::1]"])
def test_a_refused_address_is_not_connected_to(host: str) -> None:
    with pytest.raises(httpx.ConnectError, match="no address"):
        outbound.client(outbound.may_call_partner).get(f"http://{host}/latest/meta-data/", timeout=5)


def test_a_name_is_judged_by_its_address(names: dict[str, list[str]]) -> None:
    names["insurer.example"] = [METADATA]
    with pytest.raises(httpx.ConnectError, match="no address"):
        outbound.client(outbound.may_call_partner).get("http://insurer.example/", timeout=5)


def test_a_name_that_changes_its_mind_changes_nothing(names: dict[str, list[str]]) -> None:
    """DNS rebinding: public when it is judged, this machine when it is asked again. It is not asked again."""
    names["app.example"] = ["93.184.216.34", "127.0.0.1"]
    called: list[str] = []

    class Backend:
        def connect_tcp(self, host: str, *rest: Any) -> Any:
            called.append(socket.getaddrinfo(host, 443)[0][4][0])
            raise httpcore.ConnectTimeout

    with pytest.raises(httpcore.ConnectTimeout):
        outbound.guarded(lambda address: address.is_global, Backend()).connect_tcp("app.example", 443)
    assert called == ["93.184.216.34"]


def test_without_the_guard_it_would_reach_this_machine(names: dict[str, list[str]], listening: socket.socket) -> None:
    """Negative control: httpx by itself asks for the name when it connects, and goes where the second answer points."""
    names["app.example"] = ["93.184.216.34", "127.0.0.1"]
    judged = socket.getaddrinfo("app.example", 80)[0][4][0]
    answer = httpx.get(f"http://app.example:{listening.getsockname()[1]}/", trust_env=False, timeout=5)
    assert ip_address(judged).is_global and answer.status_code == 302


def test_a_redirect_is_followed_nowhere(listening: socket.socket) -> None:
    answer = outbound.client(outbound.may_call_partner).get(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    assert (answer.status_code, answer.headers["location"]) == (302, f"http://{METADATA}/")


def test_an_insurer_there_gets_nothing() -> None:
    """What never left is `NotSent`: it may be sent again, elsewhere."""
    transport = HttpTransport(profile(f"http://{METADATA}"), around=outbound.partners())
    with pytest.raises(NotSent):
        transport.send(Request("1101", "/", {}, b"{}"), 5.0)
