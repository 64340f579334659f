"""The insurers and what staff allow on them: pause and resume, calls in flight, maintenance windows."""

from django.conf import settings

from insurance.quota.models import Insurer

DEFAULT = "default"
"""The insurer of the environment (`INSURANCE_URL` and the rest)."""

MOST_AT_ONCE = 1000


def default() -> Insurer:
    """The environment's insurer, made with its first values when it is not there yet."""
    return Insurer.objects.filter(name=DEFAULT).first() or made(DEFAULT)


def made(name: str) -> Insurer:
    """A new insurer with the first values; two at once make one."""
    first = {"at_once": settings.INSURANCE_AT_ONCE, "slow_seconds": settings.INSURANCE_SLOW_SECONDS}
    return Insurer.objects.get_or_create(name=name, defaults=first)[0]


def slow_seconds(insurer_id: int) -> int:
    """From when on an answer of this insurer counts as slow."""
    return Insurer.objects.values_list("slow_seconds", flat=True).get(pk=insurer_id)
