"""A RabbitMQ node of a test's own, whose disk may be full: nobody else's. Made of the server that is installed here."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo import children, rabbitmq
from demo.engines import free_ports

INSTALLED = Path("/usr/lib/rabbitmq/bin")
"""Debian's own programs: those in the path change to an account that may not write here."""

START_SECONDS = 60
MORE_THAN_THERE_IS = 10**17


@dataclass(frozen=True)
class Node:
    """A server of its own, with its own users (guest) and data."""

    url: str
    programs: Path
    environment: dict[str, str]

    @contextmanager
    def full(self) -> Iterator[None]:
        """Less room is left on its disk than it asks for: it reads nothing more from whoever publishes."""
        self._keep_free(MORE_THAN_THERE_IS)
        try:
            yield
        finally:
            self._keep_free(1)

    def _keep_free(self, space: int) -> None:
        command = [str(self.programs / "rabbitmqctl"), "set_disk_free_limit", str(space)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=60)


@contextmanager
def running(home: Path) -> Iterator[Node]:
    """Start one with its data in `home`. The test is left out where no RabbitMQ is installed."""
    programs = _programs()
    port, distribution_port = free_ports(2)
    node = Node(f"amqp://guest:guest@127.0.0.1:{port}//", programs, _environment(home, port, distribution_port))
    server = children.start(
        [str(programs / "rabbitmq-server")],
        home=home,
        log=home / "rabbitmq.log",
        environment=node.environment,
        directory=home,
    )
    try:
        _wait_for(node.url)
        yield node
    finally:
        children.stop([server], grace_seconds=20)


def _programs() -> Path:
    if INSTALLED.is_dir():
        return INSTALLED
    found = shutil.which("rabbitmq-server")
    if found is None:
        pytest.skip("rabbitmq-server is not installed here")
    return Path(found).parent


def _environment(home: Path, port: int, distribution_port: int) -> dict[str, str]:
    """Everything it would otherwise share with the machine's own server. Small: one scheduler, no plugins."""
    (home / "plugins").write_text("[].")
    (home / "rabbitmq.conf").write_text("disk_free_limit.absolute = 1\n")
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"own{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
    }


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not rabbitmq.answers(url):
        assert time.monotonic() < deadline, "the test's own RabbitMQ did not start"
        time.sleep(0.5)
