"""A RabbitMQ node of a test's own, whose disk may be full, or a cluster whose nodes die: nobody else's. Made of the
server that is installed here."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from demo import children, rabbitmq
from demo.engines import free_ports

INSTALLED = Path("/usr/lib/rabbitmq/bin")
"""Debian's own programs: those in the path change to an account that may not write here."""

START_SECONDS = 300
MORE_THAN_THERE_IS = 10**17

ALL_OF_A_CLUSTER = """\
loopback_users = none
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = {first}
cluster_partition_handling = pause_minority
"""


@dataclass
class Node:
    """A server of its own, with its own users (guest) and data in `home`."""

    url: str
    programs: Path
    environment: dict[str, str]
    home: Path
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self.begin()
        deadline = time.monotonic() + START_SECONDS
        while not rabbitmq.answers(self.url):
            assert time.monotonic() < deadline, "the test's own RabbitMQ did not start"
            time.sleep(0.5)

    def begin(self) -> None:
        """Start it, and do not wait. It may be running already."""
        if self.server is not None and self.server.poll() is None:
            return
        self.server = children.start(
            [str(self.programs / "rabbitmq-server")],
            home=self.home,
            log=self.home / "rabbitmq.log",
            environment=self.environment,
            directory=self.home,
        )

    def kill(self) -> None:
        """SIGKILL, for the shell around it and for all that it has started."""
        if self.server is not None:
            for process in [*psutil.Process(self.server.pid).children(recursive=True), self.server]:
                process.kill()
            self.server.wait()

    def stop(self) -> None:
        if self.server is not None:
            children.stop([self.server], grace_seconds=20)

    def told(self, *command: str) -> str:
        """What rabbitmqctl says."""
        done = subprocess.run(
            [str(self.programs / "rabbitmqctl"), *command],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    @contextmanager
    def full(self) -> Iterator[None]:
        """Less room is left on its disk than it asks for: it reads nothing more from whoever publishes."""
        self._keep_free(MORE_THAN_THERE_IS)
        try:
            yield
        finally:
            self._keep_free(1)

    def _keep_free(self, space: int) -> None:
        self.told("set_disk_free_limit", str(space))


@contextmanager
def running(home: Path) -> Iterator[Node]:
    """Start one with its data in `home`. The test is left out where no RabbitMQ is installed."""
    node = _node(home)
    try:
        node.start()
        yield node
    finally:
        node.stop()


@contextmanager
def cluster(home: Path, size: int, address: str) -> Iterator[list[Node]]:
    """So many nodes at this address of ours, one cluster: a minority that is away is not missed."""
    nodes = [_node(_folder(home, number), address) for number in range(size)]
    first = nodes[0].environment["RABBITMQ_NODENAME"]
    for node in nodes:
        with (node.home / "rabbitmq.conf").open("a") as file:
            file.write(ALL_OF_A_CLUSTER.format(first=first))
    try:
        nodes[0].start()
        for node in nodes[1:]:  # they join it, side by side
            node.begin()
        for node in nodes[1:]:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            node.kill()


def _folder(home: Path, number: int) -> Path:
    """With the word by which the nodes of a cluster, and rabbitmqctl, know each other."""
    folder = home / f"rabbitmq{number}"
    folder.mkdir()
    (folder / ".erlang.cookie").write_text("OWNCLUSTER")
    (folder / ".erlang.cookie").chmod(0o400)
    return folder


def _node(home: Path, address: str = "127.0.0.1") -> Node:
    port, distribution_port = free_ports(2)
    environment = _environment(home, address, port, distribution_port)
    return Node(f"amqp://guest:guest@{address}:{port}//", _programs(), environment, home)


def _programs() -> Path:
    if INSTALLED.is_dir():
        return INSTALLED
    found = shutil.which("rabbitmq-server")
    if found is None:
        pytest.skip("rabbitmq-server is not installed here")
    return Path(found).parent


def _environment(home: Path, address: str, port: int, distribution_port: int) -> dict[str, str]:
    """Everything it would otherwise share with the machine's own server. Small: one scheduler, no plugins."""
    (home / "plugins").write_text("[].")
    (home / "rabbitmq.conf").write_text("disk_free_limit.absolute = 1\n")
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"own{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": address,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
    }
