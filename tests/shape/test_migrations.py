"""New migrations do not stop a hospital whose tables are large: no index under a lock, no value for every row."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

BEFORE = {"hospital": 10, "insurance": 11}
"""The last migration of each that was there before this rule."""


def new_ones() -> Iterator[tuple[str, migrations.Migration]]:
    loader = MigrationLoader(None)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        if app in BEFORE and int(name[:4]) > BEFORE[app]:
            yield f"{app} {name}", migration


def faults(migration: migrations.Migration) -> Iterator[str]:
    made = {op.name.lower() for op in migration.operations if isinstance(op, migrations.CreateModel)}
    for op in migration.operations:
        if getattr(op, "model_name", "").lower() not in made:
            yield from _faults(op)


def _faults(op: Operation) -> Iterator[str]:
    if type(op) is migrations.AddIndex:
        yield f"{op.describe()}: use AddIndexConcurrently, with atomic = False"
    if isinstance(op, (migrations.AddField, migrations.AlterField)):
        field = op.field
        if isinstance(op, migrations.AddField) and not (field.null or field.has_db_default() or field.many_to_many):
            yield f"{op.describe()}: give it a db_default, or NULL"
        if isinstance(op, migrations.AddField) and (field.unique or field.db_index):
            yield f"{op.describe()}: its index is built under a lock; add it concurrently in a step of its own"


@pytest.mark.parametrize(("name", "migration"), new_ones(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_new_migration_is_safe_on_large_tables(name: str, migration: migrations.Migration) -> None:
    assert list(faults(migration)) == []


@pytest.mark.parametrize(
    "guilty",
    [
        migrations.AddIndex("trial", models.Index(fields=["number"], name="x")),
        migrations.AddField("trial", "x", models.BooleanField(default=False)),
        migrations.AddField("trial", "x", models.CharField(max_length=9, null=True, unique=True)),
    ],
)
def test_the_search_finds_what_it_looks_for(guilty: Operation) -> None:
    migration = migrations.Migration("x", "insurance")
    migration.operations = [guilty]
    assert list(faults(migration))
