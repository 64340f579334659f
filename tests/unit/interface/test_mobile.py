"""Online payment at the mobile payment centre: golden messages, what every state of an order means, callbacks."""

import json
from dataclasses import replace
from typing import Any

import pytest

from insurance.interface import looking
from insurance.interface.client import InsuranceClient
from insurance.interface.dialects.mobile import callbacks
from insurance.interface.dialects.mobile.states import (
    ENDED,
    FOLLOWS,
    IN_DOUBT,
    MEANS,
    PARTLY_REFUNDED,
    PAYS,
    Means,
    OrderState,
    may_become,
)
from insurance.interface.dialects.mobile.wire import order_named_by
from insurance.interface.errors import InterfaceError, NotSent, NotWritable, OutcomeUnknown, Refusal, Refused
from insurance.interface.exchange import Exchange, OrderNews, Reply, Request
from insurance.interface.identities import violations
from insurance.interface.messages import Bill, Opened, Order
from tests.unit.interface.mobile_words import (
    ASKING,
    BY_MESSAGE,
    DIALECT,
    GIVING_UP,
    GOLDEN,
    KEY,
    OLDER,
    OPENED_BY,
    ORDER,
    PAID_BY,
    PRICING,
    PROFILE,
    REQUESTS,
    REVERSING,
    SETTLING,
    WHO,
    document,
    golden,
    there,
    written,
)
from tests.unit.interface.words import CARD_NUMBER, INSURED, LINE, NAME, NOW, VISIT, Journal, answer, ok

# --- golden messages --------------------------------------------------------------------------


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_as_specified(name: str) -> None:
    exchange, msgid, question = REQUESTS[name]
    assert written(exchange, msgid, question) == document(f"{name}-request")


def test_every_golden_request_has_a_case_and_goes_to_its_own_address() -> None:
    assert {path.name.removesuffix("-request.json") for path in GOLDEN.glob("*-request.json")} == set(REQUESTS)
    sent = [exchange.encode(PROFILE, msgid, NOW, question) for exchange, msgid, question in REQUESTS.values()]
    assert len({request.path for request in sent}) == 5
    assert all(request.path.startswith("/org/local/api/hos/") for request in sent)


def test_who_it_is_about_goes_along_where_a_centre_wants_it() -> None:
    profile = replace(PROFILE, person_fields=True)
    for exchange, msgid, question in REQUESTS.values():
        plain = written(exchange, msgid, question)["input"]["data"]
        asked = json.loads(exchange.encode(profile, msgid, NOW, question).body)["input"]["data"]
        assert asked == {**plain, "idNo": CARD_NUMBER, "userName": NAME, "idType": "01"}


def test_an_order_is_opened_and_priced() -> None:
    opened = DIALECT.trial.decode(PRICING, golden("6201"))
    assert isinstance(opened, Opened)
    assert opened.order == ORDER, "with the message of ours that opened it"
    assert opened.bill is not None
    amounts = (opened.bill.total_fen, opened.bill.cash_fen, opened.bill.account_fen, opened.bill.fund_fen)
    assert (amounts, violations(opened.bill)) == ((452, 102, 50, 300), ())
    assert (opened.bill.setl_id, opened.bill.settled_at) == ("", None)


def test_a_bill_that_does_not_come_along_is_asked_for() -> None:
    for reply in (golden("6201-silent"), golden("6201", ordStas="0")):
        opened = DIALECT.trial.decode(PRICING, reply)
        assert isinstance(opened, Opened) and (opened.order, opened.bill) == (ORDER, None)
    bill = there(DIALECT.order_bill).decode(KEY, golden("6301", ordStas="1"))
    assert (bill.total_fen, bill.setl_id, bill.medins_setl_id) == (452, "", OPENED_BY)


