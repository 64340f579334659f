"""Whether the insurer and the payment institution can be reached: a TCP connection, and never a message."""

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from insurance.quota import directory
from operations.doctor.finding import Finding, bad, ok

CONNECT_SECONDS = 3.0
PORTS = {"http": 80, "https": 443}


def check() -> Iterable[Finding]:
    """From this machine; workers elsewhere may have another way."""
    yield _reached("insurer", "INSURANCE_URL", settings.INSURANCE_URL)
    for name in directory.names()[1:]:
        yield _reached(f"insurer {name}", "INSURERS", directory.terms(name).url)
    yield _reached("payments", "PAYMENT_URL", settings.PAYMENT_URL)


def _reached(name: str, setting: str, url: str) -> Finding:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or PORTS.get(address.scheme, 0)
    where = {"where": f"{host}:{port}", "setting": setting}
    try:
        with socket.create_connection((host, port), timeout=CONNECT_SECONDS):
            return ok(name, _("%(where)s can be reached") % where)
    except OSError as error:
        says = _("%(where)s cannot be reached: %(error)s") % {**where, "error": error.strerror or type(error).__name__}
        return bad(name, says, _("Check %(setting)s, the firewall and the line.") % where)
