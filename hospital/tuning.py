"""Settings that staff change while the system runs: `settings.TUNABLE`, name → bounds. The environment's value is the
first one; what staff put in its place stands here and wins, in every process within two seconds.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from hospital import changes, hooks
from hospital.changes import Who
from hospital.errors import Invalid

KEPT_SECONDS = 1.0
"""How long a process goes by what it has read."""

TUNING_LOCK = 4_202
"""The advisory lock that lets one setting change at a time: what one was compared with stands until it is written."""


class Tuning(models.Model):
    """What staff have made of a setting. Without a row, or with no value: as the environment says."""

    name = models.CharField(_("name"), max_length=60, primary_key=True)
    value = models.PositiveIntegerField(_("value"), null=True, blank=True)

    class Meta:
        app_label = "hospital"
        verbose_name = _("setting")
        verbose_name_plural = _("settings")

    def __str__(self) -> str:
        return self.name

    @property
    def in_force(self) -> int:
        """The value that counts, as this row has it."""
        return from_environment(self.name) if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class _Kept:
    """The values that staff have set, as read at this moment of the process's monotonic clock."""

    read_at: float
    values: Mapping[str, int]


_kept: _Kept | None = None


def value(name: str) -> int:
    """The value in force, at most KEPT_SECONDS old."""
    changed = _changed().get(name)
    return from_environment(name) if changed is None else changed


def from_environment(name: str) -> int:
    """What the environment says."""
    return int(getattr(settings, name))


def locked(name: str) -> int:
    """The value in force now. No setting changes until the caller's transaction ends: to compare something with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TUNING_LOCK])
    forget()
    return value(name)


def check(name: str, wanted: int | None) -> None:
    """Whether a setting may become `wanted`; None: as the environment says.

    Raises `Invalid("no_such_setting" | "out_of_bounds")` and what those raise who listen to `tuning_changes`.
    """
    if name not in settings.TUNABLE:
        raise Invalid("no_such_setting", _("There is no setting %(name)s that can be changed.") % {"name": name})
    if wanted is not None:
        changes.require_within(name, wanted, *settings.TUNABLE[name])
    locked(name)
    hooks.tell("tuning_changes", name, from_environment(name) if wanted is None else wanted)


def change(name: str, wanted: int | None, *, who: Who, why: str) -> None:
    """Change a setting and write down who did it and why; None: back to the environment's value. Raises as `check`.

    Raises `Invalid("no_reason")`. What is as it was already is not written down again.
    """
    with transaction.atomic():
        check(name, wanted)
        row, _made = Tuning.objects.get_or_create(name=name)
        if row.value != wanted:
            before, row.value = _told(row), wanted
            row.save(update_fields=["value"])
            changes.record(name, "value", before, _told(row), who=who, why=why)
        transaction.on_commit(forget)
    forget()


def forget() -> None:
    """Read anew at the next call."""
    global _kept
    _kept = None


def _changed() -> Mapping[str, int]:
    """Threads may read at the same time; none is served anything older than its own clock allows."""
    global _kept
    kept = _kept
    if kept is None or time.monotonic() - kept.read_at > KEPT_SECONDS:
        read_at = time.monotonic()
        rows = Tuning.objects.exclude(value=None).values_list("name", "value")
        kept = _kept = _Kept(read_at, {name: value for name, value in rows if value is not None})
    return kept.values


def _told(row: Tuning) -> str:
    return f"{row.in_force} (environment)" if row.value is None else str(row.value)
