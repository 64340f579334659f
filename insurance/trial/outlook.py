"""What everybody's wait depends on: the insurer, the quota and its permits, the windows, the lines. Each is read once.

Thousands look again and again; whoever looks within the same second is told by the same reading. Who acts on it (joins,
is held back, has a turn) has one of their own.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db import connection
from django.utils import timezone

from insurance.quota import gate, insurers, lanes, permits
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer, MaintenanceWindow, Quota
from insurance.trial.models import Line
from insurance.trial.shares import Standing

KEPT_SECONDS = 1.0

IDLE_AT_MOST_SECONDS = 3.0
"""A permit that lay free for longer did so because nobody waited."""

_EXPECTED_FREE = """
    WITH mean AS (
        SELECT coalesce(avg(held_seconds), 0) AS held_for,
               coalesce(avg(idle_seconds) FILTER (WHERE idle_seconds < %(idle_at_most)s), 0) AS idle_for
          FROM insurance_permit WHERE quota_id = %(quota_id)s AND NOT retired)
    SELECT extract(epoch FROM CASE
               WHEN held THEN greatest(taken_at + make_interval(secs => mean.held_for + %(cooling_seconds)s),
                                       clock_timestamp())
               ELSE free_at END - clock_timestamp())::float8 AS free_in, mean.held_for + mean.idle_for
      FROM insurance_permit, mean WHERE quota_id = %(quota_id)s AND NOT retired
     ORDER BY free_in
"""


@dataclass(frozen=True)
class Outlook:
    """Whom the trials wait for: the insurer and the quota that they draw on (None: nothing is counted)."""

    insurer: Insurer
    quota: Quota | None
    read_at: float = field(default_factory=time.monotonic)

    @cached_property
    def standings(self) -> list[Standing]:
        """All lines of the insurer as `shares` wants them."""
        return [standing_of(line) for line in self.insurer.lines.order_by("pk")]

    @cached_property
    def windows(self) -> Sequence[MaintenanceWindow]:
        """The maintenance that is under way or planned."""
        return gate.windows_ahead(self.insurer, timezone.now())

    @cached_property
    def go_first(self) -> tuple[int, int]:
        """On a shared quota: how many lanes go before this one, and how many calls wait in them (more than n matter to
        nobody)."""
        first, n = lanes.before(Lane.TRIAL, self.insurer.name), self.quota.in_force if self.quota else 0
        return len(first), sum(lanes.count_due(lane, n or 0, self.insurer.name) for lane in first)

    def expected_free(self, skip: int) -> tuple[float, float]:
        """Seconds until the permit after the next `skip` ones should be free, and how long one is held or lies idle."""
        if skip >= len(self._frees):
            return 0.0, 0.0
        (free_in, away_seconds), age = self._frees[skip], time.monotonic() - self.read_at
        return max(free_in - age, 0.0), away_seconds

    @cached_property
    def _frees(self) -> list[tuple[float, float]]:
        if self.quota is None:
            return []
        asked = {"cooling_seconds": permits.cooling_seconds(), "idle_at_most": IDLE_AT_MOST_SECONDS}
        with connection.cursor() as cursor:
            cursor.execute(_EXPECTED_FREE, {"quota_id": self.quota.pk, **asked})
            return list(cursor.fetchall())


_kept: dict[int | None, Outlook] = {}
"""By the insurer's id; None: the default one."""

_reading = threading.Lock()


def now(insurer: Insurer | None = None) -> Outlook:
    """As it is now at this insurer; none: the default one."""
    insurer = insurer or insurers.default()
    return Outlook(insurer, permits.quota_of(Lane.TRIAL, insurer))


def lately(insurer_id: int | None = None) -> Outlook:
    """As it was at most KEPT_SECONDS ago. While one reads anew, the others are told by what was read before."""
    kept = _kept.get(insurer_id)
    if kept is not None and time.monotonic() - kept.read_at < KEPT_SECONDS:
        return kept
    if _reading.acquire(blocking=kept is None):
        try:
            kept = _kept[insurer_id] = now(Insurer.objects.get(pk=insurer_id) if insurer_id else None)
        finally:
            _reading.release()
    assert kept is not None
    return kept


def standing_of(line: Line) -> Standing:
    """A line as it stands."""
    return Standing(line.pk, line.urgent, max(line.weight, 1), line.waiting, line.passed, line.run)
