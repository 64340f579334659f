"""Calls as they stand in the records, with times of the test's own choice."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from insurance.models import InterfaceCall, LimitChange, Quota
from insurance.quota import permits
from insurance.quota.lanes import Lane

DAY = date(2024, 3, 5)
"""Long over."""

_numbers = itertools.count(1)


def quota(n: int | None = None) -> Quota:
    """The trials' quota, with this n from the beginning."""
    found = permits.quota_of(Lane.TRIAL)
    assert found is not None
    if n is not None:
        LimitChange.objects.filter(quota=found).delete()
        changed(found, n, moment("00:00", DAY - timedelta(days=400)))
    return found


def changed(of: Quota, n: int | None, at: datetime, why: str = "") -> None:
    """n was this from then on."""
    LimitChange.objects.create(quota=of, per_minute=n, in_force=n, at=at, why=why)


def moment(clock: str, day: date = DAY) -> datetime:
    """A local time of a day, such as 08:00, 08:00:30 or 08:00:30.5."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def call(
    of: Quota, at: datetime, permit: int = 0, *, answered_after: float | None = 0.1, **fields: Any
) -> InterfaceCall:
    """A metered call that was sent then under the quota's permit of this place; None: never answered."""
    answered_at = None if answered_after is None else at + timedelta(seconds=answered_after)
    number = next(_numbers)
    told = {
        "msgid": f"test{number:026d}",
        "infno": "2206A",
        "lane": "trial",
        "purpose": "trial 1",
        "metered": True,
        "taking": number,
        "limit_seconds": 10.0,
        "outcome": "" if answered_at is None else "answered",
        "reply": "" if answered_at is None else "{}",
        "request": "{}",
    }
    permit_id = of.permits.order_by("pk")[permit].pk
    return InterfaceCall.objects.create(permit_id=permit_id, sent_at=at, answered_at=answered_at, **told | fields)


def calls(of: Quota, *clocks: str, day: date = DAY) -> None:
    """Each under a permit of its own."""
    for permit, clock in enumerate(clocks):
        call(of, moment(clock, day), permit)
