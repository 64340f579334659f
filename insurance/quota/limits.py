"""n: set by staff, lowered by itself while the interface ails, and always as many permits as n in force.

Every n that was ever in force is kept (`LimitChange`).
"""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes, tuning
from hospital.changes import Who
from hospital.errors import Invalid
from insurance.quota import directory, lanes
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer, LimitChange, Permit, Quota, Slot

_NOW = "coalesce(to_timestamp(%(now)s), clock_timestamp())"
_COUNT = f"""
    SELECT count(*), count(*) FILTER (WHERE NOT retired), coalesce(bool_or(retired AND free_at > {_NOW}), false)
      FROM insurance_permit WHERE quota_id = %(quota_id)s
"""
_MAKE = f"""
    INSERT INTO insurance_permit (quota_id, free_at, held, takings, retired)
    SELECT %(quota_id)s, {_NOW}, false, 0, false FROM generate_series(1, %(missing)s)
"""
_CHOOSE = f"""
    WITH ranked AS (
        SELECT id, held AND free_at > {_NOW} AS in_hand,
               row_number() OVER (ORDER BY held AND free_at > {_NOW} DESC, free_at DESC, id) AS place
          FROM insurance_permit WHERE quota_id = %(quota_id)s)
    UPDATE insurance_permit permit SET retired = NOT in_hand AND place > %(in_force)s FROM ranked
     WHERE permit.id = ranked.id AND retired <> (NOT in_hand AND place > %(in_force)s)
"""

FIRST_LEAST = 10
"""Until staff say otherwise, n does not fall by itself below this part of itself."""

LARGEST = 2**31 - 1
"""What the column can hold."""

UNCOUNTED_SECONDS = 120.0
"""Longer than a call and a window after it."""


def set_limit(quota: Quota, per_minute: int | None, *, who: Who = None, why: str = "") -> None:
    """Change n. At once, and never letting an old permit through early (`fit`).

    Raises `Invalid("m_not_above_n" | "no_reason")`.
    """
    with transaction.atomic():
        Insurer.objects.select_for_update(no_key=True).get(pk=quota.insurer_id)
        quota.refresh_from_db()
        check_limit(quota, per_minute)
        changes.record(_named(quota), "per_minute", quota.per_minute, per_minute, who=who, why=why)
        was_counted = quota.per_minute is not None
        Quota.objects.filter(pk=quota.pk).update(per_minute=per_minute)
        quota.per_minute = per_minute
        put_in_force(quota, per_minute, why)
        if not was_counted:
            _wait_for_the_uncounted(quota)


def set_bounds(quota: Quota, *, least: int, adapts: bool, evenly: bool, who: Who, why: str) -> None:
    """How low n may go by itself, whether it may, and whether calls are spaced. What is as it was is not written down.

    Raises `Invalid("out_of_bounds" | "no_reason")`.
    """
    with transaction.atomic():
        Insurer.objects.select_for_update(no_key=True).get(pk=quota.insurer_id)
        quota.refresh_from_db()
        if least != quota.least:
            check_least(least, quota.per_minute)
        wanted = {"least": least, "adapts": adapts, "evenly": evenly}
        changing = changes.record_all(_named(quota), quota, wanted, who=who, why=why)
        Quota.objects.filter(pk=quota.pk).update(**changing)
    quota.refresh_from_db()


def check_least(least: int, per_minute: int | None) -> None:
    """Below n, where there is one. Raises `Invalid("out_of_bounds")`."""
    most = LARGEST if per_minute is None else per_minute
    changes.require_within(Quota._meta.get_field("least").verbose_name, least, 0, most)


def check_limit(quota: Quota, per_minute: int | None) -> None:
    """m > n holds for whatever trials draw on (method, step 3). In a transaction. Raises `Invalid("m_not_above_n")`."""
    if quota.name != Lane.SETTLEMENT and per_minute is not None and per_minute >= tuning.locked("FILING_BATCH_SIZE"):
        raise Invalid("m_not_above_n", _("n must stay below m, the filing batch size (FILING_BATCH_SIZE)."))


