"""Where we connect to: an address that may not be called is refused at the moment of connecting.

A name is looked up here, once, and the address that was judged is the one that is connected to; a name that answers
otherwise a moment later (DNS rebinding) changes nothing. TLS goes on checking the name. Redirects are followed nowhere.
"""

import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore
import httpx
from django.conf import settings

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
May = Callable[[Address], bool]


def is_never_called(address: Address) -> bool:
    """Link-local (a cloud's metadata), multicast, unspecified or reserved: nobody whom we settle with lives there."""
    reserved = address.is_reserved and not address.is_loopback
    return address.is_link_local or address.is_multicast or address.is_unspecified or reserved


def is_listed(address: Address, networks: Iterable[Network]) -> bool:
    """Whether it lies in one of these networks."""
    return any(address in network for network in networks)


def may_call_partner(address: Address) -> bool:
    """Insurer and payment institution: often on a line of their own, so that private addresses are theirs too.
    With OUTBOUND_NETWORKS only what it lists."""
    listed = settings.OUTBOUND_NETWORKS
    return not is_never_called(address) and (not listed or is_listed(address, listed))


def may_call_webhook(address: Address) -> bool:
    """The patient app: on the internet, or in a network that OUTBOUND_NETWORKS lists; with DEBUG on this machine."""
    if is_never_called(address):
        return False
    if settings.OUTBOUND_NETWORKS:
        return is_listed(address, settings.OUTBOUND_NETWORKS)
    return address.is_global or (address.is_loopback and settings.NOTICE_WEBHOOK_ON_THIS_MACHINE)


def guarded(may: May, backend: Any) -> "Guarded":
    """Connections of httpcore's `backend`, to addresses that may be called."""
    return Guarded(may, backend)


def partners() -> Callable[[Any], "Guarded"]:
    """For a transport that takes something around its connections: the rule for insurers."""
    return partial(guarded, may_call_partner)


def client(may: May) -> httpx.Client:
    """A client that calls nobody else, follows no redirect and reads nothing from the environment."""
    transport = httpx.HTTPTransport(trust_env=False, retries=0, limits=httpx.Limits(keepalive_expiry=3.0))
    pool = transport._pool  # private, as in insurance/interface/transport.py; tests/unit/hospital/test_outbound.py
    pool._network_backend = guarded(may, pool._network_backend)  # type: ignore[assignment]
    return httpx.Client(transport=transport, trust_env=False, follow_redirects=False)


class Guarded:
    """Opens connections to addresses that may be called. Has the methods of httpcore's NetworkBackend that are used."""

    def __init__(self, may: May, backend: Any) -> None:
        self._may, self._backend = may, backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> Any:
        """Raises `httpcore.ConnectError` when there is no such name, or no address of it may be called or answers."""
        failed: Exception = httpcore.ConnectError("no address of this name may be called")
        for address in filter(self._may, _addresses(host, port)):
            try:
                return self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


def _addresses(host: str, port: int) -> Iterator[Address]:
    """As the system finds them; an IPv4 address in IPv6 clothes is judged by what it is."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError("no such name") from error
    for *_rest, where in found:
        address = ip_address(str(where[0]).partition("%")[0])
        yield getattr(address, "ipv4_mapped", None) or address
