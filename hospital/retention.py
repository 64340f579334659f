"""What is kept no longer than it must be: deleted or emptied in small batches, the oldest first (docs/privacy.md).

A table of ten million rows is never searched for what is old in it. Its ids grow with time, so a mark says up to which
id it was seen to, and the next few rows behind that are looked at, by the primary key. What a rule spares is passed by.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, models, transaction

AT_A_TIME = 1_000
"""Rows in one transaction: tens of milliseconds."""


class Tidied(models.Model):
    """Up to which id a rule has seen to its table."""

    name = models.CharField(max_length=60, primary_key=True)
    until_id = models.BigIntegerField(default=0)

    class Meta:
        app_label = "hospital"

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` whose `at` is longer ago than `kept` (as PostgreSQL writes an interval): what is done to them.
    `act` is one statement whose parameter is their ids."""

    name: str
    table: str
    at: str
    kept: Callable[[], str]
    act: str


REQUESTS = Rule(
    "answers under an Idempotency-Key",
    table="hospital_idempotentrequest",
    at="created_at",
    kept=lambda: f"{settings.KEEP_REQUESTS_DAYS} days",
    act="DELETE FROM hospital_idempotentrequest WHERE id = ANY(%s)",
)
NOTICES = Rule(
    "notices of visits that are over",
    table="hospital_notice",
    at="created_at",
    kept=lambda: f"{settings.KEEP_NOTICES_MONTHS} months",
    act="""DELETE FROM hospital_notice WHERE id = ANY(%s) AND state IN ('sent', 'failed') AND EXISTS (
             SELECT FROM hospital_appointment WHERE id = appointment_id AND state <> 'booked')""",
)


def tidy(rule: Rule, most: int = AT_A_TIME) -> int:
    """One batch. How many rows were seen to; 0: nothing is old enough, or somebody else is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        Tidied.objects.get_or_create(name=rule.name)
        mark = Tidied.objects.select_for_update(skip_locked=True).filter(name=rule.name).first()
        if mark is None or not (old := _old(rule, mark.until_id, 1)):
            return 0
        old = _old(rule, mark.until_id, most)
        cursor.execute(rule.act, [old])
        Tidied.objects.filter(name=rule.name).update(until_id=old[-1])
        return len(old)


def from_the_start(rule: Rule) -> None:
    """What was spared is looked at once more."""
    Tidied.objects.filter(name=rule.name).update(until_id=0)


def forget_sessions(most: int = AT_A_TIME) -> int:
    """The sessions of browsers that have run out."""
    run_out = "SELECT session_key FROM django_session WHERE expire_date < now() ORDER BY expire_date LIMIT %s"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM django_session WHERE session_key IN ({run_out})", [most])
        return int(cursor.rowcount)


def _old(rule: Rule, after: int, most: int) -> list[int]:
    """The ids of the next rows, up to the first that is not old enough."""
    sql = f"""
        SELECT id, {rule.at} < now() - %s::interval AS old FROM {rule.table} WHERE id > %s ORDER BY id LIMIT %s
    """
    found: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute(sql, [rule.kept(), after, most])
        for pk, is_old in cursor.fetchall():
            if not is_old:
                break
            found.append(pk)
    return found
