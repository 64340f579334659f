"""A clock of the database's that a test can set, and a host's clock that runs beside it.

The server's own functions are hidden by others of the same name, for the time of the test's transaction: every
statement of ours runs as it is written, on a real server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from django.db import connection

from insurance.quota import clock, permits

STARTS_AT = 2_000_000_000.0
"""The database's first time, in seconds since 1970: after everything that real defaults have written."""

_FUNCTIONS = """
    CREATE SCHEMA false_clock;
    CREATE FUNCTION false_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT pg_catalog.to_timestamp(pg_catalog.current_setting('false_clock.now')::float8) $$;
    CREATE FUNCTION false_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT pg_catalog.to_timestamp(pg_catalog.current_setting('false_clock.now')::float8) $$;
    CREATE FUNCTION false_clock.pg_walfile_name(pg_lsn) RETURNS text LANGUAGE sql STABLE AS
        $$ SELECT pg_catalog.current_setting('false_clock.timeline') $$;
    SET LOCAL search_path = false_clock, pg_catalog, public;
"""


@dataclass
class Clocks:
    """`seconds` is the true time, on which hosts and receivers live; the database's clock is off by `offset`."""

    seconds: float = 0.0
    offset: float = 0.0
    timeline: int = 1
    host: int = 1
    """The host that asks, counted up by every restart of it."""

    def begin(self) -> None:
        """Everything from the start."""
        self.seconds, self.offset, self.timeline, self.host = 0.0, 0.0, 1, 1
        clock.watch.forget()
        self._set()

    def at(self, seconds: float) -> None:
        """It is this time now."""
        self.seconds = seconds
        self._set()

    def step(self, by_seconds: float) -> None:
        """The database's clock is set."""
        self.offset += by_seconds
        self._set()

    def fail_over(self) -> None:
        """Another server answers for the database."""
        self.timeline += 1
        self._set()

    def _set(self) -> None:
        now, timeline = STARTS_AT + self.seconds + self.offset, f"{self.timeline:08X}000000010000000A"
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('false_clock.now', %s, true), set_config('false_clock.timeline', %s, true)",
                [repr(now), timeline],
            )


@contextmanager
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clocks]:
    """From here on the test decides what time it is."""
    clocks = Clocks()
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTIONS)
    clocks.at(0.0)
    monkeypatch.setattr(clock, "own_clock", lambda: clocks.seconds)
    monkeypatch.setattr(clock, "boot_id", lambda: f"host-{clocks.host}")
    monkeypatch.setattr(permits, "time", SimpleNamespace(monotonic=lambda: clocks.seconds, sleep=lambda seconds: None))
    clock.watch.forget()
    yield clocks
    clock.watch.forget()
