"""Lay our book of a day beside the insurer's, the payment institution's, and what our own settlements say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from insurance.interface.errors import InterfaceError
from insurance.payment import gateway
from insurance.payment.gateway import GatewayRefused, GatewayUnclear
from insurance.quota.directory import DEFAULT
from insurance.reconciliation import cycles, keeping, ours, proof_of_books, says, speaking, theirs, totals
from insurance.reconciliation.compare import Found, Row, compare
from insurance.reconciliation.models import DayBook
from insurance.reconciliation.rules import SIDE, Class, Movement, Says, Side
from insurance.reconciliation.speaking import OfficeBook
from insurance.states import DifferenceState


@dataclass
class Compared:
    """What has come out of it. `problems`: why a side could not be compared."""

    ours: totals.Ours
    found: list[Found] = field(default_factory=list)
    sides: set[Side] = field(default_factory=set)
    insurer: totals.Sums = field(default_factory=dict)
    payments: totals.Sums = field(default_factory=dict)
    asked: list[dict[str, object]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def with_all(book: DayBook, *, details: bool) -> Compared:
    """Everything that differs on the day. A side that is away is left out, and named as a problem."""
    compared = Compared(totals.read(book.day))
    one_sided = book.differences.exclude(state=DifferenceState.RESOLVED)
    doubted = any(SIDE[Movement(row.movement)] is Side.INSURER for row in one_sided)
    _with_insurers(book, compared, details=details, doubted=doubted)
    try:
        _with_payments(book, compared)
    except (GatewayUnclear, GatewayRefused) as error:
        compared.problems.append(f"payment institution: {type(error).__name__}: {error}")
    compared.found += _unproved(book.day)
    compared.sides.add(Side.OURS)
    return compared


def _with_insurers(book: DayBook, compared: Compared, *, details: bool, doubted: bool) -> None:
    """One that is away keeps none of the others from being compared. What differed before is gone only when it was
    looked for settlement by settlement, and at each."""
    offices: list[OfficeBook] = []
    for name in compared.ours.insurers():
        try:
            its_offices = speaking.insurer_book(compared.ours, name, details=details or doubted)
            offices += its_offices
            cycles.end(book.day, name, its_offices)
        except InterfaceError as error:
            who = "insurer" if name == DEFAULT else f"insurer {name}"
            compared.problems.append(f"{who}: {type(error).__name__}: {error}")
    _lay_beside(book, compared, offices)
    if not compared.problems and (not doubted or all(office.one_by_one for office in offices)):
        compared.sides.add(Side.INSURER)


def _lay_beside(book: DayBook, compared: Compared, offices: Sequence[OfficeBook]) -> None:
    seen = keeping.seen_elsewhere(book)
    for office in offices:
        rows = says.by_message(office.rows)
        found = compare(office.said, rows, ours_elsewhere=_elsewhere(compared.ours, rows), theirs_elsewhere=seen)
        compared.found += found or _unexplained(office)
    if offices:
        compared.insurer = totals.insurer_sums(row for office in offices for row in office.rows)
    compared.asked = [each.shown() for office in offices for each in office.asked]


def _elsewhere(book: totals.Ours, rows: Sequence[Row]) -> list[Row]:
    """What our ledger holds, on other days or since a moment ago, of the settlements that only the insurer has."""
    said = {(row.movement, row.key) for row in book.said}
    numbers = {row.number for row in rows if row.number and (row.movement, row.key) not in said}
    return [row for row in ours.at_the_insurer_of(numbers) if (row.movement, row.key) not in said]


def _unexplained(office: OfficeBook) -> Iterator[Found]:
    """Totals that differ although every settlement agrees."""
    for asked in office.wrong:
        key = "/".join(part for part in asked.group if part != DEFAULT)
        yield Found(
            Class.AMOUNT, Movement.TOTAL, key, "", Says.NOTHING, ours_fen=asked.sums["total_fen"], told=asked.told
        )


def _with_payments(book: DayBook, compared: Compared) -> None:
    rows = says.by_number(theirs.payment_rows(gateway.statement(book.day), book.day))
    said = {(row.movement, row.key) for row in compared.ours.paid}
    unsaid = [row.key for row in rows if (row.movement, row.key) not in said]
    compared.found += compare(
        compared.ours.paid,
        rows,
        ours_elsewhere=ours.payments_from(unsaid),
        theirs_elsewhere=keeping.seen_elsewhere(book),
    )
    compared.payments = totals.payment_sums(rows)
    compared.sides.add(Side.PAYMENTS)


def _unproved(day: date) -> Iterator[Found]:
    for wrong in proof_of_books.unproved(day):
        yield Found(
            Class.STATE, Movement.STANDING, wrong.number, wrong.number, Says.NOTHING, ours_day=day, told=wrong.told
        )
