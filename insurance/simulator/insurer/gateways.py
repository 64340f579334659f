"""A gateway before the insurer, by option: it refuses what is not signed as protocol 2 tells."""

import hashlib
import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from insurance.simulator.asgi import Exchange, Message, Receive, Scope, Send
from insurance.simulator.insurer import form
from insurance.simulator.server import App

NO_HEADERS, TOO_OLD = "缺少服务网关的请求头!", "签名时间戳超时!"
NOBODY, WRONG = "非法用户!", "签名不一致!"

Signed = tuple[str, float, str, str]
"""Who signed, when (Unix seconds), the signature that came, and the one that it should be."""

Check = Callable[[Mapping[str, str], bytes, Mapping[str, str]], Signed]
"""check(headers, body, secrets by name). Raises KeyError for a header that is not there, ValueError for no time."""


def csb(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> Signed:
    names = ("_api_access_key", "_api_name", "_api_timestamp", "_api_version")
    who, _, stamp, _ = (headers[name] for name in names)
    text = "&".join(f"{name}={headers[name]}" for name in names)
    due = b64encode(hmac.digest(secrets.get(who, "").encode(), text.encode(), "sha1")).decode()
    return who, int(stamp) / (1000 if len(stamp) == 13 else 1), headers["_api_signature"], due


def tif(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> Signed:
    who, stamp, nonce = (headers[f"x-tif-{name}"] for name in ("paasid", "timestamp", "nonce"))
    due = hashlib.sha256((stamp + secrets.get(who, "") + nonce + stamp).encode()).hexdigest()
    return who, int(stamp), headers["x-tif-signature"], due


def hmac_sm3(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]) -> Signed:
    who, (stamp, given) = headers["x-ca-key"], headers["x-ca-signature"].split(":")
    signed, _file = form.parts(headers.get("content-type", ""), body)
    due = hmac.new(secrets.get(who, "").encode(), stamp.encode() + b"\n" + signed, "sm3").hexdigest().upper()
    return who, int(stamp), given, due


CHECKS: dict[str, Check] = {"csb": csb, "tif": tif, "hmac-sm3": hmac_sm3}


@dataclass
class Gateway:
    """Stands before an app. `status` is the HTTP status of its refusals; a signature holds for `valid_seconds`."""

    app: App
    check: Check
    secrets: Mapping[str, str]
    status: int = 200
    valid_seconds: float = 1800.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        if exchange.method != "POST" or exchange.path.startswith("/_"):
            await self.app(scope, receive, send)
            return
        body = await exchange.body()
        refusal = self._refusal({k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}, body)
        if refusal:
            await exchange.send_json(self.status, {"code": 401, "message": refusal})
        else:
            await self.app(scope, again(body, receive), send)

    def _refusal(self, headers: Mapping[str, str], body: bytes) -> str:
        try:
            who, at, given, due = self.check(headers, body, self.secrets)
        except (KeyError, ValueError):
            return NO_HEADERS
        if who not in self.secrets:
            return NOBODY
        if abs(time.time() - at) > self.valid_seconds:
            return TOO_OLD
        return "" if hmac.compare_digest(given.encode(), due.encode()) else WRONG


def again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives this body, and after it whatever comes."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return parts.pop() if parts else await receive()

    return given
