"""How a gateway refuses: HTTP 401, or a body `{"code": 401, …}` whatever the status (H t5, t6; protocol 2).

It stands before the centre: what it refused has reached nobody who could carry it out. Pure.
"""

import json
from enum import StrEnum

from insurance.interface.exchange import Reply

UNAUTHORIZED = 401


class Refusal(StrEnum):
    """Why; `UNNAMED` when the text is not known here."""

    NO_HEADERS = "no_headers"
    TIME = "time"
    KEY = "key"
    SIGNATURE = "signature"
    UNNAMED = "unnamed"


# H's four texts, and words that other gateways are likely to use for the same.
_WORDS = (
    (Refusal.NO_HEADERS, ("缺少",)),
    (Refusal.TIME, ("超时", "过期", "时间戳", "timestamp", "expired")),
    (Refusal.KEY, ("非法用户", "access key", "appkey")),
    (Refusal.SIGNATURE, ("签名不一致", "签名", "signature")),
)


def refusal_of(reply: Reply) -> Refusal | None:
    """None: it is no gateway's refusal, or one that contradicts itself by claiming success."""
    document = _document(reply.body)
    if any(str(document.get(name)) == "0" for name in ("infcode", "code")):
        return None
    is_wrapped = "infcode" not in document and str(document.get("code")) == str(UNAUTHORIZED)
    if not is_wrapped and reply.status != UNAUTHORIZED:
        return None
    said = " ".join(str(document.get(name, "")) for name in ("message", "msg", "err_msg")).lower()
    return next((why for why, words in _WORDS if any(word in said for word in words)), Refusal.UNNAMED)


def _document(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
