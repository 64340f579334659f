"""The embedded servers: start, keep data, survive a crash, leave nothing. Needs no server: these are the servers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from demo import databases
from demo.children import RUN_MARK
from demo.engines import free_ports, postgres, valkey
from demo.home import ROOT, CannotStart, held

RUN_BOTH = """
import signal, sys
from pathlib import Path
from demo.engines import postgres, valkey
from demo.home import held
with held(Path(sys.argv[1])) as home, postgres(home) as database, valkey(home) as broker:
    print(database, broker, flush=True)
    signal.pause()
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose name has a space and is too long for a Unix socket."""
    directory = tmp_path_factory.mktemp("run") / ("a long name " + "x" * 120)
    for parent in list(directory.parents)[:2]:
        parent.chmod(0o755)  # as root another user runs PostgreSQL, and pytest's directories are private
    yield directory
    assert not marked(directory)


def marked(home: Path) -> list[int]:
    """Who carries the mark of that home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_MARK) == str(home):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def count_of(url: str) -> int:
    return int(
        asked(url, "CREATE TABLE IF NOT EXISTS seen (at int); INSERT INTO seen VALUES (1); SELECT count(*) FROM seen")
    )


def asked(url: str, question: str) -> str:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(question)
        answer = str(cursor.fetchone()[0])
    connection.close()
    return answer


def test_data_is_kept_or_renewed(home: Path) -> None:
    for keep, expected in ((False, 1), (True, 2), (False, 1)):
        with held(home), postgres(home) as maintenance:
            assert count_of(databases.renewed(maintenance, "hospital", keep=keep)) == expected


@pytest.mark.parametrize(("outlives_the_machine", "fsync"), [(True, "on"), (False, "off")])
def test_only_what_need_not_outlive_the_machine_is_left_in_its_memory(
    home: Path, outlives_the_machine: bool, fsync: str
) -> None:
    with held(home), postgres(home, outlives_the_machine=outlives_the_machine) as maintenance:
        assert asked(maintenance, "SHOW fsync") == fsync


def test_a_missing_database_is_created(home: Path) -> None:
    with held(home), postgres(home) as maintenance:
        url = databases.with_name(maintenance, "of their own")
        assert databases.ensured(url) == url
        assert count_of(url) == 1
        databases.ensured(url)
        assert count_of(url) == 2


def test_a_database_server_that_is_not_there_is_a_clear_message() -> None:
    with pytest.raises(CannotStart, match="DATABASE_URL: "):
        databases.ensured(f"postgres://postgres@127.0.0.1:{free_ports(1)[0]}/hospital")


def test_valkey_keeps_what_it_was_told(home: Path) -> None:
    for expected in (1, 2):
        with held(home), valkey(home) as url, redis.Redis.from_url(url) as client:
            assert client.incr("count") == expected


def test_a_home_belongs_to_one_run(home: Path) -> None:
    with held(home), pytest.raises(CannotStart, match="another run"), held(home):
        pytest.fail("two runs in one home")


def run_both(home: Path) -> tuple[subprocess.Popen[str], str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN_BOTH, str(home)]
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert run.stdout
    return run, run.stdout.readline().split()[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_a_home_that_starts_again(home: Path, number: signal.Signals) -> None:
    run, database = run_both(home)
    before = count_of(database)
    run.send_signal(number)
    run.communicate(timeout=20)
    if number is not signal.SIGKILL:
        assert not marked(home)
    with held(home), postgres(home) as maintenance, valkey(home):
        assert count_of(maintenance) == before + 1


def test_strays_of_a_killed_run_are_ended(home: Path) -> None:
    """Also one that the kernel did not stop: it began outside of our hands, but carries the mark."""
    with subprocess.Popen(["sleep", "60"], env={**os.environ, RUN_MARK: str(home)}) as stray, held(home):
        assert stray.wait(5) == -signal.SIGTERM