def test_what_was_paid_is_a_settlement_known_by_its_order() -> None:
    bill = DIALECT.settle.decode(SETTLING, golden("6202"))
    assert (bill.setl_id, bill.medins_setl_id, bill.total_fen, bill.refunded) == (ORDER.number, PAID_BY, 452, False)
    looked = there(DIALECT.by_message).decode(BY_MESSAGE, golden("6301"))
    assert looked == DIALECT.query.decode(KEY, golden("6301"))
    assert (looked.setl_id, looked.medins_setl_id) == (bill.setl_id, bill.medins_setl_id)
    assert looked.settled_at is not None and looked.settled_at.isoformat() == "2024-01-02T09:05:00+08:00"
    assert looked.reversal == REVERSING.reversal


def test_a_sum_that_does_not_add_up_is_seen() -> None:
    for exchange, question, name in ((DIALECT.settle, SETTLING, "6202"), (DIALECT.query, KEY, "6301")):
        assert violations(exchange.decode(question, golden(name, fundPay=3.01)))


@pytest.mark.parametrize("changes", [{"payOrdId": OLDER.number}, {"ordStas": "17"}, {"feeSumamt": "thirty"}])
def test_an_answer_that_cannot_be_read_for_certain_is_unknown(changes: dict[str, Any]) -> None:
    for exchange, question, name in ((DIALECT.settle, SETTLING, "6202"), (DIALECT.query, KEY, "6301")):
        with pytest.raises(OutcomeUnknown):
            exchange.decode(question, golden(name, **changes))


def test_an_order_without_its_token_or_too_long_to_keep_is_no_order() -> None:
    for changes in ({"payToken": None}, {"payOrdId": "9" * 65}):
        with pytest.raises(OutcomeUnknown):
            DIALECT.trial.decode(PRICING, golden("6201", **changes))


def test_a_refusal_is_a_refusal_and_silence_is_not() -> None:
    with pytest.raises(Refused):
        DIALECT.settle.decode(SETTLING, answer({"infcode": -1, "err_msg": "余额不足"}))
    with pytest.raises(OutcomeUnknown):
        DIALECT.settle.decode(SETTLING, Reply(502, {}, b"<html>"))


def test_a_refund_in_doubt_is_neither_done_nor_refused() -> None:
    assert DIALECT.cancel.decode(KEY, golden("6203")) is None
    with pytest.raises(Refused):
        DIALECT.cancel.decode(KEY, golden("6203", refStatus="FAIL"))
    for word in ("EXP", "PROC"):
        with pytest.raises(OutcomeUnknown):
            DIALECT.cancel.decode(KEY, golden("6203", refStatus=word))


def test_giving_up_answers_nothing() -> None:
    assert there(DIALECT.withdraw_charges).decode(GIVING_UP, golden("6401")) is None
    assert there(DIALECT.withdraw_charges).decode(GIVING_UP, ok({})) is None
    with pytest.raises(NotWritable):
        written(there(DIALECT.withdraw_charges), ASKING, replace(GIVING_UP, insured=INSURED))


# --- which order a message means ------------------------------------------------------------------


def test_a_message_names_the_newest_order_that_was_opened_before_it() -> None:
    assert order_named_by(WHO, PAID_BY) == ORDER
    assert order_named_by(WHO, OPENED_BY) == OLDER, "not the one that it opened itself"
    assert order_named_by(WHO, OLDER.msgid) is None
    older = replace(BY_MESSAGE, omsgid="H99999900001202401020859590001")
    assert written(there(DIALECT.by_message), ASKING, older)["input"]["data"]["payOrdId"] == OLDER.number
    assert written(there(DIALECT.by_message), ASKING, BY_MESSAGE) == document("6301-request")


def test_without_an_order_nothing_is_paid_and_nothing_is_said_of_one() -> None:
    with pytest.raises(NotWritable):
        written(DIALECT.settle, PAID_BY, replace(SETTLING, pricing=replace(SETTLING.pricing, insured=INSURED)))
    for exchange, question in (
        (there(DIALECT.by_message), replace(BY_MESSAGE, insured=INSURED)),
        (DIALECT.query, replace(KEY, setl_id="ORD-OF-NOBODY")),
        (DIALECT.cancel, replace(KEY, insured=INSURED)),
    ):
        with pytest.raises(OutcomeUnknown):
            written(exchange, ASKING, question)


