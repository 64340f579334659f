"""No card number, ID number or name in the text or repr of anything that may be logged."""

import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insurance.interface.errors import InterfaceError, NotSent, OutcomeUnknown, Refused, Throttled, scrub
from insurance.interface.exchange import Reply, Request
from insurance.interface.messages import Person, SelfPayReport
from insurance.interface.questions import PersonQuestion, Pricing, Registration
from tests.unit.interface.words import (
    CARD,
    CARD_NUMBER,
    INSURED,
    NAME,
    NOW,
    VISIT,
    Answering,
    Journal,
    answer,
    client,
    ok,
    profile,
)

ERRORS = (NotSent, Throttled, Refused, OutcomeUnknown)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "secret",
    [
        CARD_NUMBER,
        "99999919900101001X",
        "E12345678",
        "999999 19900101 0011",
        "9999-9919-9001",
        "９９９９９９１９９００１０１",
    ],
)
def test_numbers_are_stripped_from_every_error(error: type[InterfaceError], secret: str) -> None:
    raised = error(f"证件号码{secret}不存在[iptPsnSetlMgtBO_4412]")
    for text in (str(raised), repr(raised), repr(raised.args), "".join(traceback.format_exception(raised))):
        assert secret not in text
    assert "不存在[iptPsnSetlMgtBO_4412]" in str(raised)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"姓名：{NAME}，状态异常", "姓名：*，状态异常"),
        (f"参保人【{NAME}】未参保", "参保人【*】未参保"),
        ("token abcdefghij expired", "token * expired"),
        ("[999999199001010011]", "[*]"),
        ("异常流水号:1234567", "异常流水号:1234567"),
        ("a\x00b\ud800", "a b "),
    ],
)
def test_scrub(text: str, kept: str) -> None:
    assert scrub(text) == kept


@given(st.text(alphabet="0123456789X", min_size=8, max_size=40), st.text(max_size=30))
def test_no_long_run_survives(secret: str, around: str) -> None:
    assert secret not in scrub(around + secret + around)


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    str(Refused(text)).encode()
    str(OutcomeUnknown(text)).encode()


@pytest.mark.parametrize("error", [NotSent("a"), Throttled("b", 3.0), Refused("c", "d"), OutcomeUnknown("e")])
def test_errors_survive_a_pickle(error: InterfaceError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)


@pytest.mark.parametrize(
    "value",
    [
        CARD,
        INSURED,
        VISIT,
        Person("999900001", NAME, CARD_NUMBER, ()),
        SelfPayReport("V1", "P1", 1, 1, NOW, name=NAME, certno=CARD_NUMBER),
        PersonQuestion(CARD),
        Registration(INSURED, CARD, VISIT),
        Pricing(INSURED, CARD, "M1", "B1", 1, "11", True),
        Request("1101", "/", {"key": NAME}, CARD_NUMBER.encode()),
        Reply(200, {}, f"{CARD_NUMBER}{NAME}".encode()),
        profile(headers={"x-key": NAME}),
    ],
)
def test_reprs(value: object) -> None:
    for secret in (CARD_NUMBER, NAME, "医生甲", "咳嗽", INSURED.psn_no):
        assert secret not in repr(value)


@pytest.mark.parametrize(
    "reply",
    [
        answer({"infcode": -1, "err_msg": f"身份证{CARD_NUMBER}姓名：{NAME}重复"}),
        answer({"code": 401, "message": f"姓名：{NAME} {CARD_NUMBER}"}),
        answer({"infcode": -1, "err_msg": f"{CARD_NUMBER}访问频繁"}),
        ok({"baseinfo": {"psn_no": [CARD_NUMBER], "psn_name": NAME}}),
        ok({"baseinfo": {"psn_no": "1", "psn_name": NAME}, "insuinfo": [{"insutype": {NAME: CARD_NUMBER}}]}),
        ok({"baseinfo": {"psn_no": "1"}, "insuinfo": [{"insutype": "310", "insuplc_admdvs": "1", "balc": NAME}]}),
        Reply(200, {}, f'{{"psn_name": "{NAME}", "certno": {CARD_NUMBER}'.encode()),
        Reply(500, {}, f"{NAME}{CARD_NUMBER}".encode()),
    ],
)
def test_errors_of_a_whole_call(reply: Reply) -> None:
    journal = Journal()
    with pytest.raises(InterfaceError) as raised:
        client(Answering(reply), journal).person(CARD)
    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + journal.after_calls[0][3]
    assert CARD_NUMBER not in shown
    assert NAME not in shown
