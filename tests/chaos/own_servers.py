"""A PostgreSQL and a Valkey of a test's own, which may be wiped, filled up and killed: nobody else's."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.core.management import call_command
from django.db import connection

from demo import children, databases, engines
from demo.home import ROOT

FULL_SECONDS = 1.5


@dataclass(frozen=True)
class Servers:
    """The database is Django's own connection while this lasts."""

    broker_url: str
    database: ExitStack
    """What runs it."""

    def wipe_the_broker(self) -> None:
        self._broker().flushall()

    def fill_the_broker(self) -> None:
        """As with a full disk: it answers, and takes no writes."""
        self._broker().config_set("maxmemory", 1)
        time.sleep(FULL_SECONDS)
        self._broker().config_set("maxmemory", 0)

    def poison(self, queue: str) -> None:
        """What is no message, and a message of a task that nobody knows."""
        unknown = b'{"body": "W10=", "headers": {"task": "tasks.of.nobody", "id": "1"}, "properties": {}}'
        for rubbish in (b"\x00 no message", b"{}", unknown):
            self._broker().lpush(queue, rubbish)

    def crash_the_database(self) -> None:
        """One of its processes is killed: the server drops everybody, and recovers from its log."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                " ORDER BY query_start DESC NULLS LAST LIMIT 1"
            )
            row = cursor.fetchone()
        if row is not None:
            with suppress(ProcessLookupError):
                os.kill(row[0], signal.SIGKILL)

    def restart_the_database(self) -> None:
        """As for a new version: everybody is sent away, it is away for a moment and comes back where it was."""
        port = int(connection.settings_dict["PORT"])
        connection.close()
        self.database.close()
        self.database.enter_context(engines.postgres(_home(), port=port))

    def _broker(self) -> "redis.Redis":
        return redis.Redis.from_url(self.broker_url)


@contextmanager
def running(*also_at: str) -> Iterator[Servers]:
    """Both, with an empty migrated database, as the one that Django speaks to. `also_at`: where Valkey listens too."""
    with ExitStack() as database, engines.valkey(_home(), also_at=also_at) as broker:
        maintenance = database.enter_context(engines.postgres(_home()))
        url = urlsplit(databases.renewed(maintenance, "storm", keep=False))
        with _as_default(url.hostname, url.port, url.username, url.password, url.path.lstrip("/")):
            call_command("migrate", verbosity=0)
            yield Servers(broker.removesuffix("/0") + "/2", database)


def _home() -> Path:
    return Path(os.environ.get(children.RUN_MARK, ROOT / "var" / "test")) / "own"


@contextmanager
def _as_default(host: object, port: object, user: object, password: object, name: str) -> Iterator[None]:
    before = dict(connection.settings_dict)
    own = {"HOST": host, "PORT": port, "USER": user, "PASSWORD": password, "NAME": name}
    connection.close()
    connection.settings_dict.update(own)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update({key: before[key] for key in own})
