"""Personal data at rest: encrypted in the row, found by a keyed index, shown masked (docs/privacy.md, ADR 29).

AES-256-GCM. A value is stored as `<key id>.<base64(nonce + ciphertext)>`. What it is ("name", "phone") is authenticated
with it: a phone that somebody puts into the column of names is no name. What has no key id was written before there
were any, and is read with every key. The blind index is an HMAC: equal values have equal indexes, and without the key
an index says nothing. The messages to the insurer are compressed before: they are half as long then.
"""

import base64
import hashlib
import hmac
import os
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from django.db import models

from hospital import keys
from hospital.keys import Key

NONCE_BYTES = 12

COMPRESSED_FROM_BYTES = 512
"""What is shorter gains little."""

COMPRESSED = b"\0"
"""Stands in front of what was compressed. A text that begins with it is always compressed."""

FORGOTTEN = "-"
"""In the place of a value that was there and is kept no longer (retention, erasure)."""

_SEALED = re.compile(rf"[0-9a-f]{{{keys.ID_DIGITS}}}\.[A-Za-z0-9+/=]+")

Indexes = Mapping[str, tuple[str, Callable[[str], str]]]
"""Of a model, its blind indexes: column → the field that it is the index of, and what of the value is indexed."""


def encrypt(text: str, holds: str = "", *, compressed: bool = False) -> str:
    """Ciphertext of `text`, which is a `holds`, under the current key; the empty text stays empty. `compressed`: a
    long one is."""
    if not text:
        return ""
    key, nonce = keys.ring().current, os.urandom(NONCE_BYTES)
    sealed = nonce + key.cipher.encrypt(nonce, _short(text.encode(), compressed=compressed), holds.encode())
    return f"{key.id}.{base64.b64encode(sealed).decode()}"


def decrypt(stored: str, holds: str = "") -> str:
    """The text again; "" of what is forgotten. Raises `cryptography.exceptions.InvalidTag` when it was tampered with or
    is something else, `UnknownKey` under a key that we do not have, `ValueError` when no version has written it."""
    if stored in ("", FORGOTTEN):
        return ""
    key_id, dot, sealed = stored.partition(".")
    return _opened(keys.ring().named(key_id), sealed, holds.encode()) if dot else _without_id(stored)


def is_sealed(stored: str) -> bool:
    """Whether it looks like something that `encrypt` made."""
    return bool(_SEALED.fullmatch(stored))


def is_current(stored: str) -> bool:
    """Whether nothing is to be done to it when keys have changed."""
    return stored in ("", FORGOTTEN) or stored.startswith(f"{keys.ring().current.id}.")


def blind_index(text: str) -> str:
    """A keyed fingerprint (64 hex digits) to find equal values by."""
    return _index(keys.ring().current, text)


def blind_indexes(text: str) -> list[str]:
    """The same under each key, the current one's first: while keys change, a row may have either."""
    return [_index(key, text) for key in keys.ring()]


def masked(text: str) -> str:
    """The first character and the last four: enough for a clerk to recognise, not to know."""
    return text if len(text) <= 1 else text[0] + "*" * max(len(text) - 5, 1) + (text[-4:] if len(text) > 5 else "")


class EncryptedText(models.TextField):  # type: ignore[type-arg]
    """A text column that only ever holds ciphertext.

    `holds` says what, where the column's name does not: rows are copied as they are, and a copy is the same thing.
    `clear_before`: the column was clear once; what was written then is read until `rotate_keys` has been there.
    `compressed`: long texts are; who reads sees by the text itself whether it was, so no migration knows of it.
    """

    def __init__(
        self, *args: Any, holds: str = "", clear_before: bool = False, compressed: bool = False, **kwargs: Any
    ) -> None:
        self.holds, self.clear_before, self.compressed = holds, clear_before, compressed
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        given = {"holds": self.holds, "clear_before": self.clear_before}
        return name, path, args, {**kwargs, **{key: value for key, value in given.items() if value}}

    def read(self, stored: str) -> str:
        """The text of what stands in the column."""
        if self.clear_before and not is_sealed(stored):
            return stored
        return decrypt(stored, self.holds or self.name)

    def sealed(self, text: str) -> str:
        """What is to stand in the column."""
        return encrypt(text, self.holds or self.name, compressed=self.compressed)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else self.read(value)

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return None if prepared is None else self.sealed(prepared)


def _opened(key: Key, sealed: str, holds: bytes | None) -> str:
    raw = base64.b64decode(sealed)
    return _long(key.cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], holds)).decode()


def _short(text: bytes, *, compressed: bool) -> bytes:
    gains = compressed and len(text) >= COMPRESSED_FROM_BYTES
    return COMPRESSED + zlib.compress(text) if gains or text.startswith(COMPRESSED) else text


def _long(short: bytes) -> bytes:
    if not short.startswith(COMPRESSED):
        return short
    try:
        return zlib.decompress(short[len(COMPRESSED) :])
    except zlib.error as error:
        raise ValueError("what was compressed is not whole") from error


def _without_id(stored: str) -> str:
    """Written before there were ids: by whichever key opens it."""
    for key in keys.ring().others:
        try:
            return _opened(key, stored, None)
        except InvalidTag:
            continue
    return _opened(keys.ring().current, stored, None)


def _index(key: Key, text: str) -> str:
    return hmac.new(key.index, text.strip().upper().encode(), hashlib.sha256).hexdigest()
