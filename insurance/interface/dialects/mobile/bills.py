"""What an order comes to: 6202, 6203, 6301, and 6201's own bill. Source: protocol 3.15.

What a state of an order means stands in `states.MEANS`; here it is decided what each meaning is as an answer: to a
trial, to a settlement, to a question. A settlement is known by its order's number: an order is paid once. What was
refunded cannot be paid again; a further settlement needs another order.
"""

from datetime import datetime
from enum import StrEnum

from insurance.interface.dialects.mobile.states import MEANS, Means, OrderState
from insurance.interface.dialects.mobile.wire import Data, key, order_named_by, order_of, said
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.persons import card_fields
from insurance.interface.errors import NotSent, NotWritable, OutcomeUnknown, Refusal, Refused
from insurance.interface.exchange import Exchange
from insurance.interface.messages import Bill, Card, Insured, Order
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import MessageKey, SettlementKey, Settling

_CASH = ("ownPayAmt", "ownpayAmt")  # the second in a callback of Hainan's
_CREDENTIAL = {"mdtrt_cert_type": "mdtrtCertType", "mdtrt_cert_no": "mdtrtCertNo", "card_sn": "cardSn"}


class Refund(StrEnum):
    """`refdType`: both legs, the patient's own money, or the insurance alone."""

    ALL = "ALL"
    CASH = "CASH"
    INSURANCE = "HI"


# --- what is asked --------------------------------------------------------------------------------
def _write_paying(profile: Profile, msgid: str, now: datetime, question: Settling) -> tuple[Insured, Data]:
    """6202 with the credential itself; `orgBizSer` is our message id. Raises NotWritable where no trial opened an
    order, NotSent where the newest was opened after this message got its name: it would be taken for an older
    order's."""
    pricing = question.pricing
    if not pricing.insured.orders:
        raise NotWritable("no order was opened by a trial")
    order = order_named_by(pricing.insured, msgid)
    if order is None or order != pricing.insured.orders[-1]:
        raise NotSent("the message is older than the order")
    return pricing.insured, {**key(order), "orgBizSer": msgid, **_credential(pricing.card)}


def _credential(card: Card) -> dict[str, str]:
    return {_CREDENTIAL[name]: value for name, value in card_fields(card).items()}


def _write_refund(profile: Profile, msgid: str, now: datetime, question: SettlementKey) -> tuple[Insured, Data]:
    """6203 of the insurance alone: the patient's own money is not at the centre. With the `revsToken` that 6301 has
    just given, because our side has failed; without one it is an ordinary refund."""
    order = order_of(question.insured, question.setl_id)
    token = {"revsToken": question.reversal} if question.reversal else {}
    data = {**key(order), "orgBizSer": msgid, "refdType": Refund.INSURANCE.value, **token}
    return question.insured, data


def _write_query(profile: Profile, msgid: str, now: datetime, question: SettlementKey) -> tuple[Insured, Data]:
    return question.insured, key(order_of(question.insured, question.setl_id))


def _write_by_message(profile: Profile, msgid: str, now: datetime, question: MessageKey) -> tuple[Insured, Data]:
    return question.insured, key(_named(question))


def _named(question: MessageKey) -> Order:
    """Raises OutcomeUnknown: it was sent, so there was an order."""
    order = order_named_by(question.insured, question.omsgid)
    if order is None:
        raise OutcomeUnknown("which order the message named is not known")
    return order


# --- what is answered -----------------------------------------------------------------------------
def of_opening(mdtrt_id: str, insured: Insured, order: Order, answer: Node) -> Bill | None:
    """The bill in 6201's own answer; None where it has none, and 6301 is asked."""
    if not answer.present("feeSumamt"):
        return None
    means = _means(answer) if answer.present("ordStas") else Means.PRICED
    return None if means is Means.NOTHING else _priced(means, mdtrt_id, insured, order, answer)


def _read_order_bill(question: SettlementKey, answer: Node) -> Bill:
    order = order_of(question.insured, question.setl_id)
    _check_number(order.number, answer)
    return _priced(_means(answer), question.mdtrt_id, question.insured, order, answer)


def _priced(means: Means, mdtrt_id: str, insured: Insured, order: Order, answer: Node) -> Bill:
    """Of a trial. What was just opened and is something else than priced is no bill; the next turn opens another."""
    if means is Means.OVER:
        raise Refused(f"the order is over: ordStas {answer.text('ordStas')}")
    if means is not Means.PRICED:
        raise OutcomeUnknown(f"the order is {means}, and not priced")
    return _bill(mdtrt_id, insured, order.msgid, answer)


