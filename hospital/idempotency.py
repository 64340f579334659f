"""`Idempotency-Key`: the same key with the same body gives the same answer, with another body it is refused.

The key is stored in the same transaction as what it stands for: a request that failed leaves no key behind, and one
that comes a second time waits for the first to commit (unique index) and then gets its answer.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid
from hospital.prepared import Prepared
from hospital.privacy import blind_indexes

Answer = tuple[int, dict[str, Any]]


class IdempotentRequest(models.Model):
    """A request that was carried out and its answer. The body is kept only as a fingerprint."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "hospital"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key")]

    def __str__(self) -> str:
        return f"request {self.pk}"


_first = Prepared(
    "idempotency_first",
    ["bigint", "text", "text"],
    """INSERT INTO hospital_idempotentrequest (user_id, key, fingerprint, status, answer) VALUES ($1, $2, $3, 0, '{}')
       ON CONFLICT (user_id, key) DO NOTHING RETURNING id""",
)
_answered = Prepared(
    "idempotency_answered",
    ["bigint", "integer", "jsonb"],
    "UPDATE hospital_idempotentrequest SET status = $2, answer = $3 WHERE id = $1 RETURNING id",
)


def once(user_id: int, key: str | None, path: str, body: Mapping[str, Any], act: Callable[[], Answer]) -> Answer:
    """`act()` the first time, its stored answer every further time. Raises `Invalid("idempotency_key_reused")`."""
    if key is None:
        return act()
    if not 1 <= len(key) <= 100:
        raise Invalid("idempotency_key_invalid", _("Idempotency-Key must have 1 to 100 characters."))
    fingerprints = blind_indexes(json.dumps([path, body], sort_keys=True, default=str))
    with transaction.atomic():
        first = _first.row(user_id, key, fingerprints[0])
        if first is None:
            return _replay(user_id, key, fingerprints)
        status, answer = act()
        _answered.row(first[0], status, json.dumps(answer))
        return status, answer


def _replay(user_id: int, key: str, fingerprints: Collection[str]) -> Answer:
    stored = IdempotentRequest.objects.get(user_id=user_id, key=key)
    if stored.fingerprint not in fingerprints:
        raise Invalid(
            "idempotency_key_reused",
            _("This Idempotency-Key was used for another request. Use a new key for a new request."),
        )
    return stored.status, stored.answer
