"""How long what was said to the insurer is kept: that it was said stays, what stood in it goes (docs/privacy.md)."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection

from hospital.privacy import FORGOTTEN
from hospital.retention import Rule

_EMPTY = f"""
    UPDATE insurance_interfacecall
       SET request = CASE request WHEN '' THEN '' ELSE '{FORGOTTEN}' END,
           reply = CASE reply WHEN '' THEN '' ELSE '{FORGOTTEN}' END
"""
"""Whether there was an answer stays to be seen: the proof of the limit goes by it."""

MESSAGES = Rule(
    "what stood in old messages to the insurer",
    table="insurance_interfacecall",
    at="sent_at",
    kept=lambda: f"{settings.KEEP_MESSAGES_MONTHS} months",
    act=f"""{_EMPTY} WHERE id = ANY(%s) AND NOT EXISTS (
              SELECT FROM insurance_settlement
               WHERE id = substring(purpose FROM '^settlement ([0-9]+)$')::bigint
                 AND state NOT IN ('completed', 'refused', 'reversed'))""",
)
"""Those of a settlement that is not over are all the evidence there is: they are spared."""


def empty(purposes: list[str]) -> int:
    """What stood in the messages of these, now; how many messages there were."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_EMPTY} WHERE purpose = ANY(%s)", [purposes])
        return int(cursor.rowcount)


def empty_these(ids: Iterable[int]) -> int:
    """The same of single messages."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_EMPTY} WHERE id = ANY(%s)", [list(ids)])
        return int(cursor.rowcount)
