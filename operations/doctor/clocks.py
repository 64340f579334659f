"""Permits are counted on the database's clock, tokens and signatures on the host's: both must be right, and a gateway
that checks the time in a signature has a third one."""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, Max
from django.db.models.functions import Abs, Now
from django.utils.translation import gettext as _

from insurance.interface.gateways.gateway import TOLD_SECONDS
from insurance.quota import gateway_clock
from insurance.quota.clock import database_now
from insurance.quota.gateway_clock import GatewayClock
from insurance.quota.models import ClockStep
from operations.doctor.finding import Finding, bad, ok, warning

GATEWAY_FAR_SECONDS = 30 * 60.0
"""Hunan's signatures hold for so long (protocol 2)."""

APART_SECONDS, FAR_APART_SECONDS = 1.0, 30.0
LATELY = timedelta(days=1)


def check() -> Iterable[Finding]:
    """The two clocks against each other, whether the database's was set, and the gateways'."""
    yield _apart(apart_seconds())
    yield from map(_of_a_gateway, gateway_clock.lately())
    steps = ClockStep.objects.filter(at__gt=Now() - LATELY).aggregate(count=Count("pk"), most=Max(Abs("seconds")))
    if steps["count"]:
        says = _("the database's clock was set %(count)s times in a day, by up to %(seconds).1f s")
        values = {"count": steps["count"], "seconds": steps["most"]}
        yield warning("clocks", says % values, _("Let NTP slew the clock and never step it; calls waited meanwhile."))


def apart_seconds() -> float:
    """How far the database's clock is ahead of this host's (negative: behind)."""
    early = time.time()
    told = database_now().timestamp()
    return told - (early + time.time()) / 2


def _apart(seconds: float) -> Finding:
    says = _("the database's clock and this host's are %(seconds).3f s apart") % {"seconds": abs(seconds)}
    if abs(seconds) < APART_SECONDS:
        return ok("clocks", says)
    finding = bad if abs(seconds) >= FAR_APART_SECONDS else warning
    return finding("clocks", says, _("Have both hosts follow the same time servers (NTP)."))


def _of_a_gateway(seen: GatewayClock) -> Finding:
    says = _("%(insurer)s: its gateway's clock is %(seconds)+.0f s from ours") % {
        "insurer": seen.insurer,
        "seconds": seen.ahead_seconds,
    }
    if abs(seen.ahead_seconds) < TOLD_SECONDS:
        return ok("clocks", says)
    finding = bad if abs(seen.ahead_seconds) >= GATEWAY_FAR_SECONDS else warning
    return finding("clocks", says, _("See whether our hosts follow NTP; if they do, tell the gateway's operator."))
