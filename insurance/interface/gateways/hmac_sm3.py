"""Zhejiang: HMAC-SM3 over the time and the body. Source: protocol 2, row 3.

Of a form (9101) it is the envelope that is signed: no source says what else it could be, and its boundaries are drawn
when it is sent.
"""

from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from insurance.interface.exchange import Request
from insurance.interface.gateways.signing import Key


def sign(request: Request, key: Key, now: float) -> dict[str, str]:
    """`<unix s>:<UPPER-hex>`; the key's name is the institution's code."""
    timestamp = str(int(now))
    code = HMAC(key.secret.encode(), SM3())
    code.update(f"{timestamp}\n".encode() + request.body)
    return {"x-ca-key": key.name, "x-ca-signature": f"{timestamp}:{code.finalize().hex().upper()}"}
