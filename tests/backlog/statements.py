"""The statements that are really issued, taken where Django gives them to the database: their plans and their times."""

import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tests.backlog.rows import TABLES

MOST_ROWS = 1_000
"""What a statement may look at without a limit; more would be more with every patient."""

_PLANNED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_LISTS = re.compile(r"\(\s*%s(?:\s*,\s*%s)+\s*\)|\(%s\)")
_MANY_VALUES = re.compile(r"(VALUES\s*\([^()]*(?:\([^()]*\)[^()]*)*\)).*", re.IGNORECASE | re.DOTALL)

_LIMIT = re.compile(r"\bLIMIT (\d+)")

Plan = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A statement whose cost grows with the tables, and where it was issued."""

    where: str
    why: str
    sql: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}\n    {self.sql}"


@dataclass
class Statements:
    """Whatever is executed while it listens. `where` is the part of the story that goes on."""

    explain: bool = False
    where: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    at: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """All of this thread's statements, until the block ends."""
        with connection.execute_wrapper(self._hear):
            yield

    def _hear(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        if many or not _PLANNED.match(text):
            return execute(sql, params, many, context)
        known = one_of_its_kind(text)
        self.at.setdefault(known, self.where)
        if self.explain:
            self._look_at(known, text, params)
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds[known].append(time.perf_counter() - began)

    def _look_at(self, known: str, sql: str, params: Any) -> None:
        most = max([MOST_ROWS, *map(int, _LIMIT.findall(sql))])
        for why in growing(plan_of(sql, params), most):
            self.faults.setdefault(f"{known} {why}", Fault(self.where, why, known))


def plan_of(sql: str, params: Any) -> Plan:
    """As the planner carries it out now; of what only reads, how many rows it has really looked at."""
    reads = sql.lstrip().upper().startswith("SELECT")
    how = "ANALYZE, TIMING OFF, FORMAT JSON" if reads else "FORMAT JSON"
    with connection.connection.cursor() as bare:  # psycopg2's own: it is not heard
        bare.execute(f"EXPLAIN ({how}) {sql}", params)
        (told,) = bare.fetchone()
    plan: Plan = told[0]["Plan"]
    return plan


def growing(plan: Plan, most: float, limited: bool = False) -> Iterator[str]:
    """What in this plan costs more when a table has more rows: whole tables, and more rows than a limit asks for."""
    kind, looked_at = plan["Node Type"], _looked_at(plan)
    table = plan.get("Relation Name")
    if kind == "Seq Scan" and table in TABLES and ("Filter" in plan or not limited):
        yield f"Seq Scan on {table}"
    elif looked_at > most and (table in TABLES or kind == "Bitmap Index Scan"):
        yield f"{kind} on {table} of {looked_at} rows by {plan.get('Index Name')}"
    if kind == "Limit":
        limited = True
        if "Actual Rows" not in plan:  # how early it ends what is below is not known
            most = math.inf
    for below in plan.get("Plans", []):
        yield from growing(below, most, limited)


def _looked_at(plan: Plan) -> int:
    """Rows, also those that were left out; estimated, where nothing was carried out."""
    if "Actual Loops" not in plan:
        return int(plan["Plan Rows"])
    left_out = sum(plan.get(why, 0) for why in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return int((plan["Actual Rows"] + left_out) * plan["Actual Loops"])


def one_of_its_kind(sql: str) -> str:
    """The statement without what differs from one time to the next: how many values, how long a list."""
    text = " ".join(sql.split())
    if text.upper().startswith("INSERT"):
        text = _MANY_VALUES.sub(r"\1 …", text)
    return _LISTS.sub("(%s, …)", text)
