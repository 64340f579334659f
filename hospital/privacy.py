"""Personal data at rest: encrypted in the row, found by a keyed index, shown masked.

AES-256-GCM under keys derived from `PII_KEY`. A value is stored as base64(nonce + ciphertext). The blind index is an
HMAC: equal values have equal indexes, and without the key an index says nothing.
"""

import base64
import hashlib
import hmac
import os
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

NONCE_BYTES = 12


def encrypt(text: str) -> str:
    """Ciphertext of `text`; the empty text stays empty."""
    if not text:
        return ""
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + _cipher().encrypt(nonce, text.encode(), None)).decode()


def decrypt(stored: str) -> str:
    """The text again. Raises `cryptography.exceptions.InvalidTag` under another key or when it was tampered with."""
    if not stored:
        return ""
    raw = base64.b64decode(stored)
    return _cipher().decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()


def blind_index(text: str) -> str:
    """A keyed fingerprint (64 hex digits) to find equal values by."""
    return hmac.new(_key("index"), text.strip().upper().encode(), hashlib.sha256).hexdigest()


def masked(text: str) -> str:
    """The first character and the last four: enough for a clerk to recognise, not to know."""
    return text if len(text) <= 1 else text[0] + "*" * max(len(text) - 5, 1) + (text[-4:] if len(text) > 5 else "")


class EncryptedText(models.TextField):  # type: ignore[type-arg]
    """A text column that only ever holds ciphertext."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return None if prepared is None else encrypt(prepared)


def _key(purpose: str) -> bytes:
    return hmac.new(settings.PII_KEY.encode(), purpose.encode(), hashlib.sha256).digest()


@cache
def _cipher() -> AESGCM:
    return AESGCM(_key("encrypt"))
