"""`Idempotency-Key`: the same key with the same body gives the same answer, with another body it is refused.

The key is stored in the same transaction as what it stands for: a request that failed leaves no key behind, and one
that comes a second time waits for the first to commit (unique index) and then gets its answer.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital.errors import Invalid
from hospital.prepared import Prepared
from hospital.privacy import blind_index, blind_indexes

Answer = tuple[int, dict[str, Any]]
Key = tuple[int, str]
"""Of an account (its id): nobody meets another's key."""

LONGEST_KEY = 100


class IdempotentRequest(models.Model):
    """A request that was carried out and its answer. The body is kept only as a fingerprint."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    key = models.CharField(max_length=LONGEST_KEY)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        app_label = "hospital"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key")]

    def __str__(self) -> str:
        return f"request {self.pk}"


_used = Prepared(
    "idempotency_used",
    ["bigint[]", "text[]"],
    """SELECT user_id, key FROM hospital_idempotentrequest
        WHERE (user_id, key) IN (SELECT * FROM unnest($1, $2))""",
)
_claim = Prepared(
    "idempotency_claim",
    ["bigint[]", "text[]", "text[]"],
    """INSERT INTO hospital_idempotentrequest (user_id, key, fingerprint, status, answer)
       SELECT user_id, key, fingerprint, 0, '{}' FROM unnest($1, $2, $3) AS claimed (user_id, key, fingerprint)
        ORDER BY user_id, key ON CONFLICT (user_id, key) DO NOTHING RETURNING user_id, key""",
)
_claim_now = replace(_claim, name="idempotency_claim_now", first="SET LOCAL lock_timeout = '1s';")
_keep = Prepared(
    "idempotency_keep",
    ["bigint[]", "text[]", "integer[]", "text[]"],
    """UPDATE hospital_idempotentrequest request SET status = kept.status, answer = kept.answer::jsonb
         FROM unnest($1, $2, $3, $4) AS kept (user_id, key, status, answer)
        WHERE request.user_id = kept.user_id AND request.key = kept.key RETURNING request.id""",
)
_forget = Prepared(
    "idempotency_forget",
    ["bigint[]", "text[]"],
    """DELETE FROM hospital_idempotentrequest WHERE (user_id, key) IN (SELECT * FROM unnest($1, $2)) RETURNING id""",
)


def once(user_id: int, key: str | None, path: str, body: Mapping[str, Any], act: Callable[[], Answer]) -> Answer:
    """`act()` the first time, its stored answer every further time. Raises `Invalid("idempotency_key_reused")`."""
    if key is None:
        return act()
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Invalid("idempotency_key_invalid", _("Idempotency-Key must have 1 to 100 characters."))
    own = (user_id, key)
    with transaction.atomic():
        if not claim({own: (path, body)}):
            return _replay(own, path, body)
        answer = act()
        keep({own: answer})
        return answer


def used(keys: Collection[Key]) -> set[Key]:
    """Those of these that something was carried out under: `once` has the answer."""
    return set(_used.rows(*_columns(keys))) if keys else set()


def claim(requests: Mapping[Key, tuple[str, Mapping[str, Any]]], *, now: bool = False) -> set[Key]:
    """At the beginning of the transaction of what is done, by path and body: those that are ours now. Before anything
    else is locked, and in one order: two that want the same do not wait in a circle.

    `now`: many wait with it, a second at the most. Raises `OperationalError` when that is over.
    """
    if not requests:
        return set()
    fingerprints = [blind_index(_text(path, body)) for path, body in requests.values()]
    return set((_claim_now if now else _claim).rows(*_columns(requests), fingerprints))


def keep(answers: Mapping[Key, Answer | None]) -> None:
    """At its end, what is answered from now on. None: it failed, and leaves no key behind."""
    if failed := [key for key, answer in answers.items() if answer is None]:
        _forget.rows(*_columns(failed))
    if kept := {key: answer for key, answer in answers.items() if answer is not None}:
        statuses, bodies = zip(*kept.values(), strict=True)
        _keep.rows(*_columns(kept), list(statuses), [json.dumps(body) for body in bodies])


def _columns(keys: Iterable[Key]) -> list[list[Any]]:
    return [list(column) for column in zip(*keys, strict=True)]


def _text(path: str, body: Mapping[str, Any]) -> str:
    return json.dumps([path, body], sort_keys=True, default=str)


def _replay(own: Key, path: str, body: Mapping[str, Any]) -> Answer:
    stored = IdempotentRequest.objects.get(user_id=own[0], key=own[1])
    if stored.fingerprint not in blind_indexes(_text(path, body)):
        raise Invalid(
            "idempotency_key_reused",
            _("This Idempotency-Key was used for another request. Use a new key for a new request."),
        )
    return stored.status, stored.answer
