"""A message signed and encrypted on its way out, verified and decrypted on its way in. Source: protocol 1.2, 2.5.

A reply that is not proved to be the centre's says nothing: neither that a settlement was made nor that it was refused.
What has no `infcode` is not the centre's word but that of a gateway before it, and not its to sign: so it may say that
nothing was let through (401), and nothing else.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace

from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Reply, Request
from insurance.interface.security import raw
from insurance.interface.security.rules import Keys, Rule
from insurance.interface.security.sm import BlockCipher, Signer, Verifier, sm3

ENC_TYPE = "SM4"
_NOT_SIGNED = ("cainfo", "input", "output")

WRAPPED = ("0", "-1")
"""The codes of the older wrapper that decide something."""


class Sealing:
    """One centre's rule and keys. Threads may share it."""

    def __init__(self, rule: Rule, encrypts: bool, keys: Keys) -> None:
        """Raises ValueError for a key that is none."""
        self._rule = rule
        self._cipher = BlockCipher(keys.sm4) if encrypts else None
        self._signer = Signer(keys.sm2_private) if rule.is_signature else None
        self._verifier = Verifier(keys.sm2_centre) if rule.is_signature else None

    def sealed(self, request: Request) -> Request:
        """The envelope with its input encrypted and vouched for; what has none (4261) as it is."""
        document = json.loads(request.body)
        if "input" not in document:
            return request
        text = _written(document["input"])
        if self._cipher is not None:
            text = b64encode(self._cipher.encrypted(text.encode())).decode()
            document |= {"enc_type": ENC_TYPE, "input": text}
        if self._rule.signtype:
            document["signtype"] = self._rule.signtype
            document["cainfo"] = self._vouched(document, text)
        return replace(request, body=_written(document).encode())

    def opened(self, reply: Reply) -> Reply:
        """The same with its output in the clear. Raises OutcomeUnknown."""
        members = None if reply.is_file else raw.members(reply.body)
        if members is None or "infcode" not in members:
            self._require_undecided(members or {})
            return reply
        self._verify(members)
        output = raw.value(members.get("output", "null"))
        if self._cipher is None or not isinstance(output, str) or not output:
            return reply
        members["output"] = _decrypted(self._cipher, output)
        return replace(reply, body=raw.joined(members))

    def _require_undecided(self, members: Mapping[str, str]) -> None:
        """A wrapper (protocol 1.2) that says done or refused must be the centre's, and is not signed."""
        if self._verifier and str(raw.value(members.get("code", "null"))).strip() in WRAPPED:
            raise OutcomeUnknown("the answer is not signed")

    def _vouched(self, document: Mapping[str, object], text: str) -> str:
        vouched = (_sorted(document) if self._rule.of_envelope else text).encode()
        return b64encode(self._signer.signed(vouched)).decode() if self._signer else sm3(vouched).hex().upper()

    def _verify(self, members: Mapping[str, str]) -> None:
        if self._verifier is None:
            return
        said = {name: raw.value(text) for name, text in members.items()}
        output = said.get("output")
        text = output if isinstance(output, str) else members.get("output", "")
        vouched = (_sorted(said) if self._rule.of_envelope else text).encode()
        if not self._verifier.vouches(vouched, _bytes(said.get("cainfo"))):
            raise OutcomeUnknown("the signature of the reply is not the centre's")


def _sorted(document: Mapping[str, object]) -> str:
    """`name=value&…` in the order of ASCII, without what is empty, nested, or the signature itself."""
    plain = {name: value for name, value in document.items() if name not in _NOT_SIGNED}
    return "&".join(f"{name}={value}" for name, value in sorted(plain.items()) if value not in (None, ""))


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _bytes(text: object) -> bytes:
    try:
        return b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _decrypted(cipher: BlockCipher, output: str) -> str:
    """The JSON text that was encrypted."""
    try:
        text = cipher.decrypted(b64decode(output, validate=True)).decode()
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknown("the output cannot be decrypted") from error
    return text
