"""`INSURERS`, read strictly: a JSON list of the insurers beside the default one (docs/insurers.md).

What is wrong or contradicts itself is an `ImproperlyConfigured` of one line that names the insurer and the field.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import habits
from insurance.interface.dialects import DIALECTS, is_there
from insurance.interface.profiles import PROFILES
from insurance.interface.tls import context
from insurance.quota import access
from insurance.quota.directory import DEFAULT, MOST_AT_ONCE, MOST_SLOW_SECONDS

Given = dict[str, Any]

WITHOUT_ENVELOPE = ("delimited", "fhir", "mobile")
"""Dialects whose messages are not signed or encrypted in the national way."""
WITHOUT_CALLBACK = tuple(name for name in DIALECTS if name != "mobile")
Check = Callable[[Any], bool]

LIKE = '[{"name": "changsha", "regions": ["4301"], "url": "https://..."}]'
LARGEST = 2**31 - 1


def read(text: str) -> dict[str, Given]:
    """Name → what is said of each; "": there is but the default one. Raises `ImproperlyConfigured`."""
    if not text.strip():
        return {}
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"INSURERS is not valid JSON ({error}); it must be a list like {LIKE}") from error
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ImproperlyConfigured(f"INSURERS must be a list like {LIKE}")
    for each in listed:
        _check(each)
    _once("the name", [each["name"] for each in listed])
    return {each["name"]: _taken(each) for each in listed}


def check_together(
    *, url: str, institution_code: str, region: str, regions: Sequence[str], others: Mapping[str, Given]
) -> None:
    """Nobody's region is served twice, the hospital's own is, and no interface stands here under two names.

    The first four are the default insurer's. Raises `ImproperlyConfigured`.
    """
    served = [*regions, *(prefix for one in others.values() for prefix in one["regions"])]
    _once("the region", served)
    own = {"url": url, "institution_code": institution_code}
    doors = [own, *({**own, **one} for one in others.values())]
    _once("the interface", [f"{door['url'].rstrip('/')} for {door['institution_code']}" for door in doors])
    if regions and not any(region.startswith(prefix) for prefix in served):
        raise ImproperlyConfigured(
            f"INSURANCE_REGIONS and INSURERS leave the hospital's own region {region} (INSURANCE_REGION) to nobody"
        )


def keys(text: str) -> Given:
    """`INSURANCE_KEYS`. Raises `ImproperlyConfigured`."""
    return _fields("INSURANCE_KEYS", text, access.KEYS)


def tls(text: str) -> Given:
    """`INSURANCE_TLS`. Raises `ImproperlyConfigured`."""
    return _fields("INSURANCE_TLS", text, access.TLS)


def check_access(*, own: Given, others: Mapping[str, Given]) -> None:
    """Each has the keys that its profile asks for, all of them can be read, and what is said of it fits together.

    `own` is said of the default one. Raises `ImproperlyConfigured`.
    """
    for name, one in {DEFAULT: own, **others}.items():
        _check_fit(name, {"dialect": own["dialect"], **one})
        said = one.get("keys", {})
        if missing := access.lacking(one["habits"], said):
            raise ImproperlyConfigured(f"INSURANCE_KEYS, INSURERS: keys of {name} lack {', '.join(missing)}")
        for field in said.keys() & set(access.SECRETS):
            _check_secret(name, field, said[field])
        _check_tls(name, one.get("tls", {}))


def _check_fit(name: str, one: Given) -> None:
    scheme, dialect, said = urlsplit(one["url"]).scheme, one["dialect"], one["habits"]
    wrong = {
        "INSURANCE_TLS, tls: the address must begin with https": one.get("tls") and scheme != "https",
        "INSURANCE_HABITS, habits: on a line (tcp) there is no gateway": said.get("gateway") and scheme == "tcp",
        f"INSURANCE_HABITS, habits: {dialect} has no envelope to sign or encrypt": dialect in WITHOUT_ENVELOPE
        and (said.get("security") or said.get("encrypts")),
        f"INSURANCE_KEYS, keys: {dialect} has no callback to sign": dialect in WITHOUT_CALLBACK
        and "callback_secret" in one.get("keys", {}),
        f"INSURANCE_HABITS, habits: {dialect} has no sign-in": said.get("signs_in") and dialect == "fhir",
    }
    for why, is_so in wrong.items():
        if is_so:
            raise ImproperlyConfigured(f"{why} (insurer {name})")


def _check_secret(name: str, field: str, reference: str) -> None:
    try:
        access.resolved(reference)
    except ValueError as error:
        raise ImproperlyConfigured(f"INSURANCE_KEYS, INSURERS: {field} of {name}: {error}") from error


def _check_tls(name: str, said: Given) -> None:
    try:
        context(**said)
    except OSError as error:
        files = ", ".join(f"{field} {path}" for field, path in said.items())
        raise ImproperlyConfigured(f"INSURANCE_TLS, INSURERS: certificates of {name} ({files}): {error}") from error


def _fields(setting: str, text: str, names: Sequence[str]) -> Given:
    said = habits.read_object(text, setting, f'{{"{names[0]}": "..."}}')
    if not _are_fields(names)(said):
        raise ImproperlyConfigured(f"{setting} must be texts under {', '.join(names)}")
    return said


def check_below_m(others: Mapping[str, Given], batch_size: int) -> None:
    """m > n for each of them (method, step 3). Raises `ImproperlyConfigured`."""
    for name, one in others.items():
        for field in ("trial_per_minute", "shared_per_minute"):
            if (one.get(field) or 0) >= batch_size:
                raise ImproperlyConfigured(
                    f"FILING_BATCH_SIZE (m = {batch_size}) must be greater than {field} of {name} in INSURERS"
                    f" (n = {one[field]}); raise m or lower n"
                )


def together(
    *, trial: int, settlement: int | None, shared: int | None, others: Mapping[str, Given]
) -> tuple[int | None, int | None, int | None]:
    """What each lane may send a minute to all insurers together: trials, settlements, recovery; None: not limited."""
    own = {"trial_per_minute": trial, "settlement_per_minute": settlement, "shared_per_minute": shared}
    each = [own, *({**own, **one} for one in others.values())]
    lanes = (
        [one["shared_per_minute"] or one["trial_per_minute"] for one in each],
        [one["shared_per_minute"] or one["settlement_per_minute"] for one in each],
        [one["shared_per_minute"] for one in each],
    )
    trials, settlements, recoveries = (sum(limits) if all(limits) else None for limits in lanes)
    return trials, settlements, recoveries


def regions(name: str, prefixes: Sequence[str]) -> list[str]:
    """Beginnings of insured regions. Raises `ImproperlyConfigured`."""
    prefixes = [prefix.strip() for prefix in prefixes]
    if not all(re.fullmatch(r"[0-9]{2,6}", prefix) for prefix in prefixes):
        raise ImproperlyConfigured(f"{name} must be regions of two to six digits such as 4301,430200")
    return prefixes


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _fits(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _within(most: int) -> Check:
    return lambda value: type(value) is int and 1 <= value <= most


def _are_regions(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_fits(r"[0-9]{2,6}"), value))


def _are_fields(names: Sequence[str]) -> Check:
    return lambda value: isinstance(value, dict) and value.keys() <= set(names) and all(map(_is_text, value.values()))


_REQUIRED = ("name", "regions", "url")
_LIMIT = _within(LARGEST)
_FIELDS: dict[str, tuple[Check, str]] = {
    "name": (
        _fits(rf"(?!{DEFAULT}$)[a-z][a-z0-9-]{{0,19}}"),
        f"a word like changsha-2, and not {DEFAULT}",
    ),
    "title": (_is_text, "a text"),
    "regions": (_are_regions, 'a list of regions of two to six digits such as ["4301"]'),
    "url": (_fits(r"https?://[^\s]+|tcp://[^\s/:]+:[0-9]{1,5}"), "an address such as https://host or tcp://host:port"),
    "dialect": (
        lambda value: isinstance(value, str) and is_there(value),
        f"one of {', '.join(sorted(DIALECTS))}, or a dotted path",
    ),
    "institution_code": (_fits(r"[!-~]{12}"), "12 characters: message ids are built from it"),
    "institution_name": (_is_text, "a text"),
    "region": (_fits(r"[0-9]{6}"), "six digits"),
    "trial_per_minute": (_LIMIT, "a whole number of at least 1"),
    "settlement_per_minute": (lambda value: value is None or _LIMIT(value), "a whole number of at least 1, or null"),
    "shared_per_minute": (lambda value: value is None or _LIMIT(value), "a whole number of at least 1, or null"),
    "at_once": (_within(MOST_AT_ONCE), f"a whole number from 1 to {MOST_AT_ONCE}"),
    "slow_seconds": (_within(MOST_SLOW_SECONDS), f"a whole number from 1 to {MOST_SLOW_SECONDS}"),
    "profile": (lambda value: value in PROFILES, f"one of {', '.join(PROFILES)}"),
    "habits": (habits.are_right, habits.WANTED),
    "keys": (_are_fields(access.KEYS), f"texts under {', '.join(access.KEYS)}"),
    "tls": (_are_fields(access.TLS), f"paths under {', '.join(access.TLS)}"),
}


def _check(one: Given) -> None:
    who = f"insurer {one.get('name')!r}"
    for name in _REQUIRED:
        if name not in one:
            raise ImproperlyConfigured(f"INSURERS: {who} lacks {name}")
    for name, value in one.items():
        if name not in _FIELDS:
            raise ImproperlyConfigured(f"INSURERS: {who} has no field {name!r}; there are {', '.join(_FIELDS)}")
        is_right, wanted = _FIELDS[name]
        if not is_right(value):
            shown = "" if name in ("habits", "keys") else f", not {value!r}"  # there may be a secret in it
            raise ImproperlyConfigured(f"INSURERS: {name} of {who} must be {wanted}{shown}")


def _taken(one: Given) -> Given:
    kept = {name: value for name, value in one.items() if name not in ("name", "profile")}
    said = habits.of(one.get("profile", "national"), one.get("habits", {}))
    return {**kept, "regions": tuple(one["regions"]), "habits": said}


def _once(what: str, values: Sequence[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ImproperlyConfigured(f"INSURERS: {what} {twice[0]} is there twice")
