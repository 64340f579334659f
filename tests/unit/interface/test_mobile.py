"""Online payment at the mobile payment centre: messages, states, callbacks. Nothing of it is wired."""

import json
from datetime import timedelta
from typing import Any

import pytest

from insurance.interface.dialects import DIALECTS
from insurance.interface.dialects.mobile import callbacks, orders
from insurance.interface.dialects.mobile.orders import Opened, Refund
from insurance.interface.dialects.mobile.states import ENDED, FOLLOWS, IN_DOUBT, PAYS, OrderState, may_become
from insurance.interface.errors import OutcomeUnknown, Refused
from insurance.interface.exchange import Reply
from tests.unit.interface.words import CARD, CARD_NUMBER, INSURED, LINE, NAME, NOW, VISIT, answer, ok

INSTITUTION, MSGID = "H99999900001", "H99999900001202401020900000001"
ORDER = Opened("ORD60001", "TOKEN-OF-ORDER", "https://pay.example/cashier")
PAID = {"payOrdId": "ORD60001", "ordStas": "4", "feeSumamt": 30, "ownPayAmt": "10", "psnAcctPay": 4.5, "fundPay": 15.5}


def said(**changes: Any) -> Reply:
    return ok({**PAID, **changes})


def test_an_order_is_opened_with_visit_and_lines() -> None:
    message = orders.open_order(INSTITUTION, MSGID, INSURED, VISIT, (LINE,), "M1")
    assert message.infno == "6201"
    assert {name: message.data[name] for name in ("feeType", "medfeeSumamt", "begntime", "medOrgOrd", "mdtrtId")} == {
        "feeType": "05",
        "medfeeSumamt": "4.52",
        "begntime": "2024-01-02 09:00:00",
        "medOrgOrd": MSGID,
        "mdtrtId": "M1",
    }
    assert message.data["feedetailList"] == [
        {
            "feedetlSn": "1",
            "medListCodg": "XA01",
            "medinsListCodg": "H01",
            "detItemFeeSumamt": "4.52",
            "cnt": "2",
            "pric": "2.26",
            "feeOcurTime": "2024-01-02 09:00:00",
        }
    ]
    told = {"payOrdId": "ORD60001", "payToken": "TOKEN-OF-ORDER", "cashierUrl": "https://pay.example/cashier"}
    assert orders.opened(ok(told)) == orders.opened(ok({"data": told})) == ORDER


def test_an_order_is_paid_in_one_of_two_ways() -> None:
    by_code = orders.pay(INSTITUTION, MSGID, ORDER, auth_no="AUTH1").data
    assert (by_code["orgBizSer"], by_code["payAuthNo"]) == (MSGID, "AUTH1")
    by_card = orders.pay(INSTITUTION, MSGID, ORDER, card=CARD).data
    assert (by_card["mdtrtCertType"], by_card["mdtrtCertNo"]) == ("02", CARD_NUMBER)
    for ways in ({}, {"auth_no": "AUTH1", "card": CARD}):
        with pytest.raises(ValueError, match="by an authorisation or by a credential"):
            orders.pay(INSTITUTION, MSGID, ORDER, **ways)


def test_what_was_paid_adds_up() -> None:
    paid = orders.paid(ORDER, said())
    assert (paid.state, paid.total_fen, paid.cash_fen) == (OrderState.INSURANCE_PAID, 3000, 1000)
    assert (paid.account_fen, paid.fund_fen) == (450, 1550)


