"""The insurers and what staff do to them: pause and resume, calls in flight, slow answers, maintenance windows.

Every worker asks the insurer's row at each turn, so whatever is changed here holds from the next turn on.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils.translation import gettext_lazy as _

from hospital import changes
from hospital.changes import Who
from hospital.errors import Conflict, Invalid
from hospital.models import Archive
from insurance.quota import directory
from insurance.quota.clock import database_now
from insurance.quota.directory import DEFAULT, MOST_AT_ONCE, MOST_SLOW_SECONDS
from insurance.quota.models import Insurer, MaintenanceWindow

LONGEST_WINDOW = timedelta(hours=24)


def default() -> Insurer:
    """The environment's own insurer."""
    return named(DEFAULT)


def everyone() -> list[Insurer]:
    """All that the environment names, the default one first."""
    names = directory.names()
    there = {row.name: row for row in Insurer.objects.filter(name__in=names)}
    return [there.get(name) or made(name) for name in names]


def names() -> set[str]:
    """Of all whom the environment names, and of those whom it did before: rows of theirs are still there."""
    return {*directory.names(), *Insurer.objects.values_list("name", flat=True)}


def of(appointment_id: int) -> Insurer:
    """The insurer that the card led to when the appointment was booked."""
    kept = Archive.objects.filter(appointment=appointment_id).values("insurer")
    name = Coalesce(NullIf(Subquery(kept), Value("")), Value(DEFAULT))
    return Insurer.objects.filter(name=name).first() or named(kept.get()["insurer"] or DEFAULT)


def named(name: str) -> Insurer:
    """The insurer of this name, made with its first values when it is not there yet."""
    return Insurer.objects.filter(name=name).first() or made(name)


def made(name: str) -> Insurer:
    """A new insurer with the first values; two at once make one. Raises `LookupError` for one that nobody names."""
    if not directory.is_there(name):
        raise LookupError(f"{name} is not in INSURERS")
    agreed = directory.terms(name)
    first = {"at_once": agreed.at_once, "slow_seconds": agreed.slow_seconds}
    return Insurer.objects.get_or_create(name=name, defaults=first)[0]


def slow_seconds(insurer_id: int) -> int:
    """From when on an answer of this insurer counts as slow."""
    return Insurer.objects.values_list("slow_seconds", flat=True).get(pk=insurer_id)


def in_flight(insurer: Insurer) -> int:
    """How many calls are under way now."""
    return insurer.slots.filter(free_at__gt=Now()).count()


def pause(insurer: Insurer, *, who: Who, why: str) -> None:
    """Nobody is let through until `resume`. Who waits keeps the place; what is under way ends by itself.

    Raises `Conflict("already_paused")`, `Invalid("no_reason")`.
    """
    with transaction.atomic():
        row = _locked(insurer)
        if row.paused_at:
            raise Conflict("already_paused", _("The interface is paused already."))
        changes.record(_named(row), "paused", "no", "yes", who=who, why=why)
        Insurer.objects.filter(pk=row.pk).update(paused_at=Now(), paused_why=why.strip()[:300])


def resume(insurer: Insurer, *, who: Who, why: str) -> None:
    """The line moves again. Raises `Conflict("not_paused")`, `Invalid("no_reason")`."""
    with transaction.atomic():
        row = _locked(insurer)
        if row.paused_at is None:
            raise Conflict("not_paused", _("The interface is not paused."))
        changes.record(_named(row), "paused", "yes", "no", who=who, why=why)
        Insurer.objects.filter(pk=row.pk).update(paused_at=None, paused_why="", resumed_at=Now())


def set_flow(insurer: Insurer, *, at_once: int, slow_seconds: int, who: Who, why: str) -> None:
    """How many calls may be in flight, and from when on an answer is slow. What is as it was is not written down again.

    Raises `Invalid("out_of_bounds" | "no_reason")`.
    """
    check_at_once(at_once)
    check_slow_seconds(slow_seconds)
    with transaction.atomic():
        row, wanted = _locked(insurer), {"at_once": at_once, "slow_seconds": slow_seconds}
        changing = changes.record_all(_named(row), row, wanted, who=who, why=why)
        Insurer.objects.filter(pk=row.pk).update(**changing)


def check_at_once(calls: int) -> None:
    """Raises `Invalid("out_of_bounds")`."""
    changes.require_within(Insurer._meta.get_field("at_once").verbose_name, calls, 1, MOST_AT_ONCE)


def check_slow_seconds(seconds: int) -> None:
    """Raises `Invalid("out_of_bounds")`."""
    changes.require_within(Insurer._meta.get_field("slow_seconds").verbose_name, seconds, 1, MOST_SLOW_SECONDS)


def plan_window(insurer: Insurer, starts_at: datetime, ends_at: datetime, *, who: Who, why: str) -> MaintenanceWindow:
    """A time in which the insurer is not called. Windows may overlap. Raises `Invalid("bad_window" | "no_reason")`."""
    with transaction.atomic():
        row = _locked(insurer)
        check_window(starts_at, ends_at)
        window = MaintenanceWindow(insurer=row, starts_at=starts_at, ends_at=ends_at, why=why.strip()[:300])
        changes.record(_named(row), "maintenance window", "", window, who=who, why=why)
        window.save(force_insert=True)
    return window


def check_window(starts_at: datetime, ends_at: datetime) -> None:
    """Raises `Invalid("bad_window")`."""
    if ends_at <= starts_at:
        raise Invalid("bad_window", _("A maintenance window must end after it starts."))
    if ends_at - starts_at > LONGEST_WINDOW:
        raise Invalid("bad_window", _("A maintenance window lasts 24 hours at most; for longer, pause."))
    if ends_at <= database_now():
        raise Invalid("bad_window", _("This maintenance window would be over already."))


def drop_window(window: MaintenanceWindow, *, who: Who, why: str) -> None:
    """It does not take place, or ends now. Raises `Conflict("no_such_window")`, `Invalid("no_reason")`."""
    with transaction.atomic():
        row = _locked(window.insurer)
        changes.record(_named(row), "maintenance window", window, "", who=who, why=why)
        dropped, _tables = row.windows.filter(pk=window.pk).delete()
        if not dropped:
            raise Conflict("no_such_window", _("This maintenance window has been dropped already."))


def _locked(insurer: Insurer) -> Insurer:
    return Insurer.objects.select_for_update(no_key=True).get(pk=insurer.pk)


def _named(insurer: Insurer) -> str:
    return f"insurer {insurer.name}"
