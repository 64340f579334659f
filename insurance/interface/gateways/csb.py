"""CSB (Hunan, Jiangxi, Jiangsu): HMAC-SHA1 over four headers; the body is not signed. Source: protocol 2, row 1."""

import hmac
from base64 import b64encode
from hashlib import sha1

from insurance.interface.exchange import Request
from insurance.interface.gateways.signing import Key

VERSION = "1.0.0"


def milliseconds(request: Request, key: Key, now: float) -> dict[str, str]:
    """The timestamp in 13 digits (H)."""
    return _headers(request, key, str(int(now * 1000)))


def seconds(request: Request, key: Key, now: float) -> dict[str, str]:
    """The timestamp in 10 digits (JS)."""
    return _headers(request, key, str(int(now)))


def _headers(request: Request, key: Key, timestamp: str) -> dict[str, str]:
    signed = {
        "_api_access_key": key.name,
        "_api_name": request.infno,
        "_api_timestamp": timestamp,
        "_api_version": VERSION,
    }
    text = "&".join(f"{name}={value}" for name, value in sorted(signed.items()))
    digest = hmac.new(key.secret.encode(), text.encode(), sha1).digest()
    return {**signed, "_api_signature": b64encode(digest).decode()}
