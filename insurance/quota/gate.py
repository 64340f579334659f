"""The gate of an insurer: whoever wants to call it locks its row first, and is told whether it is open.

Closed by staff (pause), by the calendar (maintenance), by the circuit (the interface is down), or because the
database's clock or the database itself has changed under us.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from insurance.quota.clock import watch
from insurance.quota.models import Insurer, MaintenanceWindow

log = logging.getLogger(__name__)

CLOSED_CIRCUIT = "closed"
"""In the words of electricity: calls flow."""

CLOCK_AGAIN_SECONDS = 0.25

_NOTHING_BEFORE = """
    UPDATE insurance_permit SET free_at = greatest(free_at, to_timestamp(%(until)s))
     WHERE quota_id IN (SELECT id FROM insurance_quota WHERE insurer_id = %(insurer_id)s)
"""


class Reason(StrEnum):
    """Why nobody is let through now."""

    PAUSED = "paused"
    MAINTENANCE = "maintenance"
    DOWN = "interface_down"
    CLOCK = "clock"


_WORDS = {
    Reason.PAUSED: _("paused by staff"),
    Reason.DOWN: _("the insurance interface is down"),
    Reason.CLOCK: _("the clock is being checked"),
}


@dataclass(frozen=True, slots=True)
class Closed:
    """Not now. `seconds` until it may be open; None: nobody knows."""

    reason: Reason
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Entered:
    """We are in, with the row locked until the transaction ends. `now` is the database's time in seconds since 1970."""

    insurer: Insurer
    now: float
    at_once: int


def enter(insurer_id: int, quiet_seconds: float) -> Entered | Closed:
    """Lock the gate. Call within a transaction. `quiet_seconds`: how long a call may matter that others have made."""
    # no_key: rows that refer to the insurer are checked when their transaction commits, and need not queue up here.
    insurer = Insurer.objects.select_for_update(no_key=True).get(pk=insurer_id)
    reading = watch.verified(quiet_seconds)
    if reading is None:
        return Closed(Reason.CLOCK, CLOCK_AGAIN_SECONDS)
    now = reading.database_at
    if reading.timeline != insurer.timeline:
        _after_a_failover(insurer, reading.timeline, now + quiet_seconds)
    closed = why_closed(insurer, datetime.fromtimestamp(now, UTC))
    return closed or Entered(insurer, now, 1 if is_probed(insurer) else insurer.at_once)


def why_closed(insurer: Insurer, now: datetime | None = None) -> Closed | None:
    """Why nobody is let through at this moment; None when the gate is open."""
    now = now or timezone.now()
    if insurer.paused_at:
        return Closed(Reason.PAUSED, None)
    if window := window_at(insurer, now):
        return Closed(Reason.MAINTENANCE, (window.ends_at - now).total_seconds())
    wait = down_seconds(insurer, now)
    return Closed(Reason.DOWN, wait) if wait else None


def down_seconds(insurer: Insurer, now: datetime) -> float:
    """How long until somebody looks again whether the interface is back; 0 when it is up or may be looked at now."""
    if not is_probed(insurer) or insurer.circuit_opened_at is None:
        return 0.0
    return max((insurer.circuit_opened_at - now).total_seconds() + settings.INSURANCE_PROBE_SECONDS, 0.0)


def in_words(closed: Closed) -> str:
    """Why nobody is let through, for people."""
    if closed.reason is Reason.MAINTENANCE:
        until = timezone.localtime() + timedelta(seconds=closed.seconds or 0.0)
        return _("maintenance until %(until)s") % {"until": f"{until:%H:%M}"}
    return str(_WORDS[closed.reason])


def is_probed(insurer: Insurer) -> bool:
    """The circuit is open: when its time has come, one call at a time looks whether the interface is back."""
    return insurer.circuit != CLOSED_CIRCUIT


def window_at(insurer: Insurer, moment: datetime) -> MaintenanceWindow | None:
    """The maintenance window that covers this moment; of several the one that ends last."""
    covering = insurer.windows.filter(starts_at__lte=moment, ends_at__gt=moment)
    return covering.order_by("-ends_at").first()


def windows_until(insurer: Insurer, now: datetime, seconds: float) -> float:
    """How many seconds of maintenance lie between now and a turn that would come in so many seconds without it."""
    return seconds_in(windows_ahead(insurer, now), now, seconds)


def windows_ahead(insurer: Insurer, now: datetime) -> list[MaintenanceWindow]:
    """Those that are under way or to come, the first one first."""
    return list(insurer.windows.filter(ends_at__gt=now).order_by("starts_at"))


def seconds_in(windows: Sequence[MaintenanceWindow], now: datetime, seconds: float) -> float:
    """As `windows_until`, of these; where windows overlap, each second once."""
    turn_at = now + timedelta(seconds=seconds)
    added, counted_until = timedelta(), now
    for window in windows:
        if window.starts_at > turn_at + added:
            break
        added += max(window.ends_at - max(window.starts_at, counted_until), timedelta())
        counted_until = max(counted_until, window.ends_at)
    return added.total_seconds()


def _after_a_failover(insurer: Insurer, timeline: str, until: float) -> None:
    """Another server may have lost the last commits: whatever could still matter must be over first."""
    if insurer.timeline:
        log.warning("the database was taken over by another server: %s waits until nothing can matter", insurer)
        with connection.cursor() as cursor:
            cursor.execute(_NOTHING_BEFORE, {"insurer_id": insurer.pk, "until": until})
    Insurer.objects.filter(pk=insurer.pk).update(timeline=timeline)
