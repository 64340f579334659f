"""As many permits as n in force, for every quota."""

from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from insurance.quota.models import Quota
from operations.doctor.finding import Finding, bad, ok, warning


def check() -> Iterable[Finding]:
    """A quota that no call has drawn on yet has no permits; they are made with its first call."""
    quotas = Quota.objects.annotate(permits_there=Count("permits", filter=Q(permits__retired=False)))
    found = [finding for quota in quotas.order_by("pk") for finding in _of(quota, quota.permits_there)]
    return found or [ok("permits", _("no quota yet: the first call makes it"))]


def _of(quota: Quota, there: int) -> Iterable[Finding]:
    values = {"quota": quota.name, "there": there, "n": quota.in_force, "set": quota.per_minute}
    if quota.in_force is None:
        yield ok("permits", _("%(quota)s: not limited") % values)
    elif quota.fitted and there != quota.in_force:
        do = _("Set n again in the admin: the permits are made anew. If it comes back, stop the insurance workers.")
        yield bad("permits", _("%(quota)s: %(there)s permits for n = %(n)s") % values, do)
    elif quota.per_minute is not None and quota.in_force < quota.per_minute:
        do = _("It rises again by itself; see the answer times of the interface.")
        yield warning("permits", _("%(quota)s: n lowered from %(set)s to %(n)s, the interface ails") % values, do)
    else:
        yield ok("permits", _("%(quota)s: n = %(n)s") % values)
