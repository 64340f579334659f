"""What the settings say of a centre: a profile by name (`interface.profiles`), and fields that differ from it."""

import codecs
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from insurance.interface import profiles
from insurance.interface.gateways import GATEWAYS
from insurance.interface.profile import NATIONAL_REFUSALS, Operation, Profile
from insurance.interface.security.rules import RULES

Given = dict[str, Any]

_OWN_FIELDS = ("base_url", "institution_code", "institution_name", "region", "timeout_seconds")
LONGEST_INFNO = 5
"""So many characters of a message's name are written down (`InterfaceCall`)."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADERS_OF_TRANSPORT = ("connection", "content-length", "host", "transfer-encoding")
_OPERATIONS = [operation.value for operation in Operation]


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_charset(value: Any) -> bool:
    """A character set by its usual name, of which ASCII is a part."""
    try:
        return isinstance(value, str) and codecs.lookup(value).name == value and "^".encode(value) == b"^"
    except LookupError:
        return False


def _is_header_name(value: Any) -> bool:
    """A token (RFC 9110, 5.6.2), and none of those that say how a message is carried."""
    return isinstance(value, str) and bool(_TOKEN.fullmatch(value)) and value.lower() not in _HEADERS_OF_TRANSPORT


def _is_header_value(value: Any) -> bool:
    """Another one would fail when a message is about to leave, and every message."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value == value.strip()


def _are_headers(value: Any) -> bool:
    return _named(_is_header_value)(value) and all(map(_is_header_name, value))


def _is_infno(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_INFNO


def _named(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_right, value.values()))


def _by_operation(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: _named(is_right)(value) and value.keys() <= set(_OPERATIONS)


_KINDS: dict[Any, Callable[[Any], bool]] = {
    bool: _is_flag,
    int: _is_count,
    tuple[str, ...]: _are_texts,
    str: _is_text,
    str | None: _is_text_or_null,
    Mapping[Operation, str]: _by_operation(_is_text),
    Mapping[str, str]: _named(_is_text),
    Mapping[str, str | None]: _named(_is_text_or_null),
    Mapping[Operation, Mapping[str, str]]: _by_operation(_named(_is_text)),
    Mapping[Operation, Mapping[str, tuple[str, ...]]]: _by_operation(_named(_are_texts)),
}
_CHECKS: dict[str, Callable[[Any], bool]] = {
    **{each.name: _KINDS[each.type] for each in fields(Profile) if each.name not in _OWN_FIELDS},
    "charset": _is_charset,
    "headers": _are_headers,
    "infnos": _by_operation(_is_infno),
    "gateway": lambda value: value in ("", *GATEWAYS),
    "security": lambda value: value in ("", *RULES),
}
HABITS = list(_CHECKS)
"""Fields of a Profile that may be said of an insurer."""
WANTED = (
    f"fields of the profile: {', '.join(HABITS)}; a header is a token and printable ASCII with no blank at either end,"
    f" and none of {', '.join(_HEADERS_OF_TRANSPORT)}"
)


def are_right(value: Any) -> bool:
    """Whether each is a field of a Profile, with a value that it can have."""
    return isinstance(value, dict) and all(name in _CHECKS and _CHECKS[name](each) for name, each in value.items())


def of(profile: str, said: Given) -> Given:
    """The profile's, and over them what is said. Refusals that are not spoken of are the national ones."""
    found = profiles.merged(profiles.PROFILES[profile], said)
    if "refusals" in found:
        spoken_of = found["refusals"]
        both = {name: {**NATIONAL_REFUSALS.get(name, {}), **words} for name, words in spoken_of.items()}
        found["refusals"] = {**NATIONAL_REFUSALS, **both}
    return found


def read(text: str, setting: str) -> Given:
    """A JSON object of such fields; "": none. Raises `ImproperlyConfigured`, and never repeats a value: a header may
    be a secret."""
    said = read_object(text, setting, '{"visit_days": true}')
    if not are_right(said):
        raise ImproperlyConfigured(f"{setting} must be {WANTED}")
    return said


def read_object(text: str, setting: str, like: str) -> Given:
    """A JSON object; "": an empty one. Raises `ImproperlyConfigured`."""
    try:
        said = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise ImproperlyConfigured(f"{setting} is not valid JSON; it must be an object like {like}") from error
    if not isinstance(said, dict):
        raise ImproperlyConfigured(f"{setting} must be an object like {like}")
    return said
