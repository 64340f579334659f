"""Insurers, their quotas and permits (design 3), and what is known of the database's clock.

Rows of this page are changed by `insurers`, `limits`, `circuit`, `permits` and `clock` only.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Insurer(models.Model):
    """One insurance interface. Whoever wants to call it locks this row first: it is the gate (`gate.py`)."""

    name = models.CharField(_("name"), max_length=20, unique=True)
    at_once = models.PositiveSmallIntegerField(_("calls in flight at most"))
    slow_seconds = models.PositiveSmallIntegerField(_("an answer is slow after (seconds)"))
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    paused_why = models.CharField(_("paused because"), max_length=300, default="", blank=True)
    resumed_at = models.DateTimeField(null=True, editable=False)
    circuit = models.CharField(_("circuit"), max_length=10, default="closed", editable=False)
    circuit_failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    circuit_successes = models.PositiveIntegerField(default=0, editable=False)
    circuit_opened_at = models.DateTimeField(_("circuit opened at"), null=True, editable=False)
    timeline = models.CharField(max_length=8, default="", editable=False)
    sign_no = models.CharField(max_length=30, db_default="", editable=False)
    signed_in_on = models.DateField(null=True, editable=False)
    signing_in_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("insurer")
        verbose_name_plural = _("insurers")

    def __str__(self) -> str:
        return self.name


class MaintenanceWindow(models.Model):
    """A time in which the insurer is not called. Who waits keeps the place; expected waits include it."""

    insurer = models.ForeignKey(Insurer, models.CASCADE, related_name="windows", verbose_name=_("insurer"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    why = models.CharField(_("why"), max_length=300)

    class Meta:
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ("starts_at",)
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="window_has_length")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} - {self.ends_at:%H:%M}"


class Quota(models.Model):
    """How many metered calls the insurer takes in any 60 seconds. Changed through `limits` only.

    `per_minute` is what staff set; `in_force` is what holds now: lower while the interface ails, never below `least`.
    None: not limited. `fitted`: the permits are those that n in force comes to, and none that retired matters.
    `turns_until`: turns have been sent for permits that come free before.
    """

    insurer = models.ForeignKey(Insurer, models.CASCADE, related_name="quotas", verbose_name=_("insurer"))
    name = models.CharField(_("name"), max_length=20)
    per_minute = models.PositiveIntegerField(_("calls a minute (n)"), null=True, blank=True)
    in_force = models.PositiveIntegerField(_("n in force"), null=True, editable=False)
    least = models.PositiveIntegerField(_("never lowered below"), default=1)
    adapts = models.BooleanField(_("lowered by itself when the interface ails"), default=True)
    evenly = models.BooleanField(_("spaced evenly"), default=False)
    next_at = models.DateTimeField(_("no call before"), db_default=Now(), editable=False)
    turns_until = models.DateTimeField(db_default=Now(), editable=False)
    fitted = models.BooleanField(default=False, editable=False)
    may_rise_at = models.DateTimeField(_("may rise again at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = [models.UniqueConstraint(fields=["insurer", "name"], name="one_quota_a_name")]

    def __str__(self) -> str:
        return self.name


class LimitChange(models.Model):
    """Every n that was ever in force, append-only: what a proof of the limit is read against."""

    quota = models.ForeignKey(Quota, models.CASCADE, related_name="limits", verbose_name=_("quota"))
    per_minute = models.PositiveIntegerField(_("calls a minute (n)"), null=True)
    in_force = models.PositiveIntegerField(_("n in force"), null=True)
    lowered = models.BooleanField(_("lowered"), default=False)
    why = models.CharField(_("why"), max_length=300, default="")
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("limit in force")
        verbose_name_plural = _("limits in force")
        indexes = [models.Index(fields=["quota", "at"], name="limit_since")]

    def __str__(self) -> str:
        return f"{self.quota_id}: {self.in_force}"


class Permit(models.Model):
    """The right to one call. A quota of n owns n of them; each is free again 60 s after the last *answer* it got.

    `takings` counts how often it was taken: only the last taker may give it back. `held` until it is given back;
    `held_seconds` is how long it was held the last time, `idle_seconds` how long it had lain free before.
    """

    quota = models.ForeignKey(Quota, models.CASCADE, related_name="permits")
    free_at = models.DateTimeField(_("free at"), db_default=Now())
    taken_at = models.DateTimeField(_("taken at"), null=True)
    held = models.BooleanField(_("held"), default=False)
    held_seconds = models.FloatField(_("held for (seconds)"), null=True)
    idle_seconds = models.FloatField(null=True)
    takings = models.BigIntegerField(_("takings"), default=0)
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        indexes = [models.Index(fields=["quota", "free_at"], condition=Q(retired=False), name="permit_next_free")]

    def __str__(self) -> str:
        return f"permit {self.pk}"


class Slot(models.Model):
    """A line to the insurer: so many calls may be in flight. Free again with the answer. Numbered from 1."""

    insurer = models.ForeignKey(Insurer, models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    free_at = models.DateTimeField(db_default=Now())
    takings = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["insurer", "number"], name="one_slot_a_number")]

    def __str__(self) -> str:
        return f"slot {self.number}"


class ClockWitness(models.Model):
    """What a host last knew of the database's clock, on its own clock that no one sets (`clock.py`)."""

    boot_id = models.CharField(max_length=64, primary_key=True)
    database_at = models.FloatField()
    early = models.FloatField()
    late = models.FloatField()
    step_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.boot_id


class ClockStep(models.Model):
    """The database's clock was set: by so many seconds (negative: back), as a host saw it."""

    seconds = models.FloatField(_("seconds"))
    seen_by = models.CharField(_("seen by"), max_length=64)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("step of the clock")
        verbose_name_plural = _("steps of the clock")

    def __str__(self) -> str:
        return f"{self.seconds:+.3f} s"
