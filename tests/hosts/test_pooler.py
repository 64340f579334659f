"""Behind PgBouncer in transaction mode: what needs a session is not used, and the guards are there all the same."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.db import DatabaseError, connection

from config.environment import Environment
from demo import children
from demo.home import ROOT
from demo.processes import Processes
from hospital import ticks
from tests.chaos import own_servers
from tests.hosts.pooler import Pooler
from tests.races.together import wait_until

GUARDS = ["statement_timeout", "idle_in_transaction_session_timeout"]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """PgBouncer before a database of the test's own, which Django speaks to past it."""
    with own_servers.running():
        pooler = Pooler(tmp_path, "127.0.0.1")
        processes = Processes(ROOT / "Procfile", tmp_path, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        processes.commands = {"pgbouncer": pooler.command}
        processes.start("pgbouncer")
        try:
            wait_until(lambda: answers(pooler.url))
            yield pooler.url
        finally:
            children.stop(list(processes.running.values()), grace_seconds=5)


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


@pytest.fixture
def through(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Django goes through it, by the settings that DATABASE_POOLED makes."""
    for name in ("one", "two", "three"):
        ticks.seen(name)
    monkeypatch.setenv("OWN_URL", url)
    made = Environment().database("OWN_URL", pooled=True)
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(made)
    yield
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(before)


def names_while_another_takes_the_session(url: str) -> list[str]:
    """Read row by row; after the first, somebody else begins a transaction in the session that read it."""
    rows = ticks.Tick.objects.order_by("name").values_list("name", flat=True).iterator(chunk_size=1)
    first = next(rows)
    other = psycopg2.connect(url)
    try:
        other.cursor().execute("SELECT 1")
        return [first, *rows]
    finally:
        other.close()


@pytest.mark.usefixtures("through")
def test_rows_are_read_one_by_one(url: str) -> None:
    assert names_while_another_takes_the_session(url) == ["one", "three", "two"]


@pytest.mark.usefixtures("through")
def test_a_cursor_in_the_server_would_be_somebody_elses(url: str) -> None:
    """Negative control: without the setting."""
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
    with pytest.raises((DatabaseError, psycopg2.Error), match="cursor"):
        names_while_another_takes_the_session(url)


@pytest.mark.usefixtures("through")
def test_whoever_hangs_is_ended_as_without_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
        )
        assert cursor.fetchone() == ("1min", "15s")


def test_startup_options_are_refused(url: str) -> None:
    """Negative control: what is asked for at connect without a pooler."""
    where = urlsplit(url)
    with pytest.raises(psycopg2.OperationalError, match="options"):
        psycopg2.connect(
            host=where.hostname,
            port=where.port,
            user=where.username,
            password=where.password,
            dbname=where.path[1:],
            options="-c statement_timeout=1000",
        )