def test_an_order_that_another_message_has_paid_was_not_paid_by_this_one() -> None:
    by_message = there(DIALECT.by_message)
    with pytest.raises(Refused) as refused:
        by_message.decode(BY_MESSAGE, golden("6301", orgBizSer=ASKING))
    assert refused.value.code == Refusal.NO_SUCH_SETTLEMENT
    silent = by_message.decode(BY_MESSAGE, golden("6301", orgBizSer=None))
    assert silent.medins_setl_id == PAID_BY, "a centre that does not say who paid: an order is paid once"


# --- what is said one after the other -------------------------------------------------------------
LATER = "H99999900001202401020907000001"


def spoken(*replies: Reply, journal: Journal | None = None) -> InsuranceClient:
    """A client that hears these, one after the other."""
    told = iter(replies)

    class Telling:
        def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
            return next(told)

    return InsuranceClient(PROFILE, DIALECT, Telling(), journal or Journal(), lambda: NOW)


def test_an_order_is_kept_before_anything_is_said_of_it() -> None:
    journal = Journal()
    happened: list[tuple[str, list[str]]] = []

    def keep(order: Order) -> None:
        happened.append((order.number, [infno for _msgid, infno, _body in journal.before_calls]))

    client = spoken(golden("6201-silent"), golden("6301", ordStas="1"), journal=journal)
    bill = client.trial(INSURED, PRICING.card, "M1", "", 452, "11", visit=VISIT, lines=(LINE,), keep=keep)
    assert (bill.total_fen, happened) == (452, [(ORDER.number, ["6201"])])
    (opening, asking) = journal.before_calls
    assert json.loads(opening[2])["input"]["data"]["medOrgOrd"] == opening[0] == bill.medins_setl_id
    assert json.loads(asking[2])["input"]["data"]["payToken"] == ORDER.token


def test_an_order_that_two_messages_named_is_one_settlement() -> None:
    """Where the centre does not say which of them has paid: the later one is taken for it."""
    told = golden("6301", orgBizSer=None)
    (bill,) = looking.settlements(spoken(told, told), WHO, "M1", "7", [LATER, PAID_BY])
    assert (bill.setl_id, bill.medins_setl_id) == (ORDER.number, LATER)
    (bill,) = looking.settlements(spoken(golden("6301"), golden("6301")), WHO, "M1", "7", [LATER, PAID_BY])
    assert bill.medins_setl_id == PAID_BY


def test_what_a_message_made_is_found_and_taken_back_with_the_centres_leave() -> None:
    journal = Journal()
    client = spoken(golden("6301"), golden("6203"), journal=journal)
    looking.undo_message(client, WHO, "M1", "7", PAID_BY, "6202")
    assert json.loads(journal.before_calls[1][2])["input"] == document("6203-revs-token-request")["input"] | {
        "data": document("6203-revs-token-request")["input"]["data"] | {"orgBizSer": journal.before_calls[1][0]}
    }


# --- states ---------------------------------------------------------------------------------------
DONE, REFUSED, NONE, UNKNOWN, TAKEN_BACK = "done", "refused", "none stands", "unknown", "taken back"

