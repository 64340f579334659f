"""The webhook to the hospital's own patient app: signed, so that the receiver knows it is from us and not replayed.

`X-Notice-Timestamp` (unix seconds), `X-Notice-Signature` = hex HMAC-SHA256(secret, timestamp + "." + body). The body
carries the notice's `id`; a repeat has the same one.
"""

import hashlib
import hmac
import json
import time

import httpx
from django.conf import settings

from hospital.notices import texts
from hospital.notices.models import Notice


def post(notice: Notice) -> str:
    """Post one notice. The empty string when a 2xx came back, else what went wrong in a few words."""
    body = _body(notice)
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Notice-Timestamp": timestamp,
        "X-Notice-Signature": signature(timestamp, body),
    }
    try:
        answer = httpx.post(
            settings.NOTICE_WEBHOOK_URL,
            content=body,
            headers=headers,
            timeout=settings.NOTICE_WEBHOOK_TIMEOUT_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        return type(error).__name__
    return "" if answer.is_success else f"HTTP {answer.status_code}"


def signature(timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over timestamp, a dot and the body."""
    secret = settings.NOTICE_WEBHOOK_SECRET.encode()
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _body(notice: Notice) -> bytes:
    fields = {
        "id": notice.pk,
        "kind": notice.kind,
        "appointment": notice.appointment_id,
        "patient": notice.patient_id,
        "title": texts.title(notice),
        "text": texts.text(notice),
        "created_at": notice.created_at.isoformat(),
    }
    return json.dumps(fields, ensure_ascii=False).encode()
