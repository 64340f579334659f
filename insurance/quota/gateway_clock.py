"""How far each gateway's clock is from ours, by its last answers: told where all processes are told of (ADR 13).

It does not decide anything: the gateway's own refusal corrects the time in a signature (`interface.gateways`).
"""

from datetime import timedelta

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from insurance.interface.gateways import Gateway
from insurance.interface.transport import Transport

LATELY = timedelta(days=1)

# What is said in whole seconds is as uncertain as that: only a step, or a look after a minute, is worth a write.
_SEEN = """
    INSERT INTO insurance_gatewayclock AS seen (insurer, ahead_seconds, seen_at)
    VALUES (%(insurer)s, %(ahead)s, clock_timestamp())
    ON CONFLICT (insurer) DO UPDATE SET ahead_seconds = %(ahead)s, seen_at = clock_timestamp()
     WHERE abs(seen.ahead_seconds - %(ahead)s) > 2 OR seen.seen_at < clock_timestamp() - interval '1 minute'
"""


class GatewayClock(models.Model):
    """The clock before one insurer's centre; `ahead_seconds` is negative where it is behind ours."""

    insurer = models.CharField(_("insurer"), max_length=20, primary_key=True)
    ahead_seconds = models.FloatField(_("ahead of ours (seconds)"))
    seen_at = models.DateTimeField(_("seen at"), db_default=Now())

    class Meta:
        app_label = "insurance"
        verbose_name = _("gateway's clock")
        verbose_name_plural = _("gateways' clocks")

    def __str__(self) -> str:
        return self.insurer


def look(insurer: str, transport: Transport) -> None:
    """After an answer. Nothing where there is no gateway, or where its answers do not tell the time."""
    if isinstance(transport, Gateway) and transport.ahead_seconds is not None:
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, {"insurer": insurer, "ahead": transport.ahead_seconds})


def lately() -> QuerySet[GatewayClock]:
    """Those that were seen within a day: an older look says nothing of today."""
    return GatewayClock.objects.filter(seen_at__gt=Now() - LATELY).order_by("insurer")
