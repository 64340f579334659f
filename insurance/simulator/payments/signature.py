"""HMAC-SHA256 over timestamp and content, both ways."""

import hmac
from hashlib import sha256

TIMESTAMP_HEADER = "X-Payment-Timestamp"
SIGNATURE_HEADER = "X-Payment-Signature"
VALID_SECONDS = 300


def sign(secret: str, *parts: bytes) -> str:
    """Lower hex of the parts joined by line feeds: timestamp, method, path, body of a call to us; timestamp and
    body of a callback."""
    return hmac.new(secret.encode(), b"\n".join(parts), sha256).hexdigest()


def is_fresh(timestamp: str, now: float) -> bool:
    """Whether `timestamp` (unix seconds) is within `VALID_SECONDS` of `now`, either way."""
    return timestamp.isascii() and timestamp.isdigit() and abs(now - int(timestamp)) <= VALID_SECONDS


def verify(secret: str, signature: str, timestamp: str, now: float, *parts: bytes) -> bool:
    """Whether a call to us was signed with our secret, and not too long ago."""
    expected = sign(secret, timestamp.encode(), *parts)
    return is_fresh(timestamp, now) and hmac.compare_digest(expected.encode(), signature.encode())
