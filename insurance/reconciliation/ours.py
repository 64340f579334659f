"""What our ledger holds of a day, by the other side's time (`LedgerEntry.at`), as rows to compare.

What 2601 has reversed counts as never settled, as it does at the insurer (protocol 3.10, 3.11); a 2208 counts with
negative amounts on its own day.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from insurance.quota.directory import DEFAULT, terms
from insurance.quota.exchange import dialect
from insurance.reconciliation.compare import Row
from insurance.reconciliation.days import bounds
from insurance.reconciliation.rules import Movement
from insurance.trial.conversation import ORDINARY_OUTPATIENT
from insurance.trial.models import Visit

_AT_THE_INSURER = """
    SELECT entry.kind, entry.source, entry.number, (min(entry.at) AT TIME ZONE %(zone)s)::date,
           sum(amount_fen), coalesce(sum(amount_fen) FILTER (WHERE leg = 'fund'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'account'), 0),
           coalesce(sum(amount_fen) FILTER (WHERE leg = 'own'), 0),
           visit.insutype, settlement.clr_type, settlement.clr_optins, settlement.insurer, visit.mdtrt_id, visit.psn_no
      FROM insurance_ledgerentry entry
      JOIN insurance_settlement settlement ON settlement.id = substr(entry.number, 2)::bigint
      JOIN insurance_visit visit ON visit.appointment_id = settlement.appointment_id
     WHERE entry.kind IN ('settled', 'undone') AND {which}
       AND NOT EXISTS (SELECT FROM insurance_ledgerentry reversal
                        WHERE reversal.source = entry.source AND reversal.number = entry.number
                          AND reversal.kind = 'undone' AND reversal.by = '2601')
     GROUP BY entry.kind, entry.source, entry.number, settlement.id, visit.id
     ORDER BY min(entry.id)
"""
_PAYMENTS = """
    SELECT entry.kind, entry.source, entry.number, (entry.at AT TIME ZONE %(zone)s)::date, entry.amount_fen,
           CASE entry.kind WHEN 'paid' THEN payment.transaction_no ELSE '' END
      FROM insurance_ledgerentry entry LEFT JOIN insurance_paymentorder payment ON payment.order_no = entry.number
     WHERE entry.kind IN ('paid', 'refunded') AND {which}
     ORDER BY entry.id
"""
_PSN_NO: Any = Visit._meta.get_field("psn_no")
_ON_THE_DAY = "entry.at >= %(begin)s AND entry.at < %(end)s"
_OF_THESE = "entry.number = ANY(%(chosen)s)"
_FROM_THESE = "entry.source = ANY(%(chosen)s)"


class Group(NamedTuple):
    """What one 3201 is about, and to which insurer it goes."""

    insutype: str
    clr_type: str
    clr_optins: str
    insurer: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Held:
    """One settlement that the insurer holds by our book, or what took it back, with all that the insurer asks for."""

    row: Row
    group: Group
    mdtrt_id: str
    psn_no: str = field(repr=False)
    cash_fen: int


def at_the_insurer(day: date) -> list[Held]:
    """What was settled and undone on the day."""
    return list(_held(_ON_THE_DAY, **_bounds(day)))


def at_the_insurer_of(numbers: Collection[str]) -> list[Row]:
    """What was ever settled and undone of these settlements."""
    return [held.row for held in _held(_OF_THESE, chosen=list(numbers))]


def payments(day: date) -> list[Row]:
    """What was paid and given back on the day."""
    return list(_paid(_ON_THE_DAY, **_bounds(day)))


def payments_from(sources: Collection[str]) -> list[Row]:
    """The payments and refunds of these numbers, whenever they were."""
    return list(_paid(_FROM_THESE, chosen=list(sources)))


def numbered(number: str) -> int:
    """The settlement that has this number (`Settlement.number`)."""
    return int(number[1:])


def _held(which: str, **chosen: Any) -> Iterator[Held]:
    for kind, source, number, day, total, fund, account, own, *about in _rows(_AT_THE_INSURER, which, chosen):
        insutype, clr_type, clr_optins, insurer, mdtrt_id, psn_no = about
        group = group_of(insurer, insutype, clr_type, clr_optins)
        row = Row(Movement(kind), source, (int(total), int(fund), int(account)), day, number)
        yield Held(row, group, mdtrt_id, _PSN_NO.read(psn_no), int(own))


def group_of(insurer: str, insutype: str, clr_type: str, clr_optins: str) -> Group:
    """The total that a settlement goes into: some interfaces have but one."""
    if dialect(insurer).one_total:
        return Group("", "", "", insurer)
    return Group(insutype, clr_type or ORDINARY_OUTPATIENT, clr_optins or terms(insurer).region, insurer)


def _paid(which: str, **chosen: Any) -> Iterator[Row]:
    for kind, source, number, day, amount_fen, mark in _rows(_PAYMENTS, which, chosen):
        yield Row(Movement(kind), source, (int(amount_fen),), day, number, mark or "")


def _rows(sql: str, which: str, chosen: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(which=which), {"zone": timezone.get_default_timezone_name(), **chosen})
        return list(cursor.fetchall())


def _bounds(day: date) -> dict[str, Any]:
    begin, end = bounds(day)
    return {"begin": begin, "end": end}
