"""Months of the journal and of the recorded calls go into files and out of the tables (docs/privacy.md, ADR 30).

Written, read back and compared; only then deleted, in small batches along the primary key. Ended in between, the next
run finds the file and goes on deleting what stands in it. Ids grow with time: a month is what lies in front of the
first row of the next.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital import sealed_file
from hospital.errors import Conflict
from insurance.desk.models import Alert
from insurance.reconciliation.models import Difference
from insurance.settlement.models import Settlement
from insurance.states import AlertState, DifferenceState, SettlementState

AT_A_TIME = 1_000
READ_AT_A_TIME = 2_000

ENDED = (SettlementState.COMPLETED, SettlementState.REFUSED, SettlementState.REVERSED)


@dataclass(frozen=True, slots=True)
class Table:
    """What grows for ever, and by which column a row's month is known."""

    name: str
    at: str


TABLES = (Table("hospital_journal", "at"), Table("insurance_interfacecall", "sent_at"))


@dataclass(frozen=True, slots=True)
class Month:
    """The rows of a table from `first_id` to `last_id`."""

    table: Table
    month: str
    ends: datetime
    first_id: int
    last_id: int

    @property
    def filename(self) -> str:
        return f"{self.table.name}-{self.month}.jsonl.gz.sealed"


def oldest(table: Table) -> Month | None:
    """The oldest month that is in the table, if all of it is older than KEEP_JOURNAL_MONTHS."""
    sql = f"""
        WITH first AS (SELECT id, date_trunc('month', {table.at}) AS month FROM {table.name} ORDER BY id LIMIT 1)
        SELECT first.id, to_char(month, 'YYYY-MM'), month + interval '1 month',
               (SELECT id FROM {table.name} WHERE {table.at} >= month + interval '1 month' ORDER BY id LIMIT 1)
          FROM first WHERE month + interval '1 month' <= now() - make_interval(months => %s)
    """
    row = _one(sql, [settings.KEEP_JOURNAL_MONTHS])
    if row is None:
        return None
    first_id, month, ends, next_id = row
    last = _one(f"SELECT max(id) FROM {table.name} WHERE %s::bigint IS NULL OR id < %s", [next_id, next_id])
    return Month(table, month, ends, first_id, last[0] if last else first_id)


def require_nothing_open(month: Month) -> None:
    """What is not over needs its past. Raises `Conflict("in_hand")`."""
    unfinished = Settlement.objects.filter(~Q(state__in=ENDED), created_at__lt=month.ends).order_by("pk").first()
    untold = Alert.objects.filter(state=AlertState.DUE, entry_id__lte=month.last_id).exists()
    differing = Difference.objects.exclude(state=DifferenceState.RESOLVED).filter(book__day__lt=month.ends).first()
    if unfinished or untold or differing:
        what = unfinished or differing or _("a case that staff were not told of")
        raise Conflict("in_hand", _("%(month)s stays: %(what)s is not over.") % {"month": month.month, "what": what})


def keep(month: Month, folder: Path, renew: Callable[[], None] = lambda: None) -> Path:
    """The file of the month, written and read back; one that is there already must have every row that is left.
    `renew` is called while it is written: it raises when somebody else has taken over.

    Raises `Conflict("differs")`, `Invalid("changed")`, `OSError`.
    """
    path = folder / month.filename
    if path.exists():
        head = sealed_file.head_of(path)
        if head["last_id"] != month.last_id or head["first_id"] > month.first_id:
            raise Conflict("differs", _("%(file)s is there, and has other rows.") % {"file": path.name})
        list(map(len, sealed_file.read(path)))
        return path
    head = {"table": month.table.name, "month": month.month, "first_id": month.first_id, "last_id": month.last_id}
    written = hashlib.sha256()
    sealed_file.write(path, head, _heard(_rows(month, renew), written))
    again = hashlib.sha256()
    for line in sealed_file.read(path):
        again.update(line)
    if again.digest() != written.digest():
        raise Conflict("differs", _("%(file)s does not say what was written.") % {"file": path.name})
    return path


def delete(month: Month, renew: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Batch by batch; how many rows each had. `renew`: as in `keep`, in each batch's transaction."""
    first = month.first_id
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            renew()
            ids = f"SELECT id FROM {month.table.name} WHERE id BETWEEN %s AND %s ORDER BY id LIMIT {AT_A_TIME}"
            cursor.execute(ids, [first, month.last_id])
            found = [pk for (pk,) in cursor.fetchall()]
            if not found:
                return
            if month.table is TABLES[0]:
                Alert.objects.filter(entry_id__in=found).delete()
            cursor.execute(f"DELETE FROM {month.table.name} WHERE id = ANY(%s)", [found])
        first = found[-1] + 1
        yield len(found)


def _rows(month: Month, renew: Callable[[], None]) -> Iterator[bytes]:
    """A line of JSON each, as they stand in the table: what is encrypted there is so here."""
    sql = f"""
        SELECT id, row_to_json(t)::text FROM {month.table.name} t WHERE id > %s AND id <= %s ORDER BY id
         LIMIT {READ_AT_A_TIME}
    """
    after = month.first_id - 1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [after, month.last_id])
            rows = cursor.fetchall()
        renew()  # else what was read may be what another has left
        yield from (f"{text}\n".encode() for _, text in rows)
        if len(rows) < READ_AT_A_TIME:
            return
        after = rows[-1][0]


def _heard(lines: Iterator[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line


def _one(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
