"""TIF, RIO (Guangdong, Hebei): SHA-256 of time, token and nonce; the body is not signed. Source: protocol 2, row 2."""

from hashlib import sha256
from uuid import uuid4

from insurance.interface.exchange import Request
from insurance.interface.gateways.signing import Key


def sign(request: Request, key: Key, now: float) -> dict[str, str]:
    """A nonce of its own for every message."""
    return headers(key, str(int(now)), str(uuid4()))


def headers(key: Key, timestamp: str, nonce: str) -> dict[str, str]:
    """Pure: the same four for the same time and nonce."""
    signature = sha256(f"{timestamp}{key.secret}{nonce}{timestamp}".encode()).hexdigest()
    return {
        "x-tif-paasid": key.name,
        "x-tif-timestamp": timestamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": signature,
    }
