"""How it stands with putting old months into files."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Archiving(models.Model):
    """One row. Who puts months into files holds it until `leased_until`; `attempt` counts the takers.

    `ended_at`: it last came to its end; `failed_at` and `error`: it last could not, and why. `waits_for`: what keeps
    the oldest month in its table, as of the last end.
    """

    attempt = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, default="")
    waits_for = models.CharField(max_length=300, default="")

    class Meta:
        app_label = "insurance"
        verbose_name = _("putting months into files")
        verbose_name_plural = _("putting months into files")

    def __str__(self) -> str:
        return "archiving"

    @property
    def is_failing(self) -> bool:
        """Whether the last run could not come to its end."""
        return self.failed_at is not None and (self.ended_at is None or self.ended_at < self.failed_at)
