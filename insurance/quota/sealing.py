"""How a statement is signed: Ed25519 over its canonical JSON (sorted keys, no spaces, UTF-8; whole numbers only).

The key is the PEM file that `STATEMENT_KEY` names. Without one it is derived from `SECRET_KEY`, which is good enough to
try things out: it changes with that secret, and whoever has the secret has the key.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid

Body = dict[str, Any]
"""What is said, in the words of JSON."""

DERIVED_FOR = b"statement of the limit"
DERIVED_BYTES = 32


def is_derived() -> bool:
    """No key was given: it is made from SECRET_KEY."""
    return not settings.STATEMENT_KEY


def own_key() -> Ed25519PublicKey:
    """The public half of what we sign with now."""
    return _private_key().public_key()


def key_of(pem: str) -> Ed25519PublicKey:
    """A public key from its PEM. Raises `Invalid("no_key")`."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Invalid("no_key", _("This is no Ed25519 public key in PEM form."))
    return key


def pem_of(key: Ed25519PublicKey) -> str:
    """To be handed to whoever is to verify a statement."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's DER form, in hex."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def canonical(value: Any) -> bytes:
    """The one way to write it down: what is signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def seal(body: Body) -> bytes:
    """The signed statement as it is handed over."""
    return _written(body, pem_of(own_key()), _private_key().sign(canonical(body)))


def opened(statement: bytes, key: Ed25519PublicKey) -> Body:
    """The body of a statement that was signed with this key, and of which not a byte was changed since.

    Raises `Invalid("no_statement" | "other_key" | "changed")`.
    """
    try:
        sealed = json.loads(statement)
        body, pem, signature = sealed["body"], sealed["public_key"], b64decode(sealed["signature"], validate=True)
        signed, written = canonical(body), _written(body, pem, signature)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Invalid("no_statement", _("This is no signed statement.")) from error
    if pem != pem_of(key):
        raise Invalid("other_key", _("It was signed with another key."))
    try:
        key.verify(signature, signed)
    except InvalidSignature as error:
        raise Invalid("changed", _("It was changed after it was signed.")) from error
    if written != statement:
        raise Invalid("changed", _("It was changed after it was signed."))
    return dict(body)


def _written(body: Body, pem: str, signature: bytes) -> bytes:
    parts = {"body": body, "public_key": pem, "signature": b64encode(signature).decode()}
    return canonical(parts) + b"\n"


def _private_key() -> Ed25519PrivateKey:
    if is_derived():
        derived = HKDF(SHA256(), DERIVED_BYTES, salt=None, info=DERIVED_FOR).derive(settings.SECRET_KEY.encode())
        return Ed25519PrivateKey.from_private_bytes(derived)
    key = load_pem_private_key(settings.STATEMENT_KEY.encode(), None)
    assert isinstance(key, Ed25519PrivateKey)  # the start has seen to it
    return key
