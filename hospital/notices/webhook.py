"""The webhook to the hospital's own patient app: signed, so that the receiver knows it is from us and not replayed.

`X-Notice-Timestamp` (unix seconds), `X-Notice-Signature` = hex HMAC-SHA256(secret, timestamp + "." + body); while the
app changes to a new secret there are two, with a comma between. The body carries the notice's `id`: a repeat has the
same one, and of one appointment what came later has the higher. Nothing in it but ids and states: the app asks the API
for the rest, as the patient.
"""

import hashlib
import hmac
import json
import time
from functools import cache

import httpx
from django.conf import settings

from hospital import outbound
from hospital.notices import texts
from hospital.notices.models import Kind, Notice

EVENTS = {
    Kind.FILED: "appointment.filed",
    Kind.REJECTED: "appointment.rejected",
    Kind.CANCELLED: "appointment.cancelled",
    Kind.CLOSE: "trial.nearing",
    Kind.PRICED: "trial.priced",
    Kind.TRIAL_REFUSED: "trial.refused",
    Kind.COMPLETED: "settlement.completed",
    Kind.SETTLEMENT_REFUSED: "settlement.refused",
    Kind.SETTLEMENT_REVERSED: "settlement.reversed",
    Kind.SETTLEMENT_MANUAL: "settlement.manual",
    Kind.TAKEN_BACK: "settlement.taken_back",
    Kind.SCAN_AGAIN: "settlement.credential_wanted",
    Kind.SETTLE_AGAIN: "settlement.not_carried_out",
    Kind.CLAIM_SETTLED: "claim.settled",
    Kind.CLAIM_REFUSED: "claim.refused",
}
IDS = ("trial", "settlement")
"""Of the facts of a notice, what the app may know."""


def post(notice: Notice) -> str:
    """Post one notice. The empty string when a 2xx came back, else what went wrong in a few words."""
    body = _body(notice)
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Notice-Timestamp": timestamp,
        "X-Notice-Signature": signatures(timestamp, body),
    }
    url, seconds = settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_TIMEOUT_SECONDS
    try:
        with _client().stream("POST", url, content=body, headers=headers, timeout=seconds) as answer:
            return "" if answer.is_success else f"HTTP {answer.status_code}"  # what else it says is not read
    except httpx.HTTPError as error:
        return type(error).__name__


@cache
def _client() -> httpx.Client:
    """Kept by the process: each new one would read the certificates of the world anew."""
    return outbound.client(outbound.may_call_webhook)


def signatures(timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over timestamp, a dot and the body, by each secret that is in force."""
    secrets = (settings.NOTICE_WEBHOOK_SECRET, settings.NOTICE_WEBHOOK_OLD_SECRET)
    signed = timestamp.encode() + b"." + body
    return ",".join(hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets if secret)


def _body(notice: Notice) -> bytes:
    fields = {
        "id": notice.pk,
        "event": EVENTS[Kind(notice.kind)],
        "kind": notice.kind,
        "appointment": notice.appointment_id,
        "patient": notice.patient_id,
        **{name: notice.facts[name] for name in IDS if name in notice.facts},
        "title": texts.title(notice),
        "created_at": notice.created_at.isoformat(),
    }
    return json.dumps(fields, ensure_ascii=False).encode()
