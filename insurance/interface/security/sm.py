"""The national algorithms: SM3 (GB/T 32905) and SM4 (GB/T 32907) by `cryptography`, SM2 (GB/T 32918) by `gmalg`.

Why these two: docs/adr/0028.
"""

import gmalg
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.padding import PKCS7

USER_ID = b"1234567812345678"
"""The one of GB/T 35276, where nothing else is agreed."""

_HALF = 32


def sm3(data: bytes) -> bytes:
    """The digest, 32 bytes."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


class BlockCipher:
    """SM4, each block for itself (ECB) with PKCS#7 padding. No source names the mode: this one needs nothing besides
    the key, and there is nothing besides it on the wire."""

    def __init__(self, key: str) -> None:
        """32 hexadecimal digits or 16 characters. Raises ValueError."""
        self._cipher = Cipher(SM4(_key_bytes(key)), ECB())  # nosec B305  the centre's, see above

    def encrypted(self, plain: bytes) -> bytes:
        """Whole blocks."""
        padder, encryptor = PKCS7(SM4.block_size).padder(), self._cipher.encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def decrypted(self, data: bytes) -> bytes:
        """Raises ValueError for what was not encrypted with this key."""
        unpadder, decryptor = PKCS7(SM4.block_size).unpadder(), self._cipher.decryptor()
        return unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()


class Signer:
    """Signs with our private key. Threads may share it: each signature has an SM2 of its own, which keeps a state."""

    def __init__(self, private: str) -> None:
        """64 hexadecimal digits. Raises ValueError."""
        self._private = _hexadecimal(private, _HALF, "an SM2 private key")
        self._public = gmalg.SM2().generate_pk(self._private)

    def signed(self, data: bytes) -> bytes:
        """r and s one after the other, 64 bytes."""
        pair = gmalg.SM2(self._private, USER_ID, self._public).sign(data)
        return b"".join(bytes(number).rjust(_HALF, b"\0") for number in pair)


class Verifier:
    """Knows the other side's public key. Threads may share it."""

    def __init__(self, public: str) -> None:
        """128 hexadecimal digits, with or without 04 before them. Raises ValueError, also for no point of the curve."""
        digits = public.strip()
        digits = digits.removeprefix("04") if len(digits) == 4 * _HALF + 2 else digits
        self._public = b"\x04" + _hexadecimal(digits, 2 * _HALF, "an SM2 public key")
        if not gmalg.SM2().verify_pk(self._public):
            raise ValueError("an SM2 public key must be a point of the curve")

    def vouches(self, data: bytes, signature: bytes) -> bool:
        """Whether it is the other side's signature of just this: r and s, or those two in DER."""
        pair = signature if len(signature) == 2 * _HALF else _from_der(signature)
        verifying = gmalg.SM2(uid=USER_ID, pk=self._public)
        return bool(pair) and bool(verifying.verify(data, pair[:_HALF], pair[_HALF:]))


def _from_der(signature: bytes) -> bytes:
    """SEQUENCE of two INTEGERs, as Java's libraries write it; b"" if it is not."""
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
    except (ValueError, OverflowError):
        return b""


def _key_bytes(key: str) -> bytes:
    text = key.strip()
    if len(text) == 2 * 16:
        return _hexadecimal(text, 16, "an SM4 key")
    if len(text.encode()) != 16:
        raise ValueError("an SM4 key must be 32 hexadecimal digits or 16 characters")
    return text.encode()


def _hexadecimal(text: str, length: int, what: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != length:
        raise ValueError(f"{what} must be {2 * length} hexadecimal digits")
    return found
