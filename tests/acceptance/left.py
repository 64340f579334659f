"""All that a day leaves behind, as text: tables, queues, cache. What somebody with a copy of the disks would read."""

import base64
import json
import re
from typing import Any

import redis
from django.db import connection

Left = dict[str, str]
"""Where it was found, and all of its text."""

_BODY = re.compile(r'"body": ?"([A-Za-z0-9+/=]+)"')


def in_the_tables() -> Left:
    """Every row of every table, with every column, however it is kept: also bytes, JSON and what is escaped in it."""
    with connection.cursor() as cursor:
        ours = "schemaname NOT IN ('pg_catalog', 'information_schema')"
        cursor.execute(f"SELECT schemaname, tablename FROM pg_tables WHERE {ours}")
        names = [f'"{schema}"."{table}"' for schema, table in cursor.fetchall()]
        return {name: _rows(cursor, name) for name in names}


def in_a_store(url: str) -> str:
    """Every key and everything in it, read by its kind; what kombu has packed is unpacked."""
    server = redis.Redis.from_url(url)
    kept = " ".join(f"{_readable(key)} {_value(server, key)}" for key in server.scan_iter())
    return kept + " ".join(_unpacked(packed) for packed in _BODY.findall(kept))


def ways_to_write(secret: str) -> set[str]:
    """As it may stand: plain, escaped as JSON or as Python do it, in hex, in an address."""
    data = secret.encode()
    escaped = json.dumps(secret)[1:-1]
    in_base64 = base64.b64encode(data).decode().rstrip("=")[:-1]
    return {secret, escaped, escaped.replace("\\", "\\\\"), repr(data)[2:-1], data.hex(), _percent(data), in_base64}


def holding(left: Left, secrets: set[str]) -> list[str]:
    """Where one of them is to be read."""
    ways = set().union(*map(ways_to_write, secrets))
    return sorted(name for name, text in left.items() if any(way in text for way in ways))


def _rows(cursor: Any, name: str) -> str:
    cursor.execute(f"SELECT t::text || to_jsonb(t)::text FROM {name} t")
    return "\n".join(text for (text,) in cursor.fetchall() if text)


def _value(server: "redis.Redis[bytes]", key: bytes) -> str:
    kind = server.type(key).decode()
    read: dict[str, Any] = {
        "string": lambda: server.get(key),
        "list": lambda: server.lrange(key, 0, -1),
        "set": lambda: server.smembers(key),
        "zset": lambda: server.zrange(key, 0, -1, withscores=True),
        "hash": lambda: server.hgetall(key),
        "stream": lambda: server.xrange(key),
    }
    return _readable(read[kind]()) if kind in read else ""


def _readable(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return " ".join(f"{_readable(one)} {_readable(other)}" for one, other in value.items())
    if isinstance(value, list | tuple | set):
        return " ".join(map(_readable, value))
    return str(value)


def _unpacked(packed: str) -> str:
    return base64.b64decode(packed).decode("utf-8", "backslashreplace")


def _percent(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)
