"""Sessions known to be full: whoever comes too late is told so without a look at the row that everybody wants.

A mark stands in the process that has seen the database say no, for two seconds, under the stamp of the last seat that
came back to the session (in the cache, where every process sees it). A seat that comes back is stamped anew, and all
marks are void. A mark only ever says no; yes is said by the database alone. Without the cache there are no marks.
"""

import logging
import time
from dataclasses import dataclass
from uuid import uuid4

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from hospital.errors import Conflict

log = logging.getLogger(__name__)

KEPT_SECONDS = 2.0
STAMPED_SECONDS = 60
"""Longer than any mark stands."""

MOST_MARKS = 1_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known before the database was asked. `stamp` None: it was not looked for, or the cache is away."""

    full: bool = False
    stamp: str | None = None


_marks: dict[int, tuple[str | None, float]] = {}


def look(session_id: int) -> Seen:
    """Is it known to be full? The stamp is read only where the database has said no before: others pay nothing."""
    stamp_then, until = _marks.get(session_id, (None, 0.0))
    if until < time.monotonic():
        return Seen()
    stamp = _stamp(session_id)
    return Seen(stamp is not None and stamp == stamp_then, stamp)


def refused() -> Conflict:
    """What is told to whoever comes too late."""
    return Conflict("session_full", _("No seat is free in this session."))


def remember(session_id: int, seen: Seen) -> None:
    """The database said full to somebody who had seen this before asking it."""
    if len(_marks) >= MOST_MARKS:
        _marks.clear()
    _marks[session_id] = seen.stamp, time.monotonic() + KEPT_SECONDS


def seat_came_back(session_id: int) -> None:
    """After the commit: it may be booked at once."""
    try:
        cache.set(_key(session_id), uuid4().hex, STAMPED_SECONDS)
    except RedisError as error:
        log.warning("session %s: marks stand %s s more: %s", session_id, KEPT_SECONDS, type(error).__name__)


def _stamp(session_id: int) -> str | None:
    try:
        return str(cache.get(_key(session_id), ""))
    except RedisError:
        return None


def _key(session_id: int) -> str:
    return f"seat-came-back-{session_id}"