def keep_m_above_n(name: str, value: int) -> None:
    """The same from the side of m: listens to `tuning_changes`. Raises `Invalid("m_not_above_n")`."""
    if name != "FILING_BATCH_SIZE":
        return
    n = _greatest_n()
    if value <= n:
        raise Invalid("m_not_above_n", _("m, the filing batch size, must stay above n = %(n)s.") % {"n": n})


def first_made(insurer: Insurer, name: str) -> Quota:
    """The quota, its first limit and its permits in one: without its limit it would be taken for unlimited."""
    with transaction.atomic():
        quota, made = Quota.objects.get_or_create(insurer=insurer, name=name)
        if made:
            quota.per_minute = lanes.first_limit(name, insurer.name)
            check_limit(quota, quota.per_minute)
            least = max((quota.per_minute or 0) // FIRST_LEAST, 1)
            Quota.objects.filter(pk=quota.pk).update(per_minute=quota.per_minute, least=least)
            put_in_force(quota, quota.per_minute, "first limit")
    return quota


def put_in_force(quota: Quota, in_force: int | None, why: str, may_rise_in_seconds: float = 0.0) -> None:
    """n in force is this from now on. Call with the gate locked."""
    before = Quota.objects.values_list("in_force", flat=True).get(pk=quota.pk)
    Quota.objects.filter(pk=quota.pk).update(
        in_force=in_force, fitted=False, may_rise_at=Now() + timedelta(seconds=may_rise_in_seconds)
    )
    quota.in_force, quota.fitted = in_force, False
    lowered = in_force is not None and before is not None and in_force < before
    LimitChange.objects.create(
        quota=quota, per_minute=quota.per_minute, in_force=in_force, lowered=lowered, why=why[:300]
    )
    fit(quota)


def fit(quota: Quota, now: float | None = None) -> None:
    """As many permits as n in force, and always those that are free last. Call with the gate locked.

    Of the permits that retire, then, none stands in a window that a later call can arrive in: n lowered holds from that
    moment on, n raised lets nobody through early. One in somebody's hand stays until it is given back. Only where n was
    raised above all that ever were, new ones are made.
    """
    if quota.in_force is None or quota.fitted:
        return
    asked = {"quota_id": quota.pk, "in_force": quota.in_force, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, asked)
        there, live, some_may_matter = cursor.fetchone()
        missing = quota.in_force - there
        if missing > 0:
            cursor.execute(_MAKE, {**asked, "missing": missing})
        if some_may_matter or live != quota.in_force:
            cursor.execute(_CHOOSE, asked)
        elif not missing > 0:
            quota.fitted = True
            Quota.objects.filter(pk=quota.pk).update(fitted=True)


def make_slots(insurer: Insurer, now: float) -> int:
    """As many lines to the insurer as calls may be in flight. Call with the gate locked. Returns how many are new."""
    numbers = range(insurer.slots.count() + 1, insurer.at_once + 1)
    new = [Slot(insurer=insurer, number=number, free_at=moment(now)) for number in numbers]
    return len(Slot.objects.bulk_create(new))


def moment(seconds: float) -> datetime:
    """The database's time in seconds since 1970 as a datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def _named(quota: Quota) -> str:
    insurer = quota.insurer.name
    return f"quota {quota.name}" if insurer == directory.DEFAULT else f"quota {quota.name} at {insurer}"


def _wait_for_the_uncounted(quota: Quota) -> None:
    """What was sent while nothing was counted may still stand in a window."""
    over_at = Now() + timedelta(seconds=UNCOUNTED_SECONDS)
    Permit.objects.filter(quota=quota, free_at__lt=over_at).update(free_at=over_at)


def _greatest_n() -> int:
    """Of whatever trials draw on; the first limit where a quota was never drawn on yet."""
    drawn_on = (Lane.TRIAL.value, lanes.SHARED)
    limits = {(one, name): lanes.first_limit(name, one) for one in directory.names() for name in drawn_on}
    kept = Quota.objects.filter(name__in=drawn_on).values_list("insurer__name", "name", "per_minute")
    limits |= {(one, name): n for one, name, n in kept}
    return max(n or 0 for n in limits.values())
