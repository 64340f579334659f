"""Making and dropping the demo's database."""

from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from demo.home import CannotStart


def renewed(maintenance_url: str, name: str, *, keep: bool) -> str:
    """A database `name` on an embedded server: empty, or with `keep` as it was left. Returns its address."""
    url = with_name(maintenance_url, name)
    if not keep:
        _execute(maintenance_url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    ensured(url)
    return url


def ensured(url: str) -> str:
    """The address of a database that exists: it is created where the server is there and the database is not."""
    name = urlsplit(url).path.lstrip("/")
    try:
        if not _exists(url, name):
            _execute(with_name(url, "postgres"), "CREATE DATABASE {}", name)
    except psycopg2.Error as error:
        raise CannotStart(f"DATABASE_URL: {str(error).strip().splitlines()[0]}") from error
    return url


def with_name(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _exists(url: str, name: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=10).close()
    except psycopg2.OperationalError as error:
        if f'database "{name}" does not exist' in str(error):
            return False
        raise
    return True


def _execute(url: str, statement: str, name: str) -> None:
    connection = psycopg2.connect(url, connect_timeout=10)
    try:
        connection.autocommit = True  # a database is not made inside a transaction
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))
    finally:
        connection.close()
