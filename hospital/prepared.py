"""Statements that are planned once a connection: on the hot paths planning costs the database more than the work.

PostgreSQL would plan anew whenever it thinks that few values are asked for; `config/environment.py` tells it not to. A
connection that is gone takes its plans with it. Behind a pooler that gives each transaction another one
(`DATABASE_POOLED`), they are sent as any other statement.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection

_planned: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""By connection to the server: the names it knows."""

ONE_BY_ONE = "OFFSET 0"
"""At the end of a LATERAL subquery: each of those that are asked about is looked up by itself, so that a plan is by
primary keys as soon as the tables are worth it. One that was made while they were small is made anew when PostgreSQL
has looked at them again, or with the connection: within a minute."""


@dataclass(frozen=True)
class Prepared:
    """One statement with the parameters $1, $2 … of these types."""

    name: str
    types: Sequence[str]
    sql: str
    first: str = ""
    """Said in one breath with each execution and, outside of a transaction, in one with it: `SET LOCAL …;`."""

    def row(self, *values: Any) -> tuple[Any, ...] | None:
        """Its first row; None when there is none."""
        return next(iter(self.rows(*values)), None)

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """All of them."""
        with connection.cursor() as cursor:
            if settings.DATABASE_POOLED:
                cursor.execute(
                    self.first + self._unplanned, {f"p{place}": value for place, value in enumerate(values, 1)}
                )
                return list(cursor.fetchall())
            known = _planned.setdefault(connection.connection, set())
            if self.name not in known:
                cursor.execute(f"PREPARE {self.name} ({', '.join(self.types)}) AS {self.sql}")
                known.add(self.name)
            cursor.execute(f"{self.first}EXECUTE {self.name} ({', '.join(['%s'] * len(values))})", values)
            return list(cursor.fetchall())

    @cached_property
    def _unplanned(self) -> str:
        """With the parameters as Django's cursor takes them."""
        return re.sub(r"\$(\d+)", self._parameter, self.sql.replace("%", "%%"))

    def _parameter(self, found: re.Match[str]) -> str:
        return f"%(p{found[1]})s::{self.types[int(found[1]) - 1]}"
