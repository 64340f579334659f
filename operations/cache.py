"""Whether the cache keeps what it is given."""

from enum import StrEnum
from uuid import uuid4

from django.core.cache import cache
from redis.exceptions import RedisError

KEPT_SECONDS = 10


class Cache(StrEnum):
    OK = "ok"
    AWAY = "away"
    FORGETFUL = "forgetful"


def says() -> Cache:
    """Something is put there and looked for."""
    key, word = f"operations:{uuid4().hex}", uuid4().hex
    try:
        cache.set(key, word, KEPT_SECONDS)
        return Cache.OK if cache.get(key) == word else Cache.FORGETFUL
    except (RedisError, OSError):
        return Cache.AWAY
