"""Statements that are planned once a connection: on the hot paths planning costs the database more than the work.

A connection that is gone takes its plans with it. In front of PostgreSQL a pooler must leave a session its connection
(PgBouncer: `pool_mode = session`); we hold few and keep them, so that none is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

_planned: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""By connection to the server: the names it knows."""


@dataclass(frozen=True)
class Prepared:
    """One statement with the parameters $1, $2 … of these types."""

    name: str
    types: Sequence[str]
    sql: str

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """Its first row; None when there is none."""
        with connection.cursor() as cursor:
            known = _planned.setdefault(connection.connection, set())
            if self.name not in known:
                cursor.execute(f"PREPARE {self.name} ({', '.join(self.types)}) AS {self.sql}")
                known.add(self.name)
            cursor.execute(f"EXECUTE {self.name} ({', '.join(['%s'] * len(values))})", values)
            found: tuple[Any, ...] | None = cursor.fetchone()
            return found
