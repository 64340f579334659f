"""The keys of personal data: one that writes, and others that only read (docs/privacy.md, ADR 29).

From `PII_KEY` and `PII_OLD_KEYS`; where `PII_KEYS_FROM` names a function, such as one that asks a key management
service, from that. Of each secret three things are made, so that none can stand in for another: a cipher, the key of
the blind indexes, and an id by which a ciphertext says what reads it.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

ID_DIGITS = 8
LEAST_CHARACTERS = 32
RINGS_KEPT = 4


class UnknownKey(Exception):
    """It was encrypted under a key that this process was not given. The record is sound; the configuration is not."""


@dataclass(frozen=True, slots=True)
class Key:
    """One secret, as it is used. `id` says nothing of it."""

    id: str
    cipher: AESGCM
    index: bytes

    @classmethod
    def of(cls, secret: str) -> Self:
        key_id = _derived(secret, "id").hex()[:ID_DIGITS]
        return cls(key_id, AESGCM(_derived(secret, "encrypt")), _derived(secret, "index"))


@dataclass(frozen=True, slots=True)
class Ring:
    """`current` writes, all of them read."""

    current: Key
    others: tuple[Key, ...] = ()

    def __iter__(self) -> Iterator[Key]:
        yield self.current
        yield from self.others

    def named(self, key_id: str) -> Key:
        """Raises `UnknownKey`."""
        for key in self:
            if key.id == key_id:
                return key
        raise UnknownKey(f"no key {key_id}: see PII_KEY and PII_OLD_KEYS")


def ring() -> Ring:
    """The keys in force. Raises `ImproperlyConfigured` where `PII_KEYS_FROM` gives none that is good."""
    return _ring(settings.PII_KEYS_FROM, settings.PII_KEY, tuple(settings.PII_OLD_KEYS))


@lru_cache(maxsize=RINGS_KEPT)
def _ring(source: str, current: str, others: tuple[str, ...]) -> Ring:
    """Made once a process: a key management service is asked when the first value is needed, and never again."""
    secrets = tuple(import_string(source)()) if source else (current, *others)
    if not secrets or not all(isinstance(one, str) and len(one) >= LEAST_CHARACTERS for one in secrets):
        raise ImproperlyConfigured(
            f"{source} must return secrets of {LEAST_CHARACTERS} characters or more, the current first"
        )
    keys = tuple(map(Key.of, dict.fromkeys(secrets)))
    return Ring(keys[0], keys[1:])


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()
