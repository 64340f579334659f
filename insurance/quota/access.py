"""What opens an insurer's interface to us: keys of its gateway, keys of its messages, certificates.

The settings name where a secret lies, `env:NAME` or `file:/path`, and never the secret itself: what is in the settings
may be shown. It is read when the connection is made.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from insurance.interface.gateways import Key
from insurance.interface.security.rules import RULES

SECRETS = ("secret", "next_secret", "sm2_private", "sm4", "callback_secret")
"""Fields of `keys` that lie elsewhere. The others are no secrets: who we are, and the centre's own public key."""

KEYS = ("name", "next_name", "sm2_centre", *SECRETS)
TLS = ("ca", "certificate", "key")
"""Paths of PEM files. `ca`: who signs for the insurer; `certificate` and its `key`: who we are."""


def resolved(reference: str) -> str:
    """The secret that lies there. Raises ValueError, which names the place and never the secret."""
    kind, _, place = reference.partition(":")
    if kind == "env" and place:
        found = os.environ.get(place, "").strip()
    elif kind == "file" and place:
        found = _written_in(place)
    else:
        raise ValueError("must be env:NAME or file:/path, and not the secret itself")
    if not found:
        raise ValueError(f"there is nothing in {reference}")
    return found


def gateway_keys(keys: Mapping[str, str], institution_code: str) -> list[Key]:
    """The current key, then the next one if there is one; its name is the current one's unless it is said."""
    name = keys.get("name", institution_code)
    found = [Key(name, resolved(keys["secret"]))]
    if "next_secret" in keys:
        found.append(Key(keys.get("next_name", name), resolved(keys["next_secret"])))
    return found


def lacking(habits: Mapping[str, Any], keys: Mapping[str, str]) -> list[str]:
    """Fields of `keys` that these habits cannot do without."""
    needed = ["secret"] if habits.get("gateway") else []
    if (rule := habits.get("security", "")) and RULES[rule].is_signature:
        needed += ["sm2_private", "sm2_centre"]
    if habits.get("encrypts"):
        needed.append("sm4")
    return [name for name in needed if name not in keys]


def _written_in(place: str) -> str:
    try:
        return Path(place).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"file:{place} cannot be read") from error