def _read_paying(question: Settling, answer: Node) -> Bill:
    """Only what is over was refused; everything that is not surely paid is asked about."""
    insured = question.pricing.insured
    order = order_named_by(insured, question.msgid)
    number = _check_number(order.number if order else "", answer)
    match _means(answer):
        case Means.STANDS:
            return _bill(question.pricing.mdtrt_id, insured, question.msgid, answer, setl_id=number)
        case Means.OVER:
            raise Refused(f"ordStas {answer.text('ordStas')}")
        case means:
            raise OutcomeUnknown(f"the order is {means}")


def _read_query(question: SettlementKey, answer: Node) -> Bill:
    return _looked_at(question.mdtrt_id, question.insured, question.setl_id, answer, answer.text_or_empty("orgBizSer"))


def _read_by_message(question: MessageKey, answer: Node) -> Bill:
    """An order that another message of ours has paid says nothing of this one's, but that it made nothing."""
    payer = answer.text_or_empty("orgBizSer") or question.omsgid
    bill = _looked_at(question.mdtrt_id, question.insured, _named(question).number, answer, payer)
    if payer != question.omsgid:
        raise Refused("another message has paid the order", code=Refusal.NO_SUCH_SETTLEMENT)
    return bill


def _looked_at(mdtrt_id: str, insured: Insured, number: str, answer: Node, payer: str) -> Bill:
    """What stands, or was taken back. What is under way or in doubt says neither."""
    _check_number(number, answer)
    match _means(answer):
        case Means.STANDS:
            return _bill(mdtrt_id, insured, payer, answer, setl_id=number)
        case Means.TAKEN_BACK:
            return _bill(mdtrt_id, insured, payer, answer, setl_id=number, refunded=True)
        case Means.NOTHING | Means.PRICED | Means.OVER:
            raise Refused("the order is not paid", code=Refusal.NO_SUCH_SETTLEMENT)
        case means:
            raise OutcomeUnknown(f"the order is {means}: ordStas {answer.text('ordStas')}")


def _read_refund(question: SettlementKey, answer: Node) -> None:
    """SUCC is done, FAIL refused. EXP is one of the two legs in doubt: OutcomeUnknown, like every other word."""
    status = answer.text("refStatus")
    if status == "FAIL":
        raise Refused("refStatus FAIL")
    if status != "SUCC":
        raise OutcomeUnknown("refStatus is neither SUCC nor FAIL")


def _bill(
    mdtrt_id: str, insured: Insured, msgid: str, answer: Node, *, setl_id: str = "", refunded: bool = False
) -> Bill:
    """The four amounts; that they add up is for `identities` to say. An order that took the patient's own money, too,
    is not ours to go on with: it would be asked for twice."""
    if setl_id and answer.text_or_empty("setlType") not in ("", Refund.INSURANCE.value):
        raise OutcomeUnknown("the order is not of the insurance alone")
    cash_fen, account_fen, fund_fen = answer.fen(*_CASH), answer.fen("psnAcctPay"), answer.fen("fundPay")
    return Bill(
        mdtrt_id=mdtrt_id,
        psn_no=insured.psn_no,
        insutype=insured.insutype,
        medins_setl_id=msgid,
        total_fen=answer.fen("feeSumamt"),
        fund_fen=fund_fen,
        person_fen=account_fen + cash_fen,
        account_fen=account_fen,
        shared_account_fen=0,
        cash_fen=cash_fen,
        hospital_fen=0,
        split=None,
        fund_parts=(("fundPay", fund_fen),),
        clr_type="",
        clr_optins="",
        setl_id=setl_id,
        settled_at=answer.moment("hiChrgTime"),
        refunded=refunded,
        reversal=answer.text_or_empty("revsToken"),
    )


def _check_number(number: str, answer: Node) -> str:
    if answer.text("payOrdId") != number:
        raise OutcomeUnknown("payOrdId is another order's")
    return number


def _means(answer: Node) -> Means:
    try:
        return MEANS[OrderState(answer.text("ordStas"))]
    except ValueError:
        raise OutcomeUnknown("ordStas is not known") from None


PAY: Exchange[Settling, Bill] = said(Operation.SETTLE, _write_paying, _read_paying)
REFUND: Exchange[SettlementKey, Bill | None] = said(Operation.CANCEL, _write_refund, _read_refund)
QUERY: Exchange[SettlementKey, Bill] = said(Operation.QUERY, _write_query, _read_query)
BY_MESSAGE: Exchange[MessageKey, Bill] = said(Operation.QUERY, _write_by_message, _read_by_message)
ORDER_BILL: Exchange[SettlementKey, Bill] = said(Operation.QUERY, _write_query, _read_order_bill)
