"""The addresses of those whom we call, looked at before anything starts. Names are judged when they are connected to
(hospital/outbound.py): at the start they may not be known yet."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

WEB = ("http", "https")
LINE = "tcp"
"""An insurer of the older dialect may be behind a line."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_this_machine(url: str) -> bool:
    """Whether the address names this machine itself."""
    return urlsplit(url).hostname in LOOPBACK


def check(networks: Sequence[IPv4Network | IPv6Network], **urls: str) -> None:
    """Each is http(s), of an insurer also tcp, has a host and no password, and calls no address that may not be called.

    Raises `ImproperlyConfigured` that names the variable.
    """
    for name, url in urls.items():
        if url:
            _check(name, url, networks)


def _check(name: str, url: str, networks: Sequence[IPv4Network | IPv6Network]) -> None:
    try:
        parts = urlsplit(url)
        schemes = (*WEB, LINE) if name.startswith("INSUR") else WEB
        good = parts.scheme in schemes and bool(parts.hostname) and not parts.username
    except ValueError:
        good = False
    if not good:
        raise ImproperlyConfigured(f"{name} must be an address such as https://host:443, without a name or password")
    address = _address(parts.hostname or "")
    if address is None:
        return
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise ImproperlyConfigured(f"{name} names {address}: nobody whom we may call lives there")
    if networks and not any(address in network for network in networks):
        raise ImproperlyConfigured(f"{name} names {address}, which OUTBOUND_NETWORKS does not list")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """None: it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
