"""Hosts of a test's own on this machine: network namespaces on one bridge, each cut off and rejoined by its link.

The machine itself is on the bridge too (`Network.here`): servers that all hosts share run there.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pytest

IP = "ip"
"""Debian's package iproute2."""

MARK = "hl"
"""The names of our namespaces and links begin with it; then comes who made them."""

FOR_TESTS = "198.18"
"""Set apart for benchmarks (RFC 2544): nobody's addresses."""


@dataclass(frozen=True)
class Host:
    """One host: what runs by `command` sees its network and no other."""

    namespace: str
    link: str
    """Our end of its cable."""
    address: str

    def command(self, line: str) -> str:
        """The same command line on this host."""
        return f"{IP} netns exec {self.namespace} {line}"

    def cut_off(self) -> None:
        """The cable is out: nothing comes and goes, and nobody is told."""
        _ip("link", "set", self.link, "down")

    def rejoin(self) -> None:
        _ip("link", "set", self.link, "up")


@dataclass(frozen=True)
class Network:
    """Whoever is on it reaches everybody."""

    here: str
    """This machine's own address."""
    hosts: dict[str, Host]


@contextmanager
def network(*names: str) -> Iterator[Network]:
    """A host for each name. The test is left out where that is not allowed."""
    if os.geteuid() != 0 or shutil.which(IP) is None:
        pytest.skip("hosts of one's own need root and the program ip (Debian: iproute2)")
    _sweep()
    bridge, prefix = f"{MARK}{os.getpid()}", _free_prefix()
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("address", "add", f"{prefix}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        hosts = {name: _host(bridge, name, number, prefix) for number, name in enumerate(names, start=11)}
        yield Network(f"{prefix}.1", hosts)
    finally:
        _sweep(os.getpid())


def _host(bridge: str, name: str, number: int, prefix: str) -> Host:
    host = Host(f"{bridge}-{name}", f"{bridge}.{number}", f"{prefix}.{number}")
    _ip("netns", "add", host.namespace)
    _ip("link", "add", host.link, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
    _ip("link", "set", host.link, "master", bridge, "up")
    inside = ("-n", host.namespace)
    _ip(*inside, "address", "add", f"{host.address}/24", "dev", "eth0")
    for link in ("lo", "eth0"):
        _ip(*inside, "link", "set", link, "up")
    return host


def _sweep(made_by: int | None = None) -> None:
    """Take away what this process has made, or what processes have that are no more."""
    for kind, told in (("netns", ("netns", "list")), ("link", ("-br", "link", "show", "type", "bridge"))):
        for line in _ip(*told).splitlines():
            name = line.split()[0]
            maker = name.removeprefix(MARK).split("-")[0]
            if not (name.startswith(MARK) and maker.isdecimal()):
                continue
            if int(maker) == made_by or not psutil.pid_exists(int(maker)):
                _ip(kind, "delete", name)


def _free_prefix() -> str:
    used = _ip("-br", "address")
    free = [f"{FOR_TESTS}.{number}" for number in range(256) if f"{FOR_TESTS}.{number}." not in used]
    return random.choice(free)


def _ip(*arguments: str) -> str:
    done = subprocess.run([IP, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
