"""The one door through which a state changes (design 2, rule 2).

A change is one guarded `UPDATE … WHERE id AND state = expected AND attempt = mine` and a journal row, in one
transaction. Zero rows updated means that somebody else was first: `Overtaken`, and the caller's transaction is undone.

Work waits as a row: `due_at` says from when it may be taken, `leased_until` how long the one who took it may keep it.
`attempt` counts the takers, so that a late answer of an earlier one cannot be recorded.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from hospital.lookups import AnyOf
from hospital.stateful import Stateful, WorkItem

log = logging.getLogger(__name__)


class Overtaken(Exception):
    """The row is no longer as it was read: somebody else moved it first. Stop; nothing of this attempt may stand."""


class ForbiddenMove(Exception):
    """The move is not in the table of moves: a defect in the caller."""


_WRITE_DOWN = """
    INSERT INTO hospital_journal (kind, item_id, from_state, to_state, attempt, reason)
    SELECT %s, item.id, %s, %s, item.attempt, %s
      FROM unnest(%s::bigint[], %s::int[]) WITH ORDINALITY AS item (id, attempt, place) ORDER BY item.place
"""

Row = TypeVar("Row", bound=Stateful)
Work = TypeVar("Work", bound=WorkItem)


def enter(row: Row, reason: str = "") -> Row:
    """Insert a new row and journal its first state."""
    with transaction.atomic(savepoint=False):
        row.save(force_insert=True)
        _journal([row], "", row.state, reason)
    return row


def enter_all(rows: Sequence[Row]) -> None:
    """Insert many new rows of one kind and journal their first state."""
    if not rows:
        return
    with transaction.atomic(savepoint=False):
        type(rows[0])._default_manager.bulk_create(rows)
        _journal(rows, "", rows[0].state, "")


def entering(*kinds: type[Stateful]) -> str:
    """The end of a statement that inserts one new row of each kind: it journals their first states.

    For where a round trip for each row costs too much. Each kind's row is inserted by a common table expression that
    has the name of its model and returns `id`; this one follows them. `entered` tells of it.
    """
    first = (f"SELECT '{name}', id, '', '{state}', 0, '' FROM {name}" for name, state in map(_first_of, kinds))
    columns = "kind, item_id, from_state, to_state, attempt, reason"
    return f"journal AS (INSERT INTO hospital_journal ({columns}) {' UNION ALL '.join(first)})"


def entered(*rows: Stateful) -> None:
    """What a statement with `entering` has done, in the log."""
    what = ", ".join(f"{row._meta.model_name} {row.pk}: new → {row.state}" for row in rows)
    transaction.on_commit(partial(copy_context().run, log.info, "%s", what), robust=True)


@contextmanager
def in_one_statement() -> Iterator[None]:
    """Around a statement that is a transaction of its own; within a larger one, a failure undoes no more than it."""
    with nullcontext() if connection.get_autocommit() else transaction.atomic():
        yield


def enter_columns(kind: type[Row], columns: Mapping[str, Sequence[Any]]) -> None:
    """As `enter_all`, from columns (by their names in the table): one statement, however many rows."""
    if not any(columns.values()):
        return
    meta: Any = kind._meta
    given = {field.column: field for field in meta.concrete_fields if field.column in columns}
    same = {
        field.column: field.get_default()
        for field in meta.concrete_fields
        if not (field.primary_key or field.null or field.column in given or field.has_db_default())
    }
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in given.values())
    values = [*given, *("%s" for _ in same)]
    sql = (
        f"INSERT INTO {meta.db_table} ({', '.join([*given, *same])}) SELECT {', '.join(values)}"
        f" FROM unnest({arrays}) WITH ORDINALITY AS new ({', '.join([*given, 'place'])}) ORDER BY place RETURNING id"
    )
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(sql, [*map(str, same.values()), *(list(columns[column]) for column in given)])
        ids = [pk for (pk,) in cursor.fetchall()]
        _write_down(kind, ids, [0] * len(ids), "", str(same["state"]), "")


def move(row: Row, to: str, *, reason: str = "", **fields: Any) -> Row:
    """Move `row` to state `to`, writing `fields` with it. Raises `Overtaken` or `ForbiddenMove`."""
    came_from = row.state
    _check(type(row), came_from, to)
    with transaction.atomic():
        guarded = type(row)._default_manager.filter(pk=row.pk, state=came_from, attempt=row.attempt)
        if guarded.update(state=to, **fields) != 1:
            raise Overtaken(f"{row._meta.model_name} {row.pk} is no longer {came_from}")
        _remember(row, {"state": to, **fields})
        _journal([row], came_from, to, reason)
        row.moved(came_from)
    return row


def move_all(rows: Sequence[Row], to: str, *, reason: str = "", **fields: Any) -> None:
    """Move rows of one kind and one state together. Raises `Overtaken` when one of them was moved by somebody else."""
    if not rows:
        return
    came_from = rows[0].state
    with transaction.atomic():
        _move_columns(type(rows[0]), {row.pk: row.attempt for row in rows}, came_from, to, reason, fields)
        for row in rows:
            _remember(row, {"state": to, **fields})
            row.moved(came_from)


def move_columns(kind: type[Row], attempts: Mapping[int, int], came_from: str, to: str, **fields: Any) -> None:
    """As `move_all`, of rows of which no more than id and attempt was read; of a kind where nothing hangs on the state.

    Raises `Overtaken`."""
    if kind.moved is not Stateful.moved:
        raise TypeError(f"{kind.__name__}: what hangs on its state needs its rows")
    if not attempts:
        return
    with transaction.atomic(savepoint=False):
        _move_columns(kind, attempts, came_from, to, "", fields)


def claim(rows: QuerySet[Work], to: str | Mapping[str, str], *, lease_seconds: float, **fields: Any) -> Work | None:
    """Take the first of `rows` (in its order) that nobody else is taking: state `to`, one attempt more, a lease.

    `to` says for rows of several states where each goes. Where a state stays as it is, the row is due again only when
    the lease is over. Commit before acting on it (design 2, rule 3). None when there is nothing to take.
    """
    with transaction.atomic():
        row = rows.select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        until = Now() + timedelta(seconds=lease_seconds)
        follows = to if isinstance(to, str) else to[row.state]
        return move(row, follows, attempt=row.attempt + 1, leased_until=until, due_at=until, **fields)


def put_back(row: Work, to: str, *, wait_seconds: float, error: str, **fields: Any) -> Work:
    """Give a claimed row back: state `to`, due again in `wait_seconds`, with the reason."""
    due_at = Now() + timedelta(seconds=wait_seconds)
    return move(row, to, reason=error, due_at=due_at, leased_until=None, last_error=error[:300], **fields)


def bring_forward(rows: QuerySet[Work]) -> int:
    """What waits for its time is due now; what somebody has taken is left alone. How many."""
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    return rows.filter(free, due_at__gt=Now()).update(due_at=Now())


def lapsed(kind: type[Work], *states: str) -> QuerySet[Work]:
    """Rows whose taker has gone silent: the lease is over."""
    return kind._default_manager.filter(state__in=states, leased_until__lt=Now())


def _first_of(kind: type[Stateful]) -> tuple[str, str]:
    return str(kind._meta.model_name), str(kind._meta.get_field("state").get_default())


def _check(kind: type[Stateful], came_from: str, to: str) -> None:
    if to not in kind.MOVES[came_from]:
        raise ForbiddenMove(f"{kind._meta.model_name}: {came_from} → {to}")


def _move_columns(
    kind: type[Row], attempts: Mapping[int, int], came_from: str, to: str, reason: str, fields: Mapping[str, Any]
) -> None:
    _check(kind, came_from, to)
    guarded = kind._default_manager.filter(AnyOf("pk", attempts), state=came_from)
    if guarded.update(state=to, **fields) != len(attempts):
        raise Overtaken(f"one of {len(attempts)} rows is no longer {came_from}")
    _write_down(kind, list(attempts), list(attempts.values()), came_from, to, reason)


def _remember(row: Stateful, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if not hasattr(value, "resolve_expression"):
            setattr(row, name, value)


def _journal(rows: Sequence[Stateful], came_from: str, to: str, reason: str) -> None:
    _write_down(type(rows[0]), [row.pk for row in rows], [row.attempt for row in rows], came_from, to, reason)


def _write_down(
    model: type[Stateful], ids: Sequence[int], attempts: Sequence[int], came_from: str, to: str, reason: str
) -> None:
    """One statement, however many rows; in their order."""
    kind = str(model._meta.model_name)
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN, [kind, came_from, to, reason[:300], list(ids), list(attempts)])
    # The reason stays in the journal: it may be what an insurer said of a person.
    which = " ".join(map(str, ids))
    transaction.on_commit(partial(log.info, "%s %s: %s → %s", kind, which, came_from or "new", to), robust=True)
