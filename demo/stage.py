"""Everything the crowd needs, set up in order and taken down in the opposite one."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo import databases, engines
from demo.environment import Ports, Servers, beside, environment, given
from demo.home import ROOT, CannotStart
from demo.options import Options
from demo.processes import Processes

READY_SECONDS = 90
FIRST = "default"
"""The insurer of the environment's own, as the hospital calls it."""

SIMULATORS = ("insurer", "payments")
HOSPITAL = ("web", "general", "insurance", "beat")
VISITORS = 60
"""Seats that the crowd leaves to people who come to look."""

FOR_VISITORS = ("push", "flower")
"""What people look at, and the crowd does not."""

Say = Callable[[str], None]
"""Tells the person at the terminal what is going on: takes a key of `texts.py`."""


@dataclass(frozen=True)
class Stage:
    """A hospital that is up, and where to find its parts."""

    hospital: str
    insurers: dict[str, str]
    """Name → address, the first one's first."""
    regions: tuple[str, ...]
    """Where the others' patients are insured; those of the first one do not say."""
    payments: str
    flower: str
    processes: Processes
    variables: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` in the stage's environment and return what it prints."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.variables, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()[-5:]
            raise CannotStart(f"manage.py {' '.join(arguments)} failed:\n" + "\n".join(words))
        return done.stdout


@contextmanager
def stage(options: Options, home: Path, say: Say) -> Iterator[Stage]:
    """Set the whole stage; `home` must be held."""
    with ExitStack() as engines_running:
        say("engines")
        servers = _servers(home, engines_running, keep=options.insurer is not None)
        built = _stage(options, home, servers)
        say("database")
        built.manage("migrate", "--no-input", "--verbosity", "0")
        built.manage("seed_demo", "--seats", str(options.patients + (VISITORS if options.serve else 0)))
        say("processes")
        try:
            _start(built, options)
            yield built
        finally:
            # Taking down has its own time limits; a second Ctrl-C would only leave things behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            say("stopping")
            built.processes.stop([*HOSPITAL, *FOR_VISITORS])
            built.processes.stop()


def _servers(home: Path, running: ExitStack, *, keep: bool) -> Servers:
    """The caller's servers where given, embedded ones otherwise. Data is kept only where the next run must remember it:
    an insurer that is not ours has not forgotten the last minute's calls, so our permits may not either."""
    broker, cache, database = given("BROKER_URL"), given("CACHE_URL"), given("DATABASE_URL")
    if not (broker and cache):
        if not keep and (home / "valkey").exists():
            shutil.rmtree(home / "valkey")
        valkey = running.enter_context(engines.valkey(home))
        broker, cache = broker or valkey, cache or f"{valkey.removesuffix('/0')}/1"
    if database:
        return Servers(databases.ensured(database), broker, cache)
    maintenance = running.enter_context(engines.postgres(home))
    return Servers(databases.renewed(maintenance, "hospital", keep=keep), broker, cache)


def _stage(options: Options, home: Path, servers: Servers) -> Stage:
    ports = Ports.free(options.insurers)
    variables, others = environment(options, servers, ports, home), beside(ports)
    processes = Processes(ROOT / "Procfile", home, variables)
    for each in others:
        processes.also(each.name, "insurer", INSURER_PORT=str(each.port))
    return Stage(
        hospital=variables["PUBLIC_URL"],
        insurers={FIRST: variables["INSURANCE_URL"], **{each.name: each.address for each in others}},
        regions=tuple(each.region for each in others),
        payments=variables["PAYMENT_URL"],
        flower=f"http://127.0.0.1:{ports.flower}",
        processes=processes,
        variables=variables,
    )


def _start(built: Stage, options: Options) -> None:
    others = [name for name in built.insurers if name != FIRST]
    simulators = [*(name for name in SIMULATORS if not (name == "insurer" and options.insurer)), *others]
    built.processes.start(*simulators, *HOSPITAL, *(FOR_VISITORS if options.serve else ()))
    addresses = [f"{built.hospital}/readyz", f"{built.payments}/_ledger"]
    if not options.insurer:
        addresses += [f"{address}/_stats" for address in built.insurers.values()]
    deadline = time.monotonic() + READY_SECONDS
    for address in addresses:
        wait_until_ready(address, built.processes, deadline)


def wait_until_ready(address: str, processes: Processes, deadline: float) -> None:
    """Wait for a 200; a process that dies meanwhile ends the wait at once. `deadline` is on the monotonic clock."""
    answer = "no answer"
    while time.monotonic() < deadline:
        processes.check()
        try:
            response = httpx.get(address, timeout=5, trust_env=False)
        except httpx.TransportError as error:
            answer = str(error)
        else:
            if response.status_code == httpx.codes.OK:
                return
            answer = f"{response.status_code} {response.text[:200]}"
        time.sleep(0.1)
    raise CannotStart(
        f"{address} was not ready within {READY_SECONDS} s: {answer}; the logs are in {processes.home / 'log'}"
    )
