"""The insurers that there are, and what was agreed with each: the environment's own and those of `INSURERS`.

An insurer is known by its name; its row (`models.Insurer`) holds what changes while it runs. What `INSURERS` does not
say of one is as for the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid
from insurance.interface import dialects
from insurance.interface.profile import Profile

DEFAULT = "default"
"""The insurer of the environment (`INSURANCE_URL` and the rest)."""

_BY_OPERATION = ("infnos", "paths")
MOST_AT_ONCE, MOST_SLOW_SECONDS = 1_000, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is agreed with one insurer; limits and `at_once` are first values only.

    `title`: what patients call it ("": its name). `regions`: beginnings of the insured regions it serves; none:
    whatever no other serves. `habits`: fields of the `Profile` that its centre wants otherwise. `keys` and `tls`: where
    secrets and certificates lie (`access`).
    """

    name: str
    title: str
    regions: tuple[str, ...]
    url: str
    dialect: str
    institution_code: str
    institution_name: str
    region: str
    trial_per_minute: int
    settlement_per_minute: int | None
    shared_per_minute: int | None
    at_once: int
    slow_seconds: int
    habits: Mapping[str, Any]
    keys: Mapping[str, str]
    tls: Mapping[str, str]

    def profile(self) -> Profile:
        """What is particular to it, for the messages: what is usual in its dialect, and its own habits."""
        usual = dialects.load(self.dialect).defaults
        merged = {name: {**usual.get(name, {}), **self.habits.get(name, {})} for name in _BY_OPERATION}
        if "refusals" in self.habits:
            merged["refusals"] = _of_both(usual.get("refusals", {}), self.habits["refusals"])
        return Profile(
            base_url=self.url,
            institution_code=self.institution_code,
            institution_name=self.institution_name,
            region=self.region,
            **{**usual, **self.habits, **merged},
        )


def _of_both(usual: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """By operation and word: the texts that are usual in the dialect, and the centre's own."""
    return {
        operation: {
            word: (*words.get(word, ()), *own.get(word, ()))
            for words, own in [(usual.get(operation, {}), said.get(operation, {}))]
            for word in {**words, **own}
        }
        for operation in {**usual, **said}
    }


def names() -> list[str]:
    """All of them, the default first."""
    return [DEFAULT, *settings.INSURERS]


def has_choice() -> bool:
    """Whether it matters where somebody is insured."""
    return bool(settings.INSURERS or settings.INSURANCE_REGIONS)


def is_there(name: str) -> bool:
    """Whether the environment names it: others get no turns, and nothing is sent."""
    return name == DEFAULT or name in settings.INSURERS


def terms(name: str = DEFAULT) -> Terms:
    """What is agreed with it. Of one that is no longer named nobody knows the address."""
    if name == DEFAULT:
        return Terms(**{**_own(), "name": name})
    return Terms(**{**_own(), **_NOT_SHARED, **settings.INSURERS.get(name, {"url": ""}), "name": name})


def title(name: str) -> str:
    """What patients call it."""
    return terms(name).title or (str(_("Insured where the hospital is")) if name == DEFAULT else name)


def of_region(region: str) -> str:
    """The name of the insurer of those who are insured there ("": where the hospital is); the longest beginning wins.

    Raises `Invalid("no_insurer")`.
    """
    region = region or settings.INSURANCE_REGION
    served = ((prefix, each.name) for each in map(terms, names()) for prefix in each.regions or _the_rest(each))
    fitting = [(len(prefix), name) for prefix, name in served if region.startswith(prefix)]
    if not fitting:
        raise Invalid("no_insurer", _("We cannot settle with the insurer of this region. Check the region."))
    return max(fitting)[1]


def _the_rest(one: Terms) -> tuple[str, ...]:
    return ("",) if one.name == DEFAULT else ()


_NOT_SHARED: dict[str, Any] = {"habits": {}, "keys": {}, "tls": {}}
"""What is said of the default one holds for no other: nobody's secret is shown to somebody else."""


def _own() -> dict[str, Any]:
    return {
        "title": "",
        "regions": tuple(settings.INSURANCE_REGIONS),
        "url": settings.INSURANCE_URL,
        "dialect": settings.INSURANCE_DIALECT,
        "institution_code": settings.INSURANCE_INSTITUTION_CODE,
        "institution_name": settings.INSURANCE_INSTITUTION_NAME,
        "region": settings.INSURANCE_REGION,
        "trial_per_minute": settings.INSURANCE_TRIAL_PER_MINUTE,
        "settlement_per_minute": settings.INSURANCE_SETTLEMENT_PER_MINUTE,
        "shared_per_minute": settings.INSURANCE_SHARED_PER_MINUTE,
        "at_once": settings.INSURANCE_AT_ONCE,
        "slow_seconds": settings.INSURANCE_SLOW_SECONDS,
        "habits": settings.INSURANCE_HABITS,
        "keys": settings.INSURANCE_KEYS,
        "tls": settings.INSURANCE_TLS,
    }
