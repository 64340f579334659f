"""The cache: Django's for Redis and Valkey, and what it lacks on the hot paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

# Told in one word for all, in their order: how often each was counted; 0: not counted, as the one before was over.
_COUNT = """
    local told, over = {}, false
    for place, key in ipairs(KEYS) do
        local first, limit, seconds = ARGV[3 * place - 2], tonumber(ARGV[3 * place - 1]), ARGV[3 * place]
        if first == '1' then over = false end
        told[place] = 0
        if not over then
            told[place] = redis.call('INCR', key)
            if told[place] == 1 then redis.call('EXPIRE', key, seconds) end
            over = told[place] > limit
        end
    end
    return told
"""


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted for `kept_seconds` after the first time, and up to what it is in order."""

    key: str
    limit: int
    kept_seconds: int


class _Client(RedisCacheClient):
    """Django makes a client for each word to the server, which costs more than the word. One can be used by all."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._replicas = servers[1:]

    @cached_property
    def _writer(self) -> Any:
        return super().get_client(None, write=True)

    @cached_property
    def _count(self) -> Any:
        return self._writer.register_script(_COUNT)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._writer if write or not self._replicas else super().get_client(key, write=write)

    def count(self, keys: Sequence[str], arguments: Sequence[Any]) -> list[int]:
        return list(self._count(keys=keys, args=arguments))


class Cache(RedisCache):
    """See `count_all`."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def count_all(self, askers: Sequence[Sequence[Counter]]) -> list[list[int]]:
        """Count each asker's counters once more, in one round trip: how often by now. Of one asker, what stands behind
        a counter that is over is not counted (0). Raises `redis.exceptions.RedisError`."""
        flat = [(place == 0, counter) for counters in askers for place, counter in enumerate(counters)]
        keys = [self.make_and_validate_key(counter.key) for _, counter in flat]
        arguments = [value for first, one in flat for value in (int(first), one.limit, one.kept_seconds)]
        client: Any = self._cache
        told = iter(client.count(keys, arguments) if keys else [])
        return [[next(told) for _ in counters] for counters in askers]
