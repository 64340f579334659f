"""Proof of the limit from our own records: the most metered calls in any 60 seconds (design 3)."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from insurance.calls.models import InterfaceCall
from insurance.quota.models import Quota
from insurance.quota.permits import WINDOW_SECONDS


@dataclass(frozen=True, slots=True)
class Worst:
    """The worst window of a quota. Times of sending, which lie before the arrivals by the way on the network."""

    quota: str
    per_minute: int | None
    calls: int
    worst: int
    ended_at: datetime | None


def worst_of(quota: Quota, since: datetime | None = None) -> Worst:
    """The worst 60 seconds of a quota, from the recorded calls that travelled under its permits."""
    calls = InterfaceCall.objects.filter(metered=True, permit_id__in=quota.permits.values("pk"))
    if since is not None:
        calls = calls.filter(sent_at__gte=since)
    times = calls.order_by("sent_at").values_list("sent_at", flat=True).iterator()
    count, worst, ended_at = worst_window(times)
    return Worst(quota.name, quota.per_minute, count, worst, ended_at)


def worst_window(times: Iterable[datetime]) -> tuple[int, int, datetime | None]:
    """How many there are, the most in any half-open window of 60 s, and when that window ended."""
    window: deque[datetime] = deque()
    count, worst, ended_at = 0, 0, None
    for moment in times:
        count += 1
        window.append(moment)
        while (moment - window[0]).total_seconds() >= WINDOW_SECONDS:
            window.popleft()
        if len(window) > worst:
            worst, ended_at = len(window), moment
    return count, worst, ended_at
