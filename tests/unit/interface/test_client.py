"""The client: the right transaction for each operation, and a journal that is kept in every case."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import (
    InterfaceError,
    NotSent,
    NotWritable,
    OutcomeUnknown,
    Refusal,
    Refused,
    Throttled,
)
from insurance.interface.exchange import Attachment, Reply
from insurance.interface.messages import FeeLine, SelfPayReport
from insurance.interface.profile import Operation
from insurance.interface.statements import DayDetails, DayTotals
from tests.unit.interface.words import (
    CARD,
    INSURED,
    LINE,
    NAME,
    NOW,
    SPLIT,
    VISIT,
    Answering,
    Journal,
    answer,
    client,
    ok,
    sample,
    setlinfo,
)

TOTALS = DayTotals("310", "11", "330100", NOW, NOW, 0, 0, 0, 0)
DETAILS = DayDetails("330100", NOW, NOW, 0, 0, 0, 0, "F1")
REPORT = SelfPayReport("V1", "P1", 452, 452, NOW)
BILL = {"setlinfo": setlinfo(setl_id="S1")}
PERSON = json.loads(sample("1101-response-openhis-shanghai.json"))["output"]
FILE = b"PK\x03\x04\x00\xff"
FEE = {"feedetl_sn": "1", "det_item_fee_sumamt": 4.52}

Operate = Callable[[InsuranceClient], Any]


def trial(insurer: InsuranceClient) -> Any:
    return insurer.trial(INSURED, CARD, "M1", "B1", 452, "11")


def settle(insurer: InsuranceClient, msgid: str | None = None) -> Any:
    return insurer.settle(INSURED, CARD, "M1", "B1", 452, "11", invono="I1", split=SPLIT, msgid=msgid)


OPERATIONS: dict[str, tuple[Operate, object]] = {
    "9001": (lambda c: c.sign_in(), {"signinoutb": {"sign_no": "1"}}),
    "9002": (lambda c: c.sign_out(), None),
    "1101": (lambda c: c.person(CARD), PERSON),
    "2201": (lambda c: c.register(INSURED, CARD, VISIT), {"data": {"mdtrt_id": "M1"}}),
    "2202": (lambda c: c.cancel_registration(INSURED, "M1", "V1"), None),
    "2203A": (lambda c: c.upload_visit(INSURED, "M1", VISIT), None),
    "2204": (lambda c: c.upload_charges(INSURED, "M1", "B1", VISIT, (LINE,)), {"result": [FEE]}),
    "2205": (lambda c: c.withdraw_charges(INSURED, "M1"), None),
    "2206A": (trial, BILL),
    "2207A": (settle, BILL),
    "2208": (lambda c: c.cancel(INSURED, "M1", "S1"), BILL),
    "2601": (lambda c: c.reverse(INSURED, "O1", "2207A"), None),
    "5201": (lambda c: c.find_visits(INSURED, NOW, NOW, "11"), {"mdtrtinfo": []}),
    "5203": (lambda c: c.query(INSURED, "M1", "S1"), BILL),
    "5204": (lambda c: c.settled_ids(INSURED, "M1"), []),
    "4261": (lambda c: c.report_self_pay(REPORT), None),
    "3201": (lambda c: c.day_totals(TOTALS), {"stmtinfo": {"stmt_rslt": "0"}}),
    "3202": (lambda c: c.day_details(DETAILS), {"fileinfo": {"file_qury_no": "F", "filename": "f"}}),
    "9101": (lambda c: c.upload("a.zip", FILE), {"file_qury_no": "F1"}),
}


@pytest.mark.parametrize("infno", sorted(OPERATIONS))
def test_each_operation(infno: str) -> None:
    operate, output = OPERATIONS[infno]
    journal = Journal(seconds=3.5)
    transport = Answering(ok(output), journal)
    operate(client(transport, journal))

    ((request, seconds),) = transport.sent
    assert (request.infno, seconds) == (infno, 3.5)
    ((msgid, written, body),) = journal.before_calls
    assert (written, body) == (infno, request.body)
    assert msgid.encode() in request.body
    assert journal.after_calls == [(msgid, Outcome.ANSWERED, ok(output).body, "")]


FAILURES: list[tuple[Reply | BaseException, type[BaseException], Outcome]] = [
    (NotSent("no connection"), NotSent, Outcome.NOT_SENT),
    (OutcomeUnknown("reset"), OutcomeUnknown, Outcome.UNKNOWN),
    (Reply(429, {}, b""), Throttled, Outcome.THROTTLED),
    (Reply(401, {}, b""), NotSent, Outcome.NOT_SENT),
    (answer({"infcode": -1, "err_msg": "未参保"}), Refused, Outcome.REFUSED),
    (answer({"infcode": -1, "err_msg": "访问频繁"}), Throttled, Outcome.THROTTLED),
    (Reply(200, {}, b""), OutcomeUnknown, Outcome.UNKNOWN),
    (Reply(200, {}, b"<html>"), OutcomeUnknown, Outcome.UNKNOWN),
    (RuntimeError("a bug"), RuntimeError, Outcome.UNKNOWN),
    (KeyboardInterrupt(), KeyboardInterrupt, Outcome.UNKNOWN),
]


@pytest.mark.parametrize("infno", sorted(OPERATIONS))
@pytest.mark.parametrize(("given", "error", "outcome"), FAILURES)
def test_journal_is_kept_once_whatever_happens(
    infno: str, given: Reply | BaseException, error: type[BaseException], outcome: Outcome
) -> None:
    journal = Journal()
    transport = Answering(given, journal)
    with pytest.raises(error) as raised:
        OPERATIONS[infno][0](client(transport, journal))

    assert len(journal.before_calls) == len(journal.after_calls) == len(transport.sent) == 1
    msgid, written, reply, note = journal.after_calls[0]
    assert (msgid, written) == (journal.before_calls[0][0], outcome)
    assert reply == (given.body if isinstance(given, Reply) else b"")
    assert note == (str(raised.value) if isinstance(raised.value, InterfaceError) else "interrupted")


def test_a_file_handed_over_is_not_written_down() -> None:
    journal = Journal()
    transport = Answering(ok({"file_qury_no": "F1"}), journal)
    assert client(transport, journal).upload("a.zip", FILE) == "F1"
    ((_, infno, body),) = journal.before_calls
    about = {"in": "", "filename": "a.zip", "fixmedins_code": "H99999900001"}
    assert (infno, json.loads(body)["input"]) == ("9101", {"fsUploadIn": about})
    ((request, _),) = transport.sent
    assert request.attachment == Attachment("a.zip", FILE, "file", "jsonStr")


@pytest.mark.parametrize("kind", ["application/octet-stream", "Application/Octet-Stream; charset=x", "application/zip"])
def test_of_a_file_fetched_the_length_is_kept(kind: str) -> None:
    journal = Journal()
    transport = Answering(Reply(200, {"Content-Type": kind}, FILE), journal)
    assert client(transport, journal).download("F1", "a.zip") == FILE
    about = {"file_qury_no": "F1", "filename": "a.zip", "fixmedins_code": "H99999900001"}
    assert json.loads(journal.before_calls[0][2])["input"] == {"fsDownloadIn": about}
    assert journal.after_calls[0][1:] == (Outcome.ANSWERED, b"[a file of 6 bytes]", "")


OCTETS = {"content-type": "application/octet-stream"}
NO_FILE: list[tuple[Reply, type[BaseException], Outcome]] = [
    (Reply(200, OCTETS, '{"infcode": -1, "err_msg": "未查询到文件"}'.encode()), Refused, Outcome.REFUSED),
    (ok({"file_qury_no": "F1"}), OutcomeUnknown, Outcome.UNKNOWN),
    (Reply(200, OCTETS, b""), OutcomeUnknown, Outcome.UNKNOWN),
    (Reply(200, {"content-type": "text/html"}, b"<html>"), OutcomeUnknown, Outcome.UNKNOWN),
    (Reply(500, OCTETS, FILE), OutcomeUnknown, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("given", "error", "outcome"), [*FAILURES, *NO_FILE])
def test_a_file_that_is_not_had(given: Reply | BaseException, error: type[BaseException], outcome: Outcome) -> None:
    journal = Journal()
    with pytest.raises(error):
        client(Answering(given, journal), journal).download("F1", "a.zip")
    assert [call[1] for call in journal.after_calls] == [outcome]
    if isinstance(given, Reply) and given.status == 200:
        assert journal.after_calls[0][2] == given.body


REVERSED = "冲正的结算信息退费结算标志不为未退费，不能办理冲正交易[iptPsnSetlMgtBO_4412]"
REFUSALS: list[tuple[str, str, str]] = [
    ("2601", REVERSED, Refusal.ALREADY_REVERSED),
    ("2601", "不能办理冲正交易[iptPsnSetlMgtBO_4412]", Refusal.ALREADY_REVERSED),
    ("2601", "未查询到需要冲正的结算信息，不能办理冲正交易", Refusal.NOTHING_TO_REVERSE),
    ("2601", "参保状态异常[iptPsnSetlMgtBO_4499]", "iptPsnSetlMgtBO_4499"),
    ("2601", "未查询到就诊信息", ""),
    ("2208", "该结算信息退费结算标志不为未退费，不能办理结算撤销", Refusal.ALREADY_REVERSED),
    ("2208", "未查询到需要撤销的结算信息", Refusal.NO_SUCH_SETTLEMENT),
    ("5203", "未查询到结算信息", Refusal.NO_SUCH_SETTLEMENT),
    ("5203", "未查询到就诊信息", Refusal.NO_SUCH_VISIT),
    ("5204", "未查询到就诊信息", Refusal.NO_SUCH_VISIT),
    ("5201", "未查询到就诊信息", Refusal.NO_SUCH_VISIT),
    ("2202", "未查询到有效的就诊信息", Refusal.NO_SUCH_VISIT),
    ("2207A", REVERSED, "iptPsnSetlMgtBO_4412"),
    ("2206A", "未查询到结算信息", ""),
]


@pytest.mark.parametrize(("infno", "text", "code"), REFUSALS)
def test_a_refusal_that_the_profile_knows_has_our_word(infno: str, text: str, code: str) -> None:
    journal = Journal()
    with pytest.raises(Refused) as refused:
        OPERATIONS[infno][0](client(Answering(answer({"infcode": -1, "err_msg": text})), journal))
    assert (refused.value.code, str(refused.value)) == (code, text)
    assert journal.after_calls[0][1:] == (Outcome.REFUSED, answer({"infcode": -1, "err_msg": text}).body, text)


def test_the_words_are_the_local_centres() -> None:
    known = {Operation.REVERSE: {Refusal.NOTHING_TO_REVERSE: ("没有这笔",)}}
    for text, code in (("没有这笔结算", "nothing_to_reverse"), (REVERSED, "iptPsnSetlMgtBO_4412")):
        insurer = client(Answering(answer({"infcode": -1, "err_msg": text})), Journal(), refusals=known)
        with pytest.raises(Refused) as refused:
            insurer.reverse(INSURED, "O1", "2207A")
        assert refused.value.code == code


UNFIT: list[tuple[str, Operate]] = [
    ("number out of range", lambda c: upload(c, replace(LINE, quantity=Decimal("NaN")))),
    ("ValueError|TypeError|Unicode", lambda c: upload(c, replace(LINE, med_list_codg="XA\ud800"))),
    ("aware", lambda c: upload(c, replace(LINE, occurred_at=NOW.replace(tzinfo=None)))),
    ("TypeError", lambda c: upload(c, replace(LINE, amount_fen=None))),  # type: ignore[arg-type]
    ("split", lambda c: c.settle(INSURED, CARD, "M1", "B1", 452, "11", invono="I1", split=None)),
]


def upload(insurer: InsuranceClient, line: FeeLine) -> Any:
    return insurer.upload_charges(INSURED, "M1", "B1", VISIT, (line,))


@pytest.mark.parametrize(("reason", "operate"), UNFIT, ids=[reason for reason, _ in UNFIT])
def test_what_cannot_be_written_is_neither_sent_nor_written_down(reason: str, operate: Operate) -> None:
    journal, transport = Journal(), Answering(ok({"result": [FEE]}))
    with pytest.raises(NotWritable, match=reason):
        operate(client(transport, journal))
    assert (transport.sent, journal.before_calls, journal.after_calls) == ([], [], [])


def test_negative_control_the_same_line_as_it_should_be_is_sent() -> None:
    transport = Answering(ok({"result": [FEE]}))
    upload(client(transport, Journal()), LINE)
    assert len(transport.sent) == 1


def test_what_another_library_says_of_the_value_is_not_kept() -> None:
    with pytest.raises(NotWritable) as unfit:
        upload(client(Answering(ok()), Journal()), replace(LINE, quantity=NAME))  # type: ignore[arg-type]
    assert NAME not in str(unfit.value) and unfit.value.__cause__ is None


@pytest.mark.security
@pytest.mark.parametrize(
    ("spoilt", "kind"),
    [
        ({"amount_fen": NAME}, "TypeError"),
        ({"quantity": NAME}, "InvalidOperation|AttributeError|TypeError"),
        ({"occurred_at": NAME}, "AttributeError"),
        ({"med_list_codg": f"{NAME}\ud800"}, "UnicodeEncodeError"),
    ],
    ids=lambda each: each if isinstance(each, str) else next(iter(each)),
)
def test_a_defect_of_the_encoder_is_told_with_its_lines_and_no_value(
    caplog: pytest.LogCaptureFixture, spoilt: dict[str, Any], kind: str
) -> None:
    with pytest.raises(NotWritable):
        upload(client(Answering(ok()), Journal()), replace(LINE, **spoilt))
    (told,) = caplog.records
    assert told.levelname == "ERROR" and re.match(rf"upload_charges cannot be written: ({kind})\n", told.message)
    assert 'insurance/interface/calling.py", line' in told.message and told.message.count("File ") > 1
    assert not [value for value in (NAME, CARD.number, INSURED.psn_no) if value in caplog.text]


def test_negative_control_what_an_encoder_foresees_is_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NotWritable, match="number out of range"):
        upload(client(Answering(ok()), Journal()), replace(LINE, quantity=Decimal("NaN")))
    assert caplog.records == []


def test_an_operation_that_is_not_there_stays_a_defect_of_the_caller() -> None:
    insurer = client(Answering(ok()), Journal())
    insurer._dialect = replace(insurer.dialect, reverse=None, by_message=insurer.dialect.query)  # type: ignore[arg-type]
    with pytest.raises(LookupError):
        insurer.reverse(INSURED, "O1", "2207A")


def test_success_that_cannot_be_read_is_recorded_with_its_bytes() -> None:
    journal, reply = Journal(), ok({"setlinfo": setlinfo(setl_id=None)})
    with pytest.raises(OutcomeUnknown, match="setl_id"):
        settle(client(Answering(reply), journal))
    assert journal.after_calls[0][1:3] == (Outcome.UNKNOWN, reply.body)


def test_lapsed_permit() -> None:
    journal = Journal(refuses=NotSent("the permit lapsed"))
    transport = Answering(ok())
    with pytest.raises(NotSent):
        trial(client(transport, journal))
    assert transport.sent == []
    assert [call[1] for call in journal.after_calls] == [Outcome.NOT_SENT]


def test_journal_that_cannot_write_sends_nothing_and_touches_nothing() -> None:
    """A msgid that was used before: the older record must keep its outcome."""
    journal = Journal(refuses=RuntimeError("duplicate msgid"))
    transport = Answering(ok())
    with pytest.raises(RuntimeError):
        settle(client(transport, journal), msgid="H1")
    assert (transport.sent, journal.after_calls) == ([], [])


@pytest.mark.parametrize(
    "operate",
    [
        lambda c: settle(c, msgid="STORED-1"),
        lambda c: c.cancel(INSURED, "M1", "S1", msgid="STORED-1"),
        lambda c: c.reverse(INSURED, "O1", "2207A", msgid="STORED-1"),
        lambda c: c.report_self_pay(REPORT, msgid="STORED-1"),
    ],
)
def test_stored_msgid_is_used(operate: Operate) -> None:
    journal = Journal()
    operate(client(Answering(ok(BILL)), journal))
    assert journal.ids == 0
    assert journal.before_calls[0][0] == journal.after_calls[0][0] == "STORED-1"
    assert b"STORED-1" in journal.before_calls[0][2]
