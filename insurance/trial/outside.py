"""Who was held back: so many stand outside, each told when to come again, and the next one after them.

Without this everybody would be told the moment of the next free place, and all would come for it at once. They are
counted in the cache, by the ten seconds for which they were told; whoever asks earlier hears the same moment again. The
count only spreads them: the place itself is given by `admission`, to whoever is there. Without the cache everybody is
told the next free place.
"""

import logging
import math
from datetime import datetime

from django.core.cache import cache
from redis.exceptions import RedisError

from insurance.quota.models import Insurer
from insurance.trial import line

log = logging.getLogger(__name__)

KEY = "outside"
SPAN_SECONDS = 10
MOST_SPANS = line.LATEST_RETURN_SECONDS // SPAN_SECONDS
KEPT_SECONDS = 2 * line.LATEST_RETURN_SECONDS


def come_again_after(appointment_id: int, ahead: int, insurer: Insurer, now: datetime) -> int:
    """The seconds after which there is a place for this one, too, when those outside have come; at least 1.

    `ahead` are in the line, which is full for this one.
    """
    moment = math.floor(now.timestamp())
    mine = f"{KEY}:{appointment_id}"
    try:
        told_for = int(cache.get(mine, 0))
        if told_for <= moment:
            told_for = moment + max(line.is_full(ahead + _outside(insurer, moment), insurer), 1)
            cache.set(mine, told_for, KEPT_SECONDS)
            _count(insurer, told_for)
        return told_for - moment
    except RedisError as error:
        log.warning("those outside are not counted: %s", type(error).__name__)
        return max(line.is_full(ahead, insurer), 1)


def _outside(insurer: Insurer, moment: int) -> int:
    """How many are still to come; all of those told for now, of whom some may be back already."""
    first = moment // SPAN_SECONDS
    told: dict[str, int] = cache.get_many([_told(insurer, span) for span in range(first, first + MOST_SPANS + 1)])
    return sum(told.values())


def _count(insurer: Insurer, told_for: int) -> None:
    key = _told(insurer, told_for // SPAN_SECONDS)
    cache.add(key, 0, KEPT_SECONDS)
    cache.incr(key)


def _told(insurer: Insurer, span: int) -> str:
    return f"{KEY}:{insurer.pk}:{span}"
