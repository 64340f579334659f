"""How often somebody may ask. django-ratelimit says in which window and up to what; the counting is one round trip to
the cache, however many ask at once and however many limits each has."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from hospital.cache import Counter
from hospital.errors import HeldBack

log = logging.getLogger(__name__)

ADDRESS = "ip"


class Noting(BaseCache):
    """What django-ratelimit takes for the cache (`RATELIMIT_USE_CACHE`): it notes what is to be counted."""

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.noted: list[tuple[str, int]] = []

    def add(self, key: str, value: Any, timeout: Any = None, version: int | None = None) -> bool:
        self.noted.append((key, int(timeout)))
        return True


@dataclass(frozen=True, slots=True)
class Limit:
    """Up to `rate` a window; of an account, a user name (`who`) or, for the kind `ADDRESS`, of where they ask from."""

    kind: str
    rate: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class _Window:
    counter: Counter
    left_seconds: int


def hold_back(request: HttpRequest, group: str, *limits: Limit) -> None:
    """Count one more of this group. Raises `HeldBack("too_many_requests")` with the exact time."""
    if (held := held_back(group, [(request, limits)])[0]) is not None:
        raise held


def held_back(group: str, askers: Sequence[tuple[HttpRequest, Sequence[Limit]]]) -> list[HeldBack | None]:
    """For each who asks now, whether it is too often. The limits behind one that is reached are not counted."""
    if not settings.RATELIMIT_ENABLE:
        return [None] * len(askers)
    windows = [[_window(request, group, limit) for limit in limits] for request, limits in askers]
    counters: Any = cache
    try:
        counts = counters.count_all([[window.counter for window in each] for each in windows])
    except RedisError as error:
        # Counting needs the cache. A patient is not turned away because it is away; the insurer's limit is elsewhere.
        log.warning("rate of %s not counted: %s", group, type(error).__name__)
        return [None] * len(askers)
    return [_held(each, told) for each, told in zip(windows, counts, strict=True)]


def _window(request: HttpRequest, group: str, limit: Limit) -> _Window:
    """Counted apart by kind: the account 7 is not the user name 7."""
    key = limit.kind if limit.kind == ADDRESS else lambda *_: limit.who
    usage = get_usage(request, group=f"{group} {limit.kind}", key=key, rate=limit.rate, increment=True)
    noting: Any = caches[settings.RATELIMIT_USE_CACHE]
    name, seconds = noting.noted.pop()
    return _Window(Counter(name, usage["limit"], seconds), int(usage["time_left"]))


def _held(windows: Sequence[_Window], counts: Sequence[int]) -> HeldBack | None:
    for window, count in zip(windows, counts, strict=True):
        if count > window.counter.limit:
            seconds = window.left_seconds + 1  # the window's last second counts too
            text = format_lazy(_("Too many requests. Please come back in {seconds} seconds."), seconds=seconds)
            return HeldBack("too_many_requests", text, retry_after_seconds=seconds)
    return None
