"""How the payment institution and we sign what we tell each other: hex HMAC-SHA256 with the shared secret."""

import hashlib
import hmac
import re
import time

from django.conf import settings

TIMESTAMP = "X-Payment-Timestamp"
SIGNATURE = "X-Payment-Signature"
REPLAY_SECONDS = 300
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


def signature(*parts: str | bytes) -> str:
    """The signature over the parts, joined by line feeds."""
    message = b"\n".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hmac.new(settings.PAYMENT_SECRET.encode(), message, hashlib.sha256).hexdigest()


def headers(method: str, path: str, body: bytes) -> dict[str, str]:
    """The headers of a request of ours."""
    timestamp = str(int(time.time()))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(timestamp, method, path, body)}


def is_genuine(timestamp: str, signed: str, body: bytes, now: float) -> bool:
    """Whether a callback is the institution's own and not older than REPLAY_SECONDS."""
    if not _UNIX_SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > REPLAY_SECONDS:
        return False
    return hmac.compare_digest(signature(timestamp, body).encode(), signed.lower().encode())
