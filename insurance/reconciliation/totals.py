"""Sums of a day: what 3201 asks for, and the three columns of a day's book."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from insurance.interface.statements import DayTotals
from insurance.quota import directory
from insurance.quota.exchange import sign_no_of
from insurance.reconciliation.compare import Row
from insurance.reconciliation.days import bounds
from insurance.reconciliation.ours import Group, Held, at_the_insurer, group_of, payments
from insurance.reconciliation.rules import Movement
from insurance.settlement.models import Settlement
from insurance.trial.conversation import ORDINARY_OUTPATIENT
from insurance.trial.models import Visit

Sums = dict[str, int]

AT_THE_INSURER = ("settled", "undone", "total_fen", "fund_fen", "account_fen")
MONEY = ("paid", "paid_fen", "refunded", "refunded_fen")
"""The rows of the columns, in the order in which they are told."""

INSURANCES = ("310", "390")
"""Employees and residents (protocol 3.1): asked about also where we know of nothing."""

RECENT = timedelta(days=62)
"""Offices and clearing types that were met so lately are asked about too."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Our book of a day."""

    day: date
    held: Sequence[Held]
    paid: Sequence[Row]
    groups: Sequence[Group] = field(default_factory=list)

    @property
    def said(self) -> list[Row]:
        """What is laid beside the insurer's book."""
        return [held.row for held in self.held]

    def sums(self) -> Sums:
        """Our column."""
        return insurer_sums(self.said) | payment_sums(self.paid)

    def of(self, group: Group) -> list[Held]:
        """What one 3201 is about."""
        return [held for held in self.held if held.group == group]

    def office(self, clr_type: str, clr_optins: str, insurer: str) -> list[Held]:
        """What one 3202 is about: every insurance (protocol 3.12)."""
        return [held for held in self.held if held.group[1:] == (clr_type, clr_optins, insurer)]

    def insurers(self) -> list[str]:
        """Whom to ask, the default one first."""
        return sorted({group.insurer for group in self.groups}, key=lambda name: (name != directory.DEFAULT, name))


def read(day: date) -> Ours:
    """Our book of a day as it stands now."""
    held = at_the_insurer(day)
    return Ours(day, held, payments(day), groups(day, held))


def groups(day: date, held: Iterable[Held]) -> list[Group]:
    """Everything to ask about: what we hold, and whatever else was met here lately or is usual."""
    recent = Settlement.objects.filter(created_at__gte=bounds(day)[0] - RECENT)
    known = recent.filter(insurer__in=directory.names()).exclude(clr_type="").exclude(clr_optins="")
    usual = {(ORDINARY_OUTPATIENT, directory.terms(name).region, name) for name in directory.names()}
    offices = usual | set(known.values_list("clr_type", "clr_optins", "insurer").distinct())
    insured = Visit.objects.filter(appointment__settlements__in=recent).exclude(insutype="")
    insurances = {*INSURANCES, *insured.values_list("insutype", flat=True).distinct()}
    usual_groups = {group_of(name, insutype, *office) for insutype in insurances for *office, name in offices}
    return sorted(usual_groups | {each.group for each in held})


def question(day: date, group: Group, held: Sequence[Held], count: int) -> DayTotals:
    """3201 for one group of the day."""
    sums = insurer_sums(each.row for each in held)
    return DayTotals(
        insutype=group.insutype,
        clr_type=group.clr_type,
        setl_optins=group.clr_optins,
        begin=day,
        end=day,
        total_fen=sums["total_fen"],
        fund_fen=sums["fund_fen"],
        account_fen=sums["account_fen"],
        count=count,
        sign_no=sign_no_of(group.insurer, day),
    )


def counts(held: Sequence[Held]) -> list[int]:
    """How many settlements there are: those taken back not counted, or each taking back as one of its own. The
    specification does not say which (protocol 3.11)."""
    undone = sum(each.row.movement is Movement.UNDONE for each in held)
    return list(dict.fromkeys([len(held) - 2 * undone, len(held)]))


def insurer_sums(rows: Iterable[Row]) -> Sums:
    """The column of an insurer's book."""
    rows = list(rows)
    return {
        **_count(rows, Movement.SETTLED, Movement.UNDONE),
        **{name: sum(row.amounts[place] for row in rows) for place, name in enumerate(("total_fen", "fund_fen"))},
        "account_fen": sum(row.amounts[2] for row in rows),
    }


def payment_sums(rows: Iterable[Row]) -> Sums:
    """The column of a payment institution's book."""
    rows = list(rows)
    fen = {movement: sum(row.amounts[0] for row in rows if row.movement is movement) for movement in Movement}
    counted = _count(rows, Movement.PAID, Movement.REFUNDED)
    return {**counted, "paid_fen": fen[Movement.PAID], "refunded_fen": fen[Movement.REFUNDED]}


def _count(rows: Sequence[Row], *movements: Movement) -> Sums:
    return {movement.value: sum(row.movement is movement for row in rows) for movement in movements}
