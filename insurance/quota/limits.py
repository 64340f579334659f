"""m > n (method, step 3) from the side of m. From the side of n see `permits.check_limit`."""

from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.quota.models import Quota


def keep_m_above_n(name: str, value: int) -> None:
    """Listens to `tuning_changes`. Raises `Invalid("m_not_above_n")`."""
    if name != "FILING_BATCH_SIZE":
        return
    n = _greatest_n()
    if value <= n:
        raise Invalid("m_not_above_n", _("m, the filing batch size, must stay above n = %(n)s.") % {"n": n})


def _greatest_n() -> int:
    """Of whatever trials draw on; the first limit where a quota was never drawn on yet."""
    limits = {name: lanes.first_limit(name) for name in (Lane.TRIAL.value, lanes.SHARED)}
    limits |= dict(Quota.objects.filter(name__in=limits).values_list("name", "per_minute"))
    return max(n or 0 for n in limits.values())
