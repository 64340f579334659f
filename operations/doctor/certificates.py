"""How long the certificates last by which an insurer knows us, and by which we know it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from django.utils.translation import gettext as _

from insurance.quota import directory
from operations.doctor.finding import Finding, bad, ok, warning

SOON = timedelta(days=30)


def check() -> Iterable[Finding]:
    """Nothing where there is no TLS of our own (INSURANCE_TLS, `tls` in INSURERS)."""
    for name in directory.names():
        yield from _of(name, directory.terms(name).tls.get("certificate", ""))
        yield from _of(name, directory.terms(name).tls.get("ca", ""))


def _of(insurer: str, path: str) -> Iterator[Finding]:
    if not path:
        return
    values = {"insurer": insurer, "path": path}
    try:
        ends_at = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(Path(path).read_bytes()))
    except (OSError, ValueError) as error:
        says = _("%(insurer)s: %(path)s cannot be read: %(error)s") % {**values, "error": type(error).__name__}
        yield bad("certificates", says, _("Put the PEM file there, or say in INSURANCE_TLS or INSURERS where it is."))
        return
    yield _lasting(ends_at, _("%(insurer)s: %(path)s holds until %(day)s") % {**values, "day": f"{ends_at:%Y-%m-%d}"})


def _lasting(ends_at: datetime, says: str) -> Finding:
    left = ends_at - datetime.now(UTC)
    if left >= SOON:
        return ok("certificates", says)
    do = _("Have a new certificate made, put it there and restart the workers.")
    return (warning if left > timedelta(0) else bad)("certificates", says, do)
