"""What grows with every patient, and how the rows of one story become those of a million others.

The rows that came between two calls of `begin` are a story. `multiply` writes them again and again by `INSERT … SELECT`
with ids, references and unique values of their own, over many days: nothing but SQL, in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from hospital.models import (
    Appointment,
    Archive,
    Card,
    Change,
    Charge,
    FollowLink,
    IdempotentRequest,
    Journal,
    MasterRecord,
    Notice,
    Patient,
)
from insurance.models import (
    Alert,
    InterfaceCall,
    LedgerEntry,
    Line,
    PaymentOrder,
    Refund,
    Settlement,
    Trial,
    Visit,
)
from insurance.states import TrialState

Model = type[models.Model]
Marks = Mapping[Model, int]
"""The last id of each table."""

GROWING: tuple[Model, ...] = (
    get_user_model(),
    OutstandingToken,
    BlacklistedToken,
    IdempotentRequest,
    Patient,
    Appointment,
    FollowLink,
    Charge,
    MasterRecord,
    Card,
    Archive,
    Notice,
    Trial,
    Visit,
    PaymentOrder,
    Refund,
    Settlement,
    LedgerEntry,
    InterfaceCall,
    Journal,
    Alert,
    Change,
)

IN_FILES = frozenset({InterfaceCall, Journal, Alert})
"""What `archive_months` takes out of the tables, month by month."""

TABLES = frozenset(model._meta.db_table for model in GROWING)

OVER_DAYS = 400
"""So old is the first of the stories; each comes a little later than the one before."""

DAYS_A_MONTH = 30.4

_DISTINCT = frozenset(
    {
        "card_tail",
        "jti",
        "number",
        "purpose",
        "setl_id",
        "settle_msgid",
        "source",
        "subject",
    }
)
"""Columns of text that tell one story from another without being unique."""

_SHORT = 8
"""Characters of the number of a copy, in front of what is left of the text."""


@dataclass(frozen=True, slots=True)
class Story:
    """The rows that came between two moments."""

    since: Marks
    until: Marks

    def span(self, model: Model) -> int:
        """How many ids of this table it has used."""
        return self.until[model] - self.since[model]


def begin() -> Marks:
    """From here on, what is written is the story; or here it ends."""
    return {model: _last(model) for model in GROWING}


def multiply(story: Story, times: int, after: int = 0, months: int | None = None) -> None:
    """`times` more of the story, as if other people had done the same before. `after`: so many there are already.
    `months`: what `archive_months` leaves in the tables of their journal and calls; None: all."""
    there = begin()
    gone = int(times * max(0.0, 1 - months * DAYS_A_MONTH / OVER_DAYS)) if months else 0
    with transaction.atomic(), connection.cursor() as cursor:
        # References are not looked up for every row, and the ledger's triggers are not asked: we know what we insert.
        cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL statement_timeout = 0")
        for model in GROWING:
            if story.span(model):
                first = after + 1 + (gone if model in IN_FILES else 0)
                cursor.execute(_insert(model, story, there), {"times": times, "after": after, "first": first})
                _count_on(cursor, model)


def lengthen_lines() -> None:
    """Whoever waits has a place: the lines know how many they have given."""
    for line in Line.objects.all():
        waiting = Trial.objects.filter(line=line, state=TrialState.WAITING)
        last = waiting.aggregate(last=models.Max("number"))["last"] or 0
        Line.objects.filter(pk=line.pk, joined__lt=last).update(joined=last)


def tidy() -> None:
    """Vacuum and analyse, as autovacuum would have by the time they are this large."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(sorted(TABLES))}")
        cursor.execute("RESET statement_timeout")


def _last(model: Model) -> int:
    last = model._default_manager.aggregate(last=models.Max("pk"))["last"]
    return int(last or 0)


def _insert(model: Model, story: Story, there: Marks) -> str:
    table = model._meta.db_table
    own = {f'"{field.column}"': _value(field, model, story, there) for field in model._meta.concrete_fields}
    return (
        f"INSERT INTO {table} ({', '.join(own)}) SELECT {', '.join(own.values())}"
        f" FROM generate_series(%(first)s, %(after)s + %(times)s) AS k CROSS JOIN {table} AS m"
        f" WHERE m.id > {story.since[model]} AND m.id <= {story.until[model]}"
    )


def _value(field: "models.Field[object, object]", model: Model, story: Story, there: Marks) -> str:
    """The column of a copy, as SQL over the original `m` and the number `k` of the copy."""
    column = f'm."{field.column}"'
    if field.primary_key:
        return _moved(column, model, story, there)
    if model is Journal and field.name == "item_id":
        named = {str(one._meta.model_name): one for one in GROWING}
        cases = (f"WHEN '{name}' THEN {_moved(column, one, story, there)}" for name, one in named.items())
        return f"CASE m.kind {' '.join(cases)} ELSE {column} END"
    if isinstance(field, models.ForeignKey):
        refers_to = field.related_model
        return _moved(column, refers_to, story, there) if refers_to in there else column
    if isinstance(field, models.DateTimeField):
        return f"{column} - (%(after)s + %(times)s + 1 - k) * interval '{OVER_DAYS} days' / %(times)s"
    if model is Trial and field.name == "number":
        return f"CASE WHEN m.state = '{TrialState.WAITING}' THEN {column} + k ELSE {column} END"
    tells_apart = field.unique or field.name in _DISTINCT or field.name.endswith("index")
    if isinstance(field, models.CharField) and tells_apart:
        return _distinct(column, field.max_length or 30)
    return column


def _moved(column: str, model: Model, story: Story, there: Marks) -> str:
    """An id of the story becomes that of the copy, behind all that are there; an older one stays."""
    first, last = story.since[model], story.until[model]
    behind = f"{there[model] - last} + (k - %(after)s)::bigint * {last - first}"
    return f"CASE WHEN {column} > {first} AND {column} <= {last} THEN {column} + {behind} ELSE {column} END"


def _distinct(column: str, most: int) -> str:
    """A text of its own; an empty one stays empty."""
    end = f"right({column}, {most - _SHORT})"
    return f"CASE WHEN {column} = '' THEN '' ELSE lpad(to_hex(k), {_SHORT}, '0') || {end} END"


def _count_on(cursor: object, model: Model) -> None:
    table = model._meta.db_table
    cursor.execute(  # type: ignore[attr-defined]
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
    )
