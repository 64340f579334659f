"""Migrations of large tables are given their time."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection
from django.db.models.signals import pre_migrate

pytestmark = pytest.mark.django_db

LIMIT = "1min"


def limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("command", "meanwhile"), [("migrate", "0"), (migrate.Command(), LIMIT)], ids=["ours", "control"]
)
def test_a_statement_of_a_migration_may_take_as_long_as_it_takes(command: Any, meanwhile: str) -> None:
    """Control: with Django's own command an index that takes a minute would end half built."""
    seen: set[str] = set()

    def look(**of: Any) -> None:
        seen.add(limit())

    pre_migrate.connect(look)
    try:
        call_command(command, verbosity=0, interactive=False)
    finally:
        pre_migrate.disconnect(look)
    assert (seen, limit()) == ({meanwhile}, LIMIT)
