"""The hospital on many hosts: lines of the Procfile, each on a host of its own, behind a load balancer; PostgreSQL
behind PgBouncer, a cluster of RabbitMQ, the insurer and the payment institution on this machine."""

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.test import override_settings

from tests.broker.own_rabbitmq import Node
from tests.chaos import crew, own_servers, settling
from tests.chaos.crew import Crew
from tests.chaos.own_servers import Servers
from tests.chaos.storm import Storm
from tests.chaos.story import Span
from tests.hosts import balancer
from tests.hosts.balancer import Balancer
from tests.hosts.network import Host, Network
from tests.hosts.pooler import Pooler
from tests.races.together import wait_until
from tests.simulators import SECRET, Simulator, free_port, running

PLAN = Storm(seed=1, patients=120, n=6, seconds=0, every_seconds=0, workers=4, pays_within_seconds=600)

WEB = ("web1", "web2", "web3")
WORK = tuple(f"work{number}" for number in range(1, 5))
HOSTS = (*WEB, *WORK, "care1", "care2")

RUNS_ON = {
    **{name: ("web", name) for name in WEB},
    **{name: ("insurance", host) for name, host in zip(PLAN.crew, WORK, strict=True)},
    "general": ("general", "care1"),
    "beat": ("beat", "care1"),
    "beat2": ("beat", "care2"),
}
"""Each process: which line of the Procfile it is, and on which host."""

READY_SECONDS = 240
TRANSACTION_SECONDS = 2.0
"""So long a transaction may have been at work that ends without a commit, on a busy machine."""

CUT_LOCKS_SECONDS = 20
"""After this the database has ended what a host had begun that was cut off (deploy/kubernetes/base/pgbouncer.ini)."""


@dataclass
class Hospital:
    """What there is to be hurt."""

    network: Network
    crew: Crew
    balancer: Balancer
    servers: Servers
    insurer: Simulator
    payments: Simulator
    url: str
    open: ExitStack
    """Ends the processes."""
    locked: list[Span] = field(default_factory=list)
    """While somebody held locks who was cut off, or whose transaction came to nothing."""

    def roll(self, name: str) -> None:
        """A new version on a web host: no new connections, what has begun is finished, start, take part again."""
        host = self._host(name)
        self.balancer.drained.add(host.address)
        process = self.crew.processes.running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(READY_SECONDS)
        self.crew.start(name)
        wait_until(lambda: self._is_seen(name, well=False), READY_SECONDS)
        wait_until(lambda: self._is_seen(name, well=True), READY_SECONDS)
        self.balancer.drained.discard(host.address)

    @contextmanager
    def cut_off(self, *names: str) -> Iterator[None]:
        """The hosts of these processes, until the end of the block."""
        hosts = {self._host(name) for name in names}
        for host in hosts:
            host.cut_off()
        begun = crew.locking_since(*names)
        try:
            yield
        finally:
            for host in hosts:
                host.rejoin()
            self.locked += [Span(since, time.time() + CUT_LOCKS_SECONDS) for since in begun]

    def restart_the_database(self) -> None:
        """What had locked a trial and not yet claimed it comes to nothing; another may have claimed the next one."""
        began = time.time()
        self.servers.restart_the_database()
        self.locked.append(Span(began - TRANSACTION_SECONDS, time.time()))

    def close(self) -> None:
        """Nobody is at work any more, and none has ended before; the servers are there still, and what they hold."""
        self.crew.processes.check()
        self.open.close()

    def until_open(self) -> None:
        wait_until(lambda: all(self._is_seen(name, well=True) for name in WEB), READY_SECONDS)

    def _host(self, name: str) -> Host:
        return self.network.hosts[RUNS_ON[name][1]]

    def _is_seen(self, name: str, *, well: bool) -> bool:
        return (self._host(name).address in self.balancer.well) is well


@contextmanager
def opened(network: Network, nodes: Sequence[Node], home: Path, runner: str = crew.ORDINARY) -> Iterator[Hospital]:
    """Open to patients; the servers last until the block ends."""
    counting = ("--per-minute", str(PLAN.n), "--window-seconds", str(PLAN.pace.window_seconds))
    port, behind = free_port(), [network.hosts[name].address for name in WEB]
    with (
        override_settings(**settling.configured(PLAN)),
        own_servers.running(network.here) as servers,
        running("insurer", *counting, host=network.here) as insurer,
        running("payments", "--secret", SECRET, host=network.here) as payments,
        balancer.running(network.here, port, behind) as balanced,
        ExitStack() as open_,
    ):
        pooler = Pooler(home, network.here)
        told = _environment(network, servers, insurer, payments, pooler, port)
        broker = ";".join(node.url for node in nodes)

        def lines(procfile: Mapping[str, str]) -> dict[str, str]:
            return {"pgbouncer": pooler.command, **_lines(network, procfile)}

        also = ("pgbouncer", "beat2", *WEB)
        at_work = open_.enter_context(crew.at_work(PLAN, home, broker, told, runner, also, lines))
        there = Hospital(network, at_work, balanced, servers, insurer, payments, told["PUBLIC_URL"], open_)
        there.until_open()
        yield there


def _lines(network: Network, procfile: Mapping[str, str]) -> dict[str, str]:
    return {name: _line(name, procfile[line], network.hosts[host]) for name, (line, host) in RUNS_ON.items()}


def _line(name: str, command: str, host: Host) -> str:
    """Its own name, address and files."""
    own = crew.named(command, name).replace("beat-schedule", f"{name}-schedule")
    return host.command(own.replace("${HOST:-127.0.0.1}", host.address))


def _environment(
    network: Network, servers: Servers, insurer: Simulator, payments: Simulator, pooler: Pooler, port: int
) -> dict[str, str]:
    """What every process is told, beside its broker: on one machine it would be the same, with other addresses."""
    return {
        **{name: str(value) for name, value in settling.configured(PLAN).items()},
        "INSURANCE_URL": insurer.url,
        "PAYMENT_URL": payments.url,
        "DATABASE_URL": pooler.url,
        "DATABASE_POOLED": "1",
        "CACHE_URL": f"redis://{network.here}:{urlsplit(servers.broker_url).port}/1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://{network.here}:{port}",
        "ALLOWED_HOSTS": ",".join([network.here, *(network.hosts[name].address for name in WEB)]),
        "WEB_WORKERS": "1",
        "RATE_LIMIT_PER_ADDRESS": "1000000/m",  # the crowd comes from one address
        "RATE_LIMIT_SIGNED_IN_PER_ADDRESS": "1000000/m",
    }
