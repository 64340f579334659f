"""Whether the gate of each insurer is open."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from insurance.quota import directory, gate
from insurance.quota.gate import Reason
from insurance.quota.models import Insurer
from operations.doctor.finding import Finding, bad, ok, warning


def check() -> Iterable[Finding]:
    """Closed on purpose is worth a word; closed by silence is bad."""
    found = [_of(insurer) for insurer in Insurer.objects.order_by("pk")]
    return found or [ok("interface", _("no insurer yet: the first call makes it"))]


def _of(insurer: Insurer) -> Finding:
    closed = gate.why_closed(insurer)
    if not directory.is_there(insurer.name):
        do = _("Name it there again until nothing of it is under way, or end what is under way by hand.")
        return warning("interface", _("%(insurer)s: it is no longer in INSURERS") % {"insurer": insurer.name}, do)
    values = {"insurer": insurer.name, "why": gate.in_words(closed) if closed else ""}
    if closed is None and not gate.is_probed(insurer):
        return ok("interface", _("%(insurer)s: open") % values)
    if closed is None or closed.reason is Reason.DOWN:
        do = _("Ask the insurer. One call at a time looks whether it is back; nobody loses a place.")
        return bad("interface", _("%(insurer)s: it does not answer, the circuit is open") % values, do)
    do = _("Nothing if it is meant; else resume it or end the window in the admin.")
    return warning("interface", _("%(insurer)s: closed, %(why)s") % values, do)