@pytest.mark.parametrize(
    "changes",
    [{"fundPay": 15.51}, {"payOrdId": "ORD60002"}, {"ordStas": "17"}, {"ordStas": None}, {"feeSumamt": "thirty"}],
)
def test_an_answer_that_contradicts_itself_is_unknown(changes: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        orders.paid(ORDER, said(**changes))


def test_a_refusal_is_a_refusal_and_silence_is_not() -> None:
    with pytest.raises(Refused):
        orders.paid(ORDER, answer({"infcode": -1, "err_msg": "余额不足"}))
    with pytest.raises(OutcomeUnknown):
        orders.paid(ORDER, Reply(502, {}, b"<html>"))


def test_the_insurance_may_be_reversed_for_an_hour() -> None:
    found = orders.queried(ORDER, NOW, said(revsToken="REVERSE-1"))
    assert found.may_reverse(NOW + timedelta(minutes=59, seconds=59))
    assert not found.may_reverse(NOW + timedelta(hours=1))
    assert not orders.queried(ORDER, NOW, said()).may_reverse(NOW)
    message = orders.refund(INSTITUTION, MSGID, ORDER, Refund.INSURANCE, found.revs_token)
    assert (message.infno, message.data["refdType"], message.data["revsToken"]) == ("6203", "HI", "REVERSE-1")
    assert "revsToken" not in orders.refund(INSTITUTION, MSGID, ORDER, Refund.ALL).data


def test_a_refund_in_doubt_is_neither_done_nor_refused() -> None:
    orders.refunded(ok({"refStatus": "SUCC"}))
    with pytest.raises(Refused):
        orders.refunded(ok({"refStatus": "FAIL"}))
    for word in ("EXP", "PROC"):
        with pytest.raises(OutcomeUnknown):
            orders.refunded(ok({"refStatus": word}))


def test_nothing_shows_a_token_or_a_person() -> None:
    shown = repr(
        (ORDER, orders.pay(INSTITUTION, MSGID, ORDER, card=CARD), orders.queried(ORDER, NOW, said(revsToken="R-1")))
    )
    shown += repr(orders.open_order(INSTITUTION, MSGID, INSURED, VISIT, (LINE,)))
    for secret in (CARD_NUMBER, NAME, INSURED.psn_no, "TOKEN-OF-ORDER", "R-1"):
        assert secret not in shown


def test_the_states_are_whole() -> None:
    assert set(FOLLOWS) == set(OrderState) and [state.value for state in OrderState] == [str(n) for n in range(17)]
    assert {state for state, after in FOLLOWS.items() if not after} == set(ENDED)
    assert not ENDED & IN_DOUBT and not ENDED & PAYS and not IN_DOUBT & PAYS
    reached = {state for state in OrderState if may_become(OrderState.SAVED, state)}
    assert reached == set(OrderState) - {OrderState.SAVED}


def test_nothing_pays_after_the_end_and_no_order_goes_back() -> None:
    for ended in ENDED:
        assert not any(may_become(ended, state) for state in OrderState)
    for paying in PAYS:
        assert not may_become(paying, OrderState.TRIED) and not may_become(paying, OrderState.SETTLING)


def callback(**changes: Any) -> bytes:
    return json.dumps({**PAID, **changes}).encode()


def signed(body: bytes, signature: str) -> bool:
    return signature == "good"


def test_a_callback_is_a_reason_to_ask() -> None:
    told = callbacks.read(callback(), "good", "ORD60001", signed)
    assert told.is_news(OrderState.SETTLING) and told.is_news(OrderState.TRIED)
    for known in (OrderState.INSURANCE_PAID, OrderState.COMPLETE, OrderState.REFUNDED):
        assert not told.is_news(known), "repeated, late or out of order"
    asked = orders.queried(ORDER, NOW, said(ordStas="5", ownPayAmt="9", fundPay="16.5"))
    assert callbacks.differences(told, asked) == (
        "state: told 4, asked 5",
        "cash: told 1000, asked 900",
        "fund: told 1550, asked 1650",
    )
    assert callbacks.differences(told, orders.queried(ORDER, NOW, said())) == ()


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (callback(), "bad"),
        (callback(payOrdId="ORD60002"), "good"),
        (callback(ordStas="99"), "good"),
        (b"{", "good"),
        (b"[" * 60_000, "good"),
        (b" " * (callbacks.MAX_BYTES + 1) + callback(), "good"),
        ('{"payOrdId": "金"'.encode("gbk"), "good"),
    ],
)
def test_what_is_not_verified_is_not_read(body: bytes, signature: str) -> None:
    with pytest.raises(callbacks.NotVerified):
        callbacks.read(body, signature, "ORD60001", signed)


def test_it_is_no_dialect_that_could_be_configured() -> None:
    assert not any("mobile" in each for each in DIALECTS.values())
