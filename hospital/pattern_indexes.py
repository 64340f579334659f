"""The second index that Django gives each unique or indexed text column, for `LIKE 'abc%'`.

Nobody looks for a beginning here, and every row that is written writes it. A test finds a new one
(`tests/integration/test_pattern_indexes.py`); a migration drops it:
`RunPython(pattern_indexes.drop, RunPython.noop)`, with `atomic = False`.
"""

from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

OURS = ("hospital", "insurance")

_NAMES = """
    SELECT format('%%I.%%I', nspname, index.relname)
      FROM pg_index JOIN pg_class index ON index.oid = indexrelid JOIN pg_class own ON own.oid = indrelid
      JOIN pg_namespace ON pg_namespace.oid = own.relnamespace
      JOIN pg_opclass class ON class.oid = indclass[0]
     WHERE pg_table_is_visible(own.oid) AND own.relname ~ %s
       AND class.opcname IN ('varchar_pattern_ops', 'text_pattern_ops')
     ORDER BY 1
"""


def names(cursor: Any) -> list[str]:
    """Those of our tables that there are, as SQL names them."""
    cursor.execute(_NAMES, [f"^({'|'.join(OURS)})_"])
    return [name for (name,) in cursor.fetchall()]


def drop(apps: Apps, schema: BaseDatabaseSchemaEditor) -> None:
    """Drop them all beside the work that goes on; a second time does no harm."""
    with schema.connection.cursor() as cursor:
        for name in names(cursor):
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
