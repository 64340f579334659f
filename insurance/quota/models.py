"""Quotas and their permits (design 3)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Quota(models.Model):
    """How many metered calls the insurer takes in any 60 seconds. Changed through `permits.set_limit` only."""

    name = models.CharField(_("name"), max_length=20, unique=True)
    per_minute = models.PositiveIntegerField(_("calls a minute (n)"), null=True, blank=True)

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")

    def __str__(self) -> str:
        return self.name


class Permit(models.Model):
    """The right to one call. A quota of n owns n of them; each is free again 60 s after the last *answer* it got.

    `takings` counts how often it was taken: only the last taker may give it back.
    """

    quota = models.ForeignKey(Quota, models.CASCADE, related_name="permits")
    free_at = models.DateTimeField(_("free at"), db_default=Now())
    takings = models.BigIntegerField(_("takings"), default=0)
    retired = models.BooleanField(_("retired"), default=False)

    class Meta:
        verbose_name = _("permit")
        verbose_name_plural = _("permits")
        indexes = [models.Index(fields=["quota", "free_at"], condition=Q(retired=False), name="permit_next_free")]

    def __str__(self) -> str:
        return f"permit {self.pk}"
