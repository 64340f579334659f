"""n lowers itself when the interface ails and comes back step by step (AIMD), between the bounds that staff set.

A throttled answer halves it, slow answers take a fifth, an interface that is down leaves the least. Once nothing was
wrong for a window, a twentieth of n comes back every ten seconds.
"""

import logging
import math
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from insurance.quota import gate, limits, permits
from insurance.quota.models import Insurer, Quota

log = logging.getLogger(__name__)

AFTER_THROTTLE, AFTER_SLOW = 0.5, 0.8
"""What is left of n."""

LOWER_EVERY_SECONDS = 10.0
"""Answers that were under way together are one sign, not many."""

RISE_EVERY_SECONDS = 10.0
RISE_STEPS = 20

THROTTLED_HOLD_SECONDS = 3.0
"""How long nobody goes after a throttled answer that does not say when to come back."""

LONGEST_HOLD_SECONDS = 600.0


def throttled(quota_id: int | None, retry_after_seconds: float | None) -> None:
    """The insurer says that it was too much: nobody goes for a moment, and n is halved."""
    if quota_id is None:
        return
    hold = min(retry_after_seconds or THROTTLED_HOLD_SECONDS, LONGEST_HOLD_SECONDS)
    until = Now() + timedelta(seconds=hold)
    Quota.objects.filter(pk=quota_id, next_at__lt=until).update(next_at=until)
    _lower(Quota.objects.filter(pk=quota_id), AFTER_THROTTLE, "throttled by the insurer")


def slow(quota_id: int | None, seconds: float) -> None:
    """An answer took too long."""
    if quota_id is not None:
        _lower(Quota.objects.filter(pk=quota_id), AFTER_SLOW, f"an answer took {seconds:.1f} s")


def fallen(insurer_id: int) -> None:
    """The interface is down: when it comes back, it is met gently."""
    _lower(Quota.objects.filter(insurer_id=insurer_id), 0.0, "the interface is down")


def restore() -> int:
    """The tick: give back a step of what was lowered. Returns how many quotas rose."""
    due = Quota.objects.filter(in_force__lt=F("per_minute"), may_rise_at__lte=Now()).select_related("insurer")
    return sum(_rise(quota) for quota in due if not gate.is_probed(quota.insurer))


def _lower(quotas: QuerySet[Quota], left: float, why: str) -> None:
    for quota in quotas.filter(adapts=True, in_force__isnull=False):
        with transaction.atomic():
            Insurer.objects.select_for_update(no_key=True).get(pk=quota.insurer_id)
            quota.refresh_from_db()
            to = max(min(quota.least, quota.in_force or 0), math.floor((quota.in_force or 0) * left))
            if to < (quota.in_force or 0) and (left == 0.0 or not _lowered_just_now(quota)):
                log.warning("quota %s: n lowered from %s to %s: %s", quota, quota.in_force, to, why)
                limits.put_in_force(quota, to, why, permits.WINDOW_SECONDS)


def _lowered_just_now(quota: Quota) -> bool:
    since = Now() - timedelta(seconds=LOWER_EVERY_SECONDS)
    return quota.limits.filter(lowered=True, at__gt=since).exists()


def _rise(quota: Quota) -> int:
    with transaction.atomic():
        Insurer.objects.select_for_update(no_key=True).get(pk=quota.insurer_id)
        quota.refresh_from_db()
        if quota.in_force is None or quota.per_minute is None or quota.in_force >= quota.per_minute:
            return 0
        to = min(quota.per_minute, quota.in_force + math.ceil(quota.per_minute / RISE_STEPS))
        limits.put_in_force(quota, to, "coming back", RISE_EVERY_SECONDS)
    return 1
