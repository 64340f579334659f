"""The older dialect against its recorded lines: what is written is what was recorded, for the same values."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from insurance.interface.dialects import load
from insurance.interface.dialects.delimited.line import msgid_of
from insurance.interface.errors import InterfaceError, NotSent, NotSignedIn, OutcomeUnknown, Refused, Throttled
from insurance.interface.exchange import Exchange, Reply
from insurance.interface.identities import violations
from insurance.interface.messages import Card, Diagnosis, FeeLine, Insured, Visit
from insurance.interface.profile import Profile
from insurance.interface.questions import (
    ChargeUpload,
    MessageKey,
    PersonQuestion,
    Pricing,
    Registration,
    SettlementKey,
    Settling,
)
from insurance.interface.statements import DayTotals
from tests.unit.interface.words import CARD_NUMBER, NAME, sample

DIALECT = load("delimited")
PROFILE = Profile(
    base_url="http://127.0.0.1:1",
    institution_code="990001",
    institution_name="",
    region="999900",
    opter="OP001",
    opter_name="测试员",
    sign_no="0001-OP001-20240102001",
    **DIALECT.defaults,
)
LINES = [line for line in sample("old-dialect-neusoft-caret-pipe.txt").decode().splitlines() if line[0] != "#"]
SENT = {line.split("^")[0]: line for line in LINES[:-2]}
SUCCESS, FAILURE = LINES[-2:]

INSURED = Insured("9999000001", "310", "999900", "")
SETL_ID = "B0001/2401020900200005"


def at(clock: str) -> datetime:
    """That time of 2 January 2024 at the centre."""
    hour, minute, second = map(int, clock.split(":"))
    return datetime(2024, 1, 2, hour - 8, minute, second, tzinfo=UTC)


VISIT = Visit(
    ipt_otp_no="V20240102001",
    begin_at=at("09:00:00"),
    med_type="12",
    dept_code="A01",
    dept_name="测试科室",
    caty="A13",
    doctor_code="D001",
    doctor_name="测试医生",
    complaint="",
    diagnoses=(Diagnosis("J06.900", "测试诊断"),),
)
LINE = FeeLine(
    "1", "CTR0001", "HOSP0001", Decimal("1"), Decimal("0.03"), 3, at("09:00:00"), rxno="R0001", name="测试药品"
)
PRICING = Pricing(INSURED, Card("", ""), "V20240102001", "B0001", 3, "12", use_account=True)
MSGID = "990001202401020900200005"

RECORDED: dict[str, tuple[Exchange[Any, Any], Any, str, int]] = {
    "2100": (DIALECT.person, PersonQuestion(Card("", "")), "09:00:00", 1),
    "2210": (DIALECT.register, Registration(INSURED, Card("", ""), VISIT), "09:00:05", 2),
    "2310": (
        DIALECT.upload_charges,
        ChargeUpload(INSURED, "V20240102001", "B0001", VISIT, (LINE,)),
        "09:00:10",
        3,
    ),
    "2420": (DIALECT.trial, PRICING, "09:00:15", 4),
    "2410": (DIALECT.settle, Settling(PRICING, "B0001", None), "09:00:20", 5),
    "2430": (DIALECT.cancel, SettlementKey(INSURED, "V20240102001", SETL_ID), "09:15:00", 6),
}


def written(exchange: Exchange[Any, Any], question: Any, clock: str = "09:00:00", last: int = 1) -> str:
    msgid = f"99000120240102{clock.replace(':', '')}{last:04d}"
    return exchange.encode(PROFILE, msgid, at(clock), question).body.decode()


def answered(text: str, status: int = 200) -> Reply:
    return Reply(status, {}, text.encode())


def said(*arguments: str) -> Reply:
    return answered(f"990001240102000004^0001-OP001-20240102001^{'|'.join(arguments)}|^")


@pytest.mark.parametrize("number", SENT)
def test_every_recorded_line_is_written_for_its_values(number: str) -> None:
    assert written(*RECORDED[number]) == SENT[number]


def test_every_recorded_line_has_its_values() -> None:
    assert SENT.keys() == RECORDED.keys()


def test_rows_are_parted_and_nothing_can_be_taken_for_two() -> None:
    odd = FeeLine("2", "C^2", "H|2", Decimal("2.5"), Decimal("1.000001"), 250, at("09:00:00"), name="a$b\n")
    text = written(DIALECT.upload_charges, ChargeUpload(INSURED, "V1", "B1", VISIT, (LINE, odd)))
    first, second = text.split("^")[6].split("$")
    assert (first.count("|"), second.count("|")) == (23, 23)
    assert "|2|20240102090000|H 2|C 2|a b |1.000001|2.5|" in second
    assert text.count("^") == 8


def test_the_serial_is_the_message_id_in_another_order() -> None:
    serial = SENT["2410"].split("^")[4]
    assert serial == "20240102090020-990001-0005"
    assert msgid_of(serial) == MSGID
    assert [msgid_of(text) for text in ("", "x", "1-2-3", "2024010209002-990001-000")] == [""] * 4


def test_the_recorded_success_is_a_bill_that_keeps_the_identities() -> None:
    bill = DIALECT.settle.decode(Settling(PRICING, "B0001", None, msgid=MSGID), answered(SUCCESS))
    assert (bill.total_fen, bill.account_fen, bill.fund_fen, bill.cash_fen) == (3, 3, 0, 0)
    assert (bill.setl_id, bill.medins_setl_id, bill.split) == (SETL_ID, MSGID, None)
    assert violations(bill) == ()


def test_the_recorded_failure_is_refused_in_its_own_words() -> None:
    with pytest.raises(Refused, match="单据号已结算") as refused:
        DIALECT.settle.decode(Settling(PRICING, "B0001", None), answered(FAILURE))
    assert PROFILE.refusal(DIALECT.settle.operation, str(refused.value)) == "already_settled"


@pytest.mark.parametrize(
    ("text", "status", "error"),
    [
        ("^^访问过于频繁，请稍后再试^", 200, Throttled),
        ("", 429, Throttled),
        ("^^业务周期无效，请重新签到^", 200, NotSignedIn),
        ("", 401, NotSent),
        ("^^本年度门诊次数超限^", 200, Refused),
        ("^^与中心通讯超时，请稍后查询^", 200, OutcomeUnknown),
        ("^^网络异常^", 200, OutcomeUnknown),
        (SUCCESS, 500, OutcomeUnknown),
        ("", 200, OutcomeUnknown),
        ("<html>502</html>", 200, OutcomeUnknown),
        (SUCCESS[:30], 200, OutcomeUnknown),
        (SUCCESS[:-1], 200, OutcomeUnknown),
        ("9^c^0.03|0|^", 200, OutcomeUnknown),
        ("9^c^0.03|0|x|0|0|0|0|^", 200, OutcomeUnknown),
        ("9^c^0.03|0|0.033|0|0|0|0|^", 200, OutcomeUnknown),
    ],
)
def test_every_other_answer_is_one_of_the_failures(text: str, status: int, error: type[InterfaceError]) -> None:
    with pytest.raises(InterfaceError) as raised:
        DIALECT.trial.decode(PRICING, answered(text, status))
    assert type(raised.value) is error


def test_a_bill_whose_funds_do_not_add_up_is_seen() -> None:
    """4 and 5 are further funds by our reading: where they are something else, the total tells."""
    bill = DIALECT.trial.decode(PRICING, said("10.00", "0", "1.00", "5.00", "2.00", "0", "2.00"))
    assert (bill.fund_fen, violations(bill)) == (700, ())
    assert bill.fund_parts == (("pool", 500), ("fund_4", 200), ("fund_5", 0))
    assert violations(DIALECT.trial.decode(PRICING, said("10.00", "0", "1.00", "5.00", "2.00", "0", "4.00")))


KEY = MessageKey(INSURED, "V20240102001", "B0001", MSGID)
FOUND = ("0.03", "0", "0.03", "0", "0", "0", "0")


def test_a_settlement_is_asked_for_by_its_message() -> None:
    assert DIALECT.by_message is not None
    asked = "V20240102001|B0001|20240102090020-990001-0005|"
    assert written(DIALECT.by_message, KEY).split("^")[6] == asked
    assert written(DIALECT.query, SettlementKey(INSURED, "V20240102001", SETL_ID)).split("^")[6] == asked
    stands = DIALECT.by_message.decode(KEY, said(*FOUND, "1", "20240102090021", "20240102090020-990001-0005"))
    gone = DIALECT.by_message.decode(KEY, said(*FOUND, "2", "20240102090021", "20240102090020-990001-0005"))
    assert [(bill.setl_id, bill.refunded) for bill in (stands, gone)] == [(SETL_ID, False), (SETL_ID, True)]
    assert stands.settled_at == at("09:00:21")


@pytest.mark.parametrize(
    "more",
    [(), ("1", "20240102090021", "20240102090020-990001-0006"), ("", "", "20240102090020-990001-0005")],
)
def test_an_answer_that_may_be_of_another_message_is_not_believed(more: tuple[str, ...]) -> None:
    assert DIALECT.by_message is not None
    with pytest.raises(OutcomeUnknown):
        DIALECT.by_message.decode(KEY, said(*FOUND, *more))


def test_registering_again_finds_what_stands() -> None:
    question = Registration(INSURED, Card("", ""), VISIT)
    for text in ("9^c^^", "^^该门诊号已登记，不能重复登记^"):
        assert DIALECT.register.decode(question, answered(text)) == "V20240102001"
    with pytest.raises(Refused):
        DIALECT.register.decode(question, answered("^^人员未参保^"))


def test_the_cycle_is_read_where_it_stands() -> None:
    assert DIALECT.sign_in is not None
    for text in ("9^C1^^", "9^^C1|^", "9^C0^C1|x|^"):
        assert DIALECT.sign_in.decode(None, answered(text)) == "C1"
    with pytest.raises(OutcomeUnknown):
        DIALECT.sign_in.decode(None, answered("9^^^"))


def test_totals_are_those_of_a_cycle() -> None:
    assert DIALECT.day_totals is not None
    day = at("09:00:00").date()
    question = DayTotals("", "", "", day, day, 1000, 700, 100, 2, sign_no="C1")
    assert written(DIALECT.day_totals, question).split("^")[6] == "C1|2|10|0|1|7|0|0|2||"
    told = [DIALECT.day_totals.decode(question, answered(text)) for text in ("9^c^0|平|^", "9^c^1|x|^", "^^对账不平^")]
    assert [answer.balanced for answer in told] == [True, False, False]
    with pytest.raises(Refused):
        DIALECT.day_totals.decode(question, answered("^^周期不存在^"))


def test_no_error_names_a_person() -> None:
    for text in (f"^^参保人{NAME}[{CARD_NUMBER}]冻结^", f"^^姓名：{NAME} {CARD_NUMBER}^"):
        with pytest.raises(Refused) as refused:
            DIALECT.trial.decode(PRICING, answered(text))
        assert CARD_NUMBER not in str(refused.value)
