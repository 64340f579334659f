"""A centre that signs and encrypts, by option: Jilin's way of protocol 2.5 (output SM4, cainfo an SM2 signature).

All of it by `gmalg`, which is not what the client encrypts with: the two must agree on the standard, not on a library.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

import gmalg

from insurance.simulator.asgi import BadBody, Exchange, Message, Receive, Scope, Send, dumps, loads
from insurance.simulator.insurer.gateways import again
from insurance.simulator.money import JsonObject
from insurance.simulator.server import App

USER_ID = b"1234567812345678"
BLOCK, HALF = 16, 32
NOT_THE_HOSPITALS: JsonObject = {"infcode": -1, "err_msg": "验签失败", "output": None}


@dataclass
class Sealed:
    """Stands before an app. Keys in hexadecimal: our private one, the hospital's public one, the shared one of SM4.

    `forges`: the transactions whose replies are signed wrongly, for whoever wants to see what happens then.
    """

    app: App
    private: str
    hospital: str
    shared: str
    forges: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._own = gmalg.SM2(bytes.fromhex(self.private), USER_ID)
        self._hospital = gmalg.SM2(uid=USER_ID, pk=bytes.fromhex(self.hospital))
        self._sm4 = gmalg.SM4(bytes.fromhex(self.shared))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        if exchange.method != "POST" or exchange.path.startswith("/_"):
            await self.app(scope, receive, send)
            return
        infno, body = self._opened(await exchange.body())
        forged = infno in self.forges
        if body is None:
            await exchange.send_json(200, self._closed(NOT_THE_HOSPITALS, forged))
        else:
            await self.app(scope, again(body, receive), self._closing(send, forged))

    def _opened(self, body: bytes) -> tuple[str, bytes | None]:
        """The number and the envelope in the clear; None where it is not the hospital's. A report (4261) has no
        envelope."""
        try:
            document = loads(body)
            if "input" not in document:
                return "", body
            signature = b64decode(document["cainfo"])
            if not self._hospital.verify(document["input"].encode(), signature[:HALF], signature[HALF:]):
                return document["infno"], None
            document["input"] = json.loads(self._decrypted(b64decode(document["input"])))
        except (BadBody, KeyError, ValueError, AttributeError):
            return "", None
        return document["infno"], dumps(document)

    def _closing(self, send: Send, forged: bool) -> Send:
        """A `send` that closes a whole reply; half ones, and what is no envelope, go as they are."""
        starts: list[Message] = []

        async def closed(message: Message) -> None:
            if message["type"] == "http.response.start":
                starts.append(message)
                return
            start = starts.pop() if starts else None
            if start is not None and not message.get("more_body"):
                body = self._closed_body(message["body"], forged)
                kept = [pair for pair in start["headers"] if pair[0] != b"content-length"]
                start = {**start, "headers": [*kept, (b"content-length", b"%d" % len(body))]}
                message = {**message, "body": body}
            if start is not None:
                await send(start)
            await send(message)

        return closed

    def _closed_body(self, body: bytes, forged: bool) -> bytes:
        try:
            document = json.loads(body)
        except ValueError:
            return body
        return dumps(self._closed(document, forged)) if "infcode" in document else body

    def _closed(self, document: JsonObject, forged: bool) -> JsonObject:
        output = b64encode(self._encrypted(dumps(document.get("output")))).decode()
        r, s = self._own.sign(b"something else" if forged else output.encode())
        cainfo = b64encode(r.rjust(HALF, b"\0") + s.rjust(HALF, b"\0")).decode()
        return {**document, "output": output, "cainfo": cainfo, "signtype": "SM2", "enctype": "SM4"}

    def _encrypted(self, plain: bytes) -> bytes:
        rest = BLOCK - len(plain) % BLOCK
        padded = plain + bytes([rest]) * rest
        return b"".join(self._sm4.encrypt(padded[place : place + BLOCK]) for place in range(0, len(padded), BLOCK))

    def _decrypted(self, data: bytes) -> bytes:
        padded = b"".join(self._sm4.decrypt(data[place : place + BLOCK]) for place in range(0, len(data), BLOCK))
        return padded[: -padded[-1]]
