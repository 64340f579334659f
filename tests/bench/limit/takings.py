"""A database for each of our rows, so that they share no quota; and when each permit had come free before it was taken.

A trigger of the benchmark's own writes that down: production does not keep it, and is measured as it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from django.db import connection
from psycopg2 import sql

_NOTE_TAKINGS = """
    CREATE TABLE taking (permit_id bigint, came_free timestamptz, taken_at timestamptz);
    CREATE INDEX ON taking (permit_id, taken_at);
    CREATE FUNCTION note_taking() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO taking VALUES (OLD.id, OLD.free_at, clock_timestamp());
            RETURN NULL;
        END $$;
    CREATE TRIGGER note_taking AFTER UPDATE ON insurance_permit FOR EACH ROW
        WHEN (NEW.takings > OLD.takings AND OLD.takings > 0) EXECUTE FUNCTION note_taking();
"""
"""The first taking of a permit is left out: nobody waited for it to come free."""

_CALLS = """
    SELECT msgid, extract(epoch FROM sent_at)::float8, extract(epoch FROM answered_at - sent_at)::float8,
           (SELECT extract(epoch FROM came_free)::float8 FROM taking
             WHERE taking.permit_id = call.permit_id AND taken_at <= sent_at ORDER BY taken_at DESC LIMIT 1)
      FROM insurance_interfacecall call WHERE metered
"""


@dataclass(frozen=True)
class Call:
    """A message of ours; times are on the wall clock.

    `sent_at`: when it was written down, just before it left. `came_free`: when the permit it travelled under had come
    free; None for the first one under a permit.
    """

    msgid: str
    sent_at: float
    answer_seconds: float | None
    came_free: float | None


def copied(name: str) -> str:
    """A new database like Django's, which notes its takings: its name. Nobody may be connected to Django's."""
    connection.close()
    with _cursor("postgres") as cursor:
        given = {"name": sql.Identifier(name), "origin": sql.Identifier(str(connection.settings_dict["NAME"]))}
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(**given))
        cursor.execute(sql.SQL("CREATE DATABASE {name} TEMPLATE {origin}").format(**given))
    with _cursor(name) as cursor:
        cursor.execute(_NOTE_TAKINGS)
    return name


def calls(database: str) -> list[Call]:
    """Every metered message that left under a permit of this database."""
    with _cursor(database) as cursor:
        cursor.execute(_CALLS)
        return [Call(*row) for row in cursor.fetchall()]


def waits(made: list[Call], arrived: Mapping[str, float] | None) -> list[float]:
    """Seconds from the moment a permit came free until its next message arrived at the receiver, or, where the arrivals
    say more of the network than of us and are left out, until that message was written down."""
    at = {call.msgid: call.sent_at for call in made} if arrived is None else arrived
    return [at[call.msgid] - call.came_free for call in made if call.came_free is not None and call.msgid in at]


@contextmanager
def _cursor(database: str) -> Iterator[Any]:
    at = connection.settings_dict
    server = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "password": at["PASSWORD"]}
    with closing(psycopg2.connect(dbname=database, **server)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            yield cursor