DECIDED: dict[OrderState, tuple[str, str, str]] = {
    OrderState.SAVED: (UNKNOWN, UNKNOWN, NONE),
    OrderState.TRIED: (DONE, UNKNOWN, NONE),
    OrderState.SETTLING: (UNKNOWN, UNKNOWN, UNKNOWN),
    OrderState.SELF_PAY_DONE: (UNKNOWN, UNKNOWN, UNKNOWN),
    OrderState.INSURANCE_PAID: (UNKNOWN, DONE, DONE),
    OrderState.HOSPITAL_SETTLED: (UNKNOWN, DONE, DONE),
    OrderState.COMPLETE: (UNKNOWN, DONE, DONE),
    OrderState.REFUNDED: (UNKNOWN, UNKNOWN, TAKEN_BACK),
    **dict.fromkeys(sorted(PARTLY_REFUNDED), (UNKNOWN, UNKNOWN, UNKNOWN)),
    OrderState.WITHDRAWN_12: (REFUSED, REFUSED, NONE),
    OrderState.WITHDRAWN_13: (REFUSED, REFUSED, NONE),
    OrderState.ABNORMAL: (UNKNOWN, UNKNOWN, UNKNOWN),
    OrderState.FAILED: (REFUSED, REFUSED, NONE),
    OrderState.CASH_NOT_REVERSED: (UNKNOWN, UNKNOWN, UNKNOWN),
}
"""By state: what it is as an answer to a trial, to a settlement, to a question."""


def outcome(exchange: Exchange[Any, Bill], question: Any, reply: Reply) -> str:
    try:
        bill = exchange.decode(question, reply)
    except Refused as refused:
        return NONE if refused.code == Refusal.NO_SUCH_SETTLEMENT else REFUSED
    except OutcomeUnknown:
        return UNKNOWN
    return TAKEN_BACK if bill.refunded else DONE


@pytest.mark.parametrize("state", OrderState)
def test_every_state_has_a_decided_meaning(state: OrderState) -> None:
    asked = (
        (there(DIALECT.order_bill), KEY, "6301"),
        (DIALECT.settle, SETTLING, "6202"),
        (there(DIALECT.by_message), BY_MESSAGE, "6301"),
    )
    assert tuple(outcome(*each[:2], golden(each[2], ordStas=state.value)) for each in asked) == DECIDED[state]
    assert outcome(DIALECT.query, KEY, golden("6301", ordStas=state.value)) == DECIDED[state][2]


def test_the_states_are_whole() -> None:
    assert set(FOLLOWS) == set(MEANS) == set(DECIDED) == set(OrderState)
    assert [state.value for state in OrderState] == [str(n) for n in range(17)]
    assert {state for state, after in FOLLOWS.items() if not after} == set(ENDED)
    assert not ENDED & IN_DOUBT and not ENDED & PAYS and not IN_DOUBT & PAYS
    reached = {state for state in OrderState if may_become(OrderState.SAVED, state)}
    assert reached == set(OrderState) - {OrderState.SAVED}


def test_what_stands_is_what_pays_whole() -> None:
    assert {state for state, means in MEANS.items() if means is Means.STANDS} == PAYS - PARTLY_REFUNDED
    assert {state for state, means in MEANS.items() if means in (Means.OVER, Means.TAKEN_BACK)} == ENDED


def test_nothing_pays_after_the_end_and_no_order_goes_back() -> None:
    for ended in ENDED:
        assert not any(may_become(ended, state) for state in OrderState)
    for paying in PAYS:
        assert not may_become(paying, OrderState.TRIED) and not may_become(paying, OrderState.SETTLING)


# --- callbacks ------------------------------------------------------------------------------------
SECRET, SENT_AT = "secret of the callbacks", 1_704_157_501.0
CALLBACK = (GOLDEN / "6302-callback.json").read_bytes()


def test_a_callback_is_a_reason_to_ask() -> None:
    assert DIALECT.order_news is callbacks.read
    assert callbacks.read(CALLBACK) == OrderNews(ORDER.number, "4", is_worth_asking=True)


