"""The client against the simulated insurer, which shares no code with it: files compared, refusals named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.dialects.national import files
from insurance.interface.errors import OutcomeUnknown, Refused
from insurance.interface.messages import Bill, Card, Insured, choose_insurance
from insurance.interface.statements import DayDetails, StatementDifference, StatementRow
from insurance.interface.times import CENTRE_TIME
from insurance.interface.transport import HttpTransport
from insurance.simulator.insurer.app import Insurer, Settings
from tests.unit.interface.words import LINE, SPLIT, VISIT, Journal, client, profile
from tests.unit.simulator.running import running

NUMBER = "9999991990010100{:02d}"


@dataclass(frozen=True)
class Settled:
    """One settlement that the centre holds."""

    insured: Insured
    bill: Bill

    def row(self, bill: Bill | None = None) -> StatementRow:
        """As we say it, or what took it back."""
        said = bill or self.bill
        amounts = (said.total_fen, said.fund_fen, said.account_fen)
        return StatementRow(said.setl_id, said.mdtrt_id, said.psn_no, *amounts, is_refund=bill is not None)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(Insurer(Settings())) as url:
        yield url


@pytest.fixture
def journal(url: str) -> Journal:
    """Empty, before a centre whose books are empty."""
    httpx.post(f"{url}/_reset", trust_env=False).raise_for_status()
    return Journal()


@pytest.fixture
def insurer(url: str, journal: Journal) -> Iterator[InsuranceClient]:
    transport = HttpTransport(profile(url))
    yield client(transport, journal)
    transport.close()


def settled(insurer: InsuranceClient, serial: int) -> Settled:
    card = Card("02", NUMBER.format(serial))
    insured = choose_insurance(insurer.person(card))
    visit = replace(VISIT, ipt_otp_no=f"V{serial}")
    mdtrt_id = insurer.register(insured, card, visit)
    insurer.upload_visit(insured, mdtrt_id, visit)
    insurer.upload_charges(insured, mdtrt_id, "B1", visit, (LINE,))
    bill = insurer.settle(insured, card, mdtrt_id, "B1", 452, "11", invono=f"I{serial}", split=SPLIT)
    return Settled(insured, bill)


def compared(insurer: InsuranceClient, *rows: StatementRow) -> tuple[StatementDifference, ...]:
    """9101, 3202, 9102: what the centre says of yesterday and today."""
    number = insurer.upload("statement.zip", files.pack(rows))
    today = datetime.now(CENTRE_TIME).date()
    question = DayDetails("330100", today - timedelta(days=1), today, 0, 0, 0, len(rows), number, "11")
    result = insurer.day_details(question)
    assert result.available_until is not None and result.available_until > datetime.now(CENTRE_TIME)
    return files.unpack(insurer.download(result.file_qury_no, result.filename))


def code_of(call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.code


def test_a_comparison_finds_one_difference_of_each_kind_and_no_other(insurer: InsuranceClient) -> None:
    equal, wrong, unsaid, cancelled = (settled(insurer, serial) for serial in range(1, 5))
    refund = insurer.cancel(cancelled.insured, cancelled.bill.mdtrt_id, cancelled.bill.setl_id)
    ours_alone = replace(equal.row(), setl_id="S-none", mdtrt_id="M-none")
    otherwise = replace(wrong.row(), fund_fen=wrong.bill.fund_fen + 1)
    result = compared(insurer, equal.row(), otherwise, ours_alone, cancelled.row(), cancelled.row(refund))

    agreed = [(row.setl_id, row.is_refund) for row in result if row.balanced]
    assert agreed == [(equal.bill.setl_id, False), (cancelled.bill.setl_id, False), (refund.setl_id, True)]
    differs, alone, more = (row for row in result if not row.balanced)
    assert (differs.setl_id, differs.fund_fen) == (wrong.bill.setl_id, wrong.bill.fund_fen)
    assert (alone.setl_id, alone.mdtrt_id, alone.msgid) == ("S-none", "M-none", "")
    assert (more.centre_only, more.setl_id, more.mdtrt_id, more.memo) == (True, "", "", "中心多")
    assert (more.msgid, more.total_fen) == (unsaid.bill.medins_setl_id, 452)
    assert [row.centre_only for row in (differs, alone)] == [False, False]


def test_what_only_the_centre_has_can_be_reversed_by_what_it_names(insurer: InsuranceClient) -> None:
    said, unsaid = settled(insurer, 1), settled(insurer, 2)
    (more,) = (row for row in compared(insurer, said.row()) if not row.balanced)
    insurer.reverse(unsaid.insured, more.msgid, "2207A")
    assert [row.balanced for row in compared(insurer, said.row())] == [True]


def test_the_same_on_both_sides_is_balanced(insurer: InsuranceClient) -> None:
    both = [settled(insurer, serial) for serial in (1, 2)]
    result = compared(insurer, *(each.row() for each in both))
    assert [(row.balanced, row.msgid) for row in result] == [(True, each.bill.medins_setl_id) for each in both]
    assert compared(insurer, *(each.row() for each in both)) == result
    assert len(compared(insurer)) == 2, "nothing said: all of it is the centre's"


def test_no_byte_of_a_file_is_written_down(insurer: InsuranceClient, journal: Journal) -> None:
    content = b"PK\x03\x04" + bytes(range(256))
    number = insurer.upload("a.zip", content)
    assert insurer.download(number, "a.zip") == content
    assert [infno for _, infno, _ in journal.before_calls] == ["9101", "9102"]
    assert all(body.startswith(b"{") and content[4:] not in body for _, _, body in journal.before_calls)
    assert [(outcome, reply[:1]) for _, outcome, reply, _ in journal.after_calls] == [
        (Outcome.ANSWERED, b"{"),
        (Outcome.ANSWERED, b"["),
    ]
    assert journal.after_calls[1][2] == b"[a file of 260 bytes]"


def test_a_file_that_is_not_there_is_refused_in_words(insurer: InsuranceClient, journal: Journal) -> None:
    with pytest.raises(Refused, match="未查询到文件"):
        insurer.download("M00/nowhere", "a.zip")
    assert journal.after_calls[0][2].startswith(b"{")


@pytest.mark.parametrize("infno", ["9101", "3202", "9102"])
@pytest.mark.parametrize("kind", ["lose", "half", "html", "http_500"])
def test_a_comparison_is_repeated_after_silence(insurer: InsuranceClient, url: str, infno: str, kind: str) -> None:
    one = settled(insurer, 1)
    script = {"rules": [{"infno": infno, "kind": kind, "times": 1}]}
    httpx.post(f"{url}/_faults", json=script, trust_env=False).raise_for_status()
    with pytest.raises(OutcomeUnknown):
        compared(insurer, one.row())
    assert [row.balanced for row in compared(insurer, one.row())] == [True]


def test_a_large_result_is_taken(insurer: InsuranceClient) -> None:
    """A ZIP of more than one MiB, the limit of every other answer."""
    content = b"PK" + bytes(2_000_000)
    assert insurer.download(insurer.upload("a.zip", content), "a.zip") == content


def test_a_refused_reversal_says_what_stands(insurer: InsuranceClient) -> None:
    one, other = settled(insurer, 1), settled(insurer, 2)
    assert code_of(insurer.reverse, one.insured, "never sent", "2207A") == "nothing_to_reverse"
    insurer.reverse(one.insured, one.bill.medins_setl_id, "2207A")
    assert code_of(insurer.reverse, one.insured, one.bill.medins_setl_id, "2207A") == "already_reversed"
    insurer.cancel(other.insured, other.bill.mdtrt_id, other.bill.setl_id)
    assert code_of(insurer.reverse, other.insured, other.bill.medins_setl_id, "2207A") == "already_reversed"
    for each in (one, other):
        assert code_of(insurer.cancel, each.insured, each.bill.mdtrt_id, each.bill.setl_id) == "already_reversed"
    assert code_of(insurer.cancel, one.insured, one.bill.mdtrt_id, "S-none") == "no_such_settlement"


def test_what_the_centre_does_not_have_is_told_apart(insurer: InsuranceClient) -> None:
    one, other = settled(insurer, 1), settled(insurer, 2)
    insured, mdtrt_id = one.insured, one.bill.mdtrt_id
    assert code_of(insurer.query, insured, mdtrt_id, "S-none") == "no_such_settlement"
    assert code_of(insurer.query, insured, other.bill.mdtrt_id, one.bill.setl_id) == "no_such_visit"
    assert code_of(insurer.settled_ids, insured, "M-none") == "no_such_visit"
    assert code_of(insurer.cancel, insured, "M-none", one.bill.setl_id) == "no_such_visit"
    assert code_of(insurer.cancel_registration, insured, mdtrt_id, "V1") == "", "it stands: another refusal"
    insurer.cancel(insured, mdtrt_id, one.bill.setl_id)
    insurer.cancel_registration(insured, mdtrt_id, "V1")
    assert code_of(insurer.cancel_registration, insured, mdtrt_id, "V1") == "no_such_visit"
    assert insurer.query(insured, mdtrt_id, one.bill.setl_id).refunded
    begin = VISIT.begin_at
    assert insurer.find_visits(insured, begin, begin, "11") == ()
    assert insurer.settled_ids(insured, mdtrt_id) == ()
