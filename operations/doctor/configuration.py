"""Django's own checks, and settings that are each right but do not go together."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.utils.translation import gettext as _

from hospital import tuning
from insurance.quota.models import Quota
from operations.doctor.finding import Finding, bad, ok, warning

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check() -> Iterable[Finding]:
    """`manage.py check --deploy`; with DEBUG without what only matters in production."""
    found = [one for one in checks.run_checks(include_deployment_checks=not settings.DEBUG) if not one.is_silenced()]
    for one in found:
        finding = bad if one.level >= checks.ERROR else warning
        yield finding("configuration", f"{one.id}: {one.msg}", str(one.hint or _("See manage.py check --deploy.")))
    if not found:
        yield ok("configuration", _("nothing to complain of"))


def contradictions() -> Iterable[Finding]:
    """What the start cannot refuse, because staff change it later or because it may be meant."""
    found = [*_batch_and_limit(), *(_production() if not settings.DEBUG else _development())]
    return found or [ok("settings", _("they go together"))]


def _batch_and_limit() -> Iterator[Finding]:
    batch = tuning.value("FILING_BATCH_SIZE")
    for quota in Quota.objects.exclude(per_minute=None):
        if quota.name != "settlement" and quota.per_minute is not None and quota.per_minute >= batch:
            says = _("m = %(m)s is not above n = %(n)s of quota %(quota)s")
            values = {"m": batch, "n": quota.per_minute, "quota": quota.name}
            yield bad("settings", says % values, _("Raise FILING_BATCH_SIZE or lower n in the admin."))


def _development() -> Iterator[Finding]:
    if urlsplit(settings.PUBLIC_URL).hostname not in LOOPBACK:
        says = _("DEBUG is on, and PUBLIC_URL is not this machine")
        yield bad("settings", says, _("Set DEBUG=0: with it, keys may be well known and errors show their inside."))


def _production() -> Iterator[Finding]:
    if not settings.PUBLIC_URL.startswith("https://"):
        says = _("PUBLIC_URL does not begin with https://")
        yield warning("settings", says, _("Patients' data must not travel in the clear: put TLS in front of it."))
    for name in ("INSURANCE_URL", "PAYMENT_URL"):
        if urlsplit(getattr(settings, name)).hostname in LOOPBACK:
            says = _("%(name)s names this machine: a simulator?") % {"name": name}
            yield warning("settings", says, _("Set it to the institution's address."))
    if not settings.METRICS_TOKEN:
        says = _("METRICS_TOKEN is not set: only this machine can read /metrics")
        yield warning("settings", says, _("Set METRICS_TOKEN and give it to Prometheus."))
    if not settings.STAFF_ALERT_EMAIL:
        says = _("STAFF_ALERT_EMAIL is not set: nobody is told of cases that need a person")
        yield warning("settings", says, _("Set STAFF_ALERT_EMAIL and EMAIL_URL."))