@pytest.mark.parametrize("state", OrderState)
def test_what_decides_nothing_is_no_reason(state: OrderState) -> None:
    idle = {OrderState.SAVED, OrderState.TRIED, OrderState.SETTLING, OrderState.SELF_PAY_DONE}
    idle |= {OrderState.WITHDRAWN_12, OrderState.WITHDRAWN_13}
    body = json.dumps({**json.loads(CALLBACK), "ordStas": state.value}).encode()
    assert callbacks.read(body).is_worth_asking is (state not in idle)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"[" * 60_000,
        '{"payOrdId": "金"'.encode("gbk"),
        b'{"payOrdId": 1e999999, "ordStas": "4"}',
        json.dumps({**json.loads(CALLBACK), "ordStas": "99"}).encode(),
        json.dumps({**json.loads(CALLBACK), "payOrdId": ""}).encode(),
        json.dumps({**json.loads(CALLBACK), "payOrdId": "9" * 65}).encode(),
    ],
)
def test_what_is_no_callback_is_not_read(body: bytes) -> None:
    with pytest.raises(ValueError, match="no callback"):
        callbacks.read(body)


def test_only_the_centre_can_sign_and_not_for_long() -> None:
    signed = callbacks.signature(SECRET, CALLBACK, SENT_AT)
    assert callbacks.is_genuine(SECRET, signed, CALLBACK, SENT_AT + callbacks.REPLAY_SECONDS)
    for secret, given, body, later in (
        ("another", signed, CALLBACK, 0),
        (SECRET, signed, CALLBACK + b" ", 0),
        (SECRET, signed, CALLBACK, callbacks.REPLAY_SECONDS + 1),
        (SECRET, signed, CALLBACK, -callbacks.REPLAY_SECONDS - 1),
        (SECRET, f"{int(SENT_AT) + 1}:{signed.partition(':')[2]}", CALLBACK, 0),
        (SECRET, signed.partition(":")[2], CALLBACK, 0),
        (SECRET, "", CALLBACK, 0),
        (SECRET, "١٢:AB", CALLBACK, 0),
    ):
        assert not callbacks.is_genuine(secret, given, body, SENT_AT + later)
    large = b" " * (callbacks.MAX_BYTES + 1)
    assert not callbacks.is_genuine(SECRET, callbacks.signature(SECRET, large, SENT_AT), large, SENT_AT)


def test_nothing_shows_a_token_or_a_person() -> None:
    opened, looked = DIALECT.trial.decode(PRICING, golden("6201")), DIALECT.query.decode(KEY, golden("6301"))
    sent = [exchange.encode(PROFILE, msgid, NOW, question) for exchange, msgid, question in REQUESTS.values()]
    shown = repr((opened, looked, ORDER, PRICING, SETTLING, REVERSING, sent))
    for secret in (CARD_NUMBER, NAME, INSURED.psn_no, ORDER.token, REVERSING.reversal):
        assert secret not in shown


def test_failures_name_no_token() -> None:
    for reply in (golden("6201", ordStas="15"), golden("6201", payOrdId=None)):
        with pytest.raises(InterfaceError) as raised:
            DIALECT.trial.decode(PRICING, reply)
        assert ORDER.token not in str(raised.value)
    assert isinstance(ORDER, Order)


@pytest.mark.parametrize("kind", ["ALL", "CASH"])
def test_an_order_that_took_the_patients_own_money_is_not_gone_on_with(kind: str) -> None:
    """Our own payment institution would ask for it once more."""
    for exchange, question, name in (
        (DIALECT.settle, SETTLING, "6202"),
        (DIALECT.query, KEY, "6301"),
        (there(DIALECT.by_message), BY_MESSAGE, "6301"),
    ):
        exchange.decode(question, golden(name, setlType="HI"))
        with pytest.raises(OutcomeUnknown, match="not of the insurance alone"):
            exchange.decode(question, golden(name, setlType=kind))


def test_a_message_that_is_older_than_the_order_is_not_sent() -> None:
    """Later it would be taken for the older order's, or for nobody's."""
    for msgid in ("H99999900001202401020857000001", "H99999900001202401020850000001"):
        with pytest.raises(NotSent):
            written(DIALECT.settle, msgid, SETTLING)
