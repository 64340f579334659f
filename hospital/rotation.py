"""The keys have changed: everything that stands under an older one is encrypted anew, batch by batch.

Nothing waits for it. A batch is read without a lock and made anew in memory; then its rows are locked for as long as
one UPDATE takes, whoever holds one is passed by, and a row that has become another meanwhile stays as it is: the next
round finds it. What is done is seen by the rows themselves, so it may be ended at any moment and begun again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from hospital import keys
from hospital.privacy import EncryptedText, Indexes, blind_index, is_current

Row = tuple[Any, ...]

_UNREADABLE = (InvalidTag, keys.UnknownKey, ValueError)


@dataclass(slots=True)
class Round:
    """How far it is in one table. `unreadable`: no key of ours opens a value of theirs. `in_conflict`: another row has
    the index already, so two rows are of one person. Both by id."""

    looked_at: int = 0
    renewed: int = 0
    passed_by: int = 0
    unreadable: tuple[int, ...] = ()
    in_conflict: tuple[int, ...] = ()


class Table:
    """A table with encrypted columns, and with blind indexes of them where it has any."""

    def __init__(self, model: type[Model]) -> None:
        self.model, self.name = model, model._meta.db_table
        self.encrypted = {
            str(field.column): field for field in model._meta.local_fields if isinstance(field, EncryptedText)
        }
        self.indexes: Indexes = getattr(model, "INDEXES", {})
        self.columns = [*self.encrypted, *self.indexes]

    def about(self) -> int:
        """How many rows it has, as the database reckons."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = %s::regclass", [self.name])
            return int(cursor.fetchone()[0])

    def batch(self, after: int, most: int) -> list[Row]:
        """The next rows, done or not: a search for what is left would read all that is done in one statement."""
        sql = f"SELECT id, {_listed(self.columns)} FROM {self.name} WHERE id > %s ORDER BY id LIMIT %s"
        with connection.cursor() as cursor:
            cursor.execute(sql, [after, most])
            return list(cursor.fetchall())

    def renewed(self, row: Row) -> list[str] | None:
        """The row's columns under the current key; None: they are. Raises what `decrypt` raises."""
        stands = dict(zip(self.columns, row[1:], strict=True))
        texts: dict[str, str] = {}
        new = dict(stands)
        for column, field in self.encrypted.items():
            if not is_current(stands[column]) or any(of == field.name for of, _ in self.indexes.values()):
                texts[field.name] = field.read(stands[column])
            if not is_current(stands[column]):
                new[column] = field.sealed(texts[field.name])
        for column, (of, shaped) in self.indexes.items():
            if stands[column] and texts[of]:
                new[column] = blind_index(shaped(texts[of]))
        return None if new == stands else list(new.values())

    def write(self, rows: Sequence[tuple[Row, list[str]]]) -> int:
        """In one short transaction; how many were written."""
        with transaction.atomic(), connection.cursor() as cursor:
            lock = f"SELECT id FROM {self.name} WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED"
            cursor.execute(lock, [[row[0] for row, _ in rows]])
            ours = {pk for (pk,) in cursor.fetchall()}
            mine = [(row, new) for row, new in rows if row[0] in ours]
            before = [[row[place + 1] for row, _ in mine] for place in range(len(self.columns))]
            after = [[new[place] for _, new in mine] for place in range(len(self.columns))]
            cursor.execute(self._update(), [[row[0] for row, _ in mine], *before, *after])
            return int(cursor.rowcount)

    def _update(self) -> str:
        old, new = ([f"{word}{place}" for place in range(len(self.columns))] for word in ("o", "n"))
        named = [f'"{column}"' for column in self.columns]
        sets = ", ".join(f"{column} = v.{value}" for column, value in zip(named, new, strict=True))
        same = " AND ".join(f"t.{column} = v.{value}" for column, value in zip(named, old, strict=True))
        arrays = ", ".join(["%s::bigint[]", *["%s::text[]"] * (2 * len(named))])
        return (
            f"UPDATE {self.name} t SET {sets} FROM unnest({arrays}) AS v (id, {', '.join([*old, *new])})"
            f" WHERE t.id = v.id AND {same}"
        )


def tables() -> list[Table]:
    """Every table that holds personal data."""
    found = [Table(model) for model in apps.get_models() if not model._meta.proxy]
    return [table for table in found if table.encrypted]


def run(table: Table, most: int, told: Callable[[Round], None]) -> Round:
    """One round through a table, `most` rows at a time; `told` hears how far it is after each batch."""
    done, after = Round(), 0
    while rows := table.batch(after, most):
        after = rows[-1][0]
        _batch(table, rows, done)
        told(done)
    return done


def _batch(table: Table, rows: Sequence[Row], done: Round) -> None:
    wanted = list(_wanted(table, rows, done))
    done.looked_at += len(rows)
    if not wanted:
        return
    conflicts = len(done.in_conflict)
    try:
        written = table.write(wanted)
    except IntegrityError:
        written = sum(_alone(table, one, done) for one in wanted)
    done.renewed += written
    done.passed_by += len(wanted) - written - (len(done.in_conflict) - conflicts)


def _wanted(table: Table, rows: Sequence[Row], done: Round) -> Iterator[tuple[Row, list[str]]]:
    for row in rows:
        try:
            new = table.renewed(row)
        except _UNREADABLE:
            done.unreadable += (row[0],)
        else:
            if new is not None:
                yield row, new


def _alone(table: Table, one: tuple[Row, list[str]], done: Round) -> int:
    try:
        return table.write([one])
    except IntegrityError:
        done.in_conflict += (one[0][0],)
        return 0


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
