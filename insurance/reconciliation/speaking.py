"""What is said to the insurer for a reconciliation: totals (3201) and, where they differ, each settlement (9101, 3202,
9102). Each turn takes a permit of the recovery lane; reading only, so all of it may be repeated."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, TypeVar

from insurance.interface.client import InsuranceClient
from insurance.interface.dialects.national import files
from insurance.interface.errors import NotSent, Refused, scrub
from insurance.interface.statements import DayDetails, DayTotals, DayTotalsAnswer, StatementDifference, StatementRow
from insurance.quota import gate, insurers, permits
from insurance.quota.exchange import dialect, exchange, sign_no_of, turn_seconds
from insurance.quota.lanes import Lane
from insurance.quota.models import Insurer
from insurance.reconciliation import lease, one_by_one, totals
from insurance.reconciliation.compare import Row
from insurance.reconciliation.ours import Group, Held
from insurance.reconciliation.rules import Movement
from insurance.reconciliation.theirs import insurer_rows
from insurance.reconciliation.totals import Ours

WAIT_SECONDS = 30.0
"""So long a permit is waited for: nobody stands in front of a screen."""

Heard = TypeVar("Heard")

Office = tuple[str, str, str]
"""A clearing type and a clearing office, and the insurer whose it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One group's totals, and what the insurer says of them."""

    group: Group
    sums: totals.Sums
    count: int
    balanced: bool
    told: str

    def shown(self) -> dict[str, Any]:
        """As kept with the day."""
        about = {"count": self.count, "balanced": self.balanced, "told": self.told}
        return {**self.group._asdict(), **self.sums, **about}


@dataclass(frozen=True, slots=True)
class OfficeBook:
    """One office's book of the day beside ours. Where only the totals were compared, and agree, its rows are ours."""

    said: Sequence[Row]
    rows: Sequence[Row]
    asked: Sequence[Asked]
    one_by_one: bool

    @property
    def wrong(self) -> list[Asked]:
        """The totals that differ."""
        return [each for each in self.asked if not each.balanced]


def turn(
    insurer: str, purpose: str, say: Callable[[InsuranceClient], Heard], *, sign_no: str = "", about: str = ""
) -> Heard:
    """One turn at the insurer, under the day's sign-in or another; `about` whom (`exchange`).

    Raises `InterfaceError`: `NotSent` also when nobody is let through now.
    """
    row = insurers.named(insurer)
    held = permits.take(Lane.RECOVERY, turn_seconds=turn_seconds(), wait_seconds=WAIT_SECONDS, insurer=row)
    if held is None:
        raise NotSent(_why_not(row))
    with exchange(held, Lane.RECOVERY, purpose, about, sign_no=sign_no) as client:
        return say(client)


def insurer_book(ours: Ours, insurer: str, *, details: bool) -> list[OfficeBook]:
    """Office by office: every group's totals; where they differ, or `details` is asked for, each settlement.

    Raises `InterfaceError`.
    """
    offices = sorted({group[1:] for group in ours.groups if group.insurer == insurer})
    return [_office_book(ours, office, details=details) for office in offices]


def _office_book(ours: Ours, office: Office, *, details: bool) -> OfficeBook:
    asked = [_ask(ours, group) for group in ours.groups if group[1:] == office]
    held = ours.office(*office)
    said, must = [each.row for each in held], not all(each.balanced for each in asked)
    result = _details(ours.day, office, held, must=must) if must or details else None
    if result is None:
        return OfficeBook(said, said, asked, one_by_one=False)
    return OfficeBook(said, insurer_rows(said, result, ours.day), asked, one_by_one=True)


def _looks(day: date, insurer: str, held: Sequence[Held]) -> Iterator[StatementDifference]:
    """Each in a turn of its own: so many that the day would be taken for left lying, were it not kept."""
    for each in held:
        yield turn(insurer, purpose_of(day), partial(one_by_one.look, each))
        lease.renew(day)


def purpose_of(day: date) -> str:
    """What the messages of a reconciliation are written down under."""
    return f"reconciliation {day}"


def _ask(ours: Ours, group: Group) -> Asked:
    """3201. Where something was taken back it is counted the other way too before the totals are said to differ."""
    held = ours.of(group)
    sums = totals.insurer_sums(each.row for each in held)
    if not _has_total(ours.day, group.insurer, held):
        return Asked(group, sums, len(held), balanced=True, told="")
    for count in totals.counts(held):
        question = totals.question(ours.day, group, held, count)
        answer = turn(group.insurer, purpose_of(ours.day), partial(_say_totals, question))
        if answer.balanced:
            break
    return Asked(group, sums, count, answer.balanced, scrub(answer.description))


def _has_total(day: date, insurer: str, held: Sequence[Held]) -> bool:
    """Whether there is a total to ask about: not of a day on which nobody signed in and nothing was settled."""
    return bool(held) or not dialect(insurer).signs_in or bool(sign_no_of(insurer, day))


def _say_totals(question: DayTotals, client: InsuranceClient) -> DayTotalsAnswer:
    return client.day_totals(question)


def _details(day: date, office: Office, held: Sequence[Held], *, must: bool) -> tuple[StatementDifference, ...] | None:
    """9101, 3202, 9102 in one turn; or each settlement in a turn of its own.

    None: refused where the totals agree, as the specification lets a centre do.
    """
    clr_type, clr_optins, insurer = office
    if dialect(insurer).day_details is None:
        return tuple(_looks(day, insurer, held))
    sums = totals.insurer_sums(each.row for each in held)

    def say(client: InsuranceClient) -> tuple[StatementDifference, ...]:
        number = client.upload(f"{day:%Y%m%d}-{clr_type}-{clr_optins}.zip", files.pack(_stated(each) for each in held))
        question = DayDetails(
            setl_optins=clr_optins,
            begin=day,
            end=day,
            total_fen=sums["total_fen"],
            fund_fen=sums["fund_fen"],
            cash_fen=sum(each.cash_fen for each in held),
            count=len(held),
            file_qury_no=number,
            clr_type=clr_type,
        )
        result = client.day_details(question)
        return files.unpack(client.download(result.file_qury_no, result.filename))

    try:
        return turn(insurer, purpose_of(day), say)
    except Refused:
        if must:
            raise
        return None


def _stated(held: Held) -> StatementRow:
    total, fund, account = held.row.amounts
    undone = held.row.movement is Movement.UNDONE
    return StatementRow(held.row.key, held.mdtrt_id, held.psn_no, total, fund, account, is_refund=undone)


def _why_not(insurer: Insurer) -> str:
    closed = gate.why_closed(insurer)
    return gate.in_words(closed) if closed else "no permit came free"
