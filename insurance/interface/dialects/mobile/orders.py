"""What is said to the mobile payment centre and heard from it: 6201, 6202, 6203, 6301, 6401. Source: protocol 3.15.

The names that protocol 3.15 has are the specification's; the others are those of 2203 and 2204 in the centre's
camelCase, which is our reading. The envelope is taken to be the common one, and its encryption is a gateway's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from insurance.interface.amounts import to_number, to_yuan
from insurance.interface.dialects.mobile.states import OrderState
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.replies import output
from insurance.interface.errors import OutcomeUnknown, Refused
from insurance.interface.exchange import Reply
from insurance.interface.messages import Card, FeeLine, Insured, Visit
from insurance.interface.times import centre_time

INTERNET_CONSULTATION = "05"
"""`feeType`."""
REVERSIBLE_FOR = timedelta(hours=1)
"""So long a `revsToken` is valid (H, 6301)."""


class Refund(StrEnum):
    """`refdType`: both legs, the patient's own money, or the insurance alone."""

    ALL = "ALL"
    CASH = "CASH"
    INSURANCE = "HI"


@dataclass(frozen=True, slots=True)
class Message:
    """The number of a transaction, and what stands under its `data`."""

    infno: str
    data: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """6201's answer: the order, the token that speaks for it, and the page where the patient pays."""

    pay_ord_id: str
    pay_token: str = field(repr=False)
    cashier_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Paid:
    """What an order has come to, in fen."""

    pay_ord_id: str
    state: OrderState
    total_fen: int
    cash_fen: int
    account_fen: int
    fund_fen: int


@dataclass(frozen=True, slots=True)
class Queried:
    """6301's answer. With `revs_token` the insurance may be reversed until `reversible_until`, and no longer."""

    paid: Paid
    revs_token: str = field(default="", repr=False)
    reversible_until: datetime | None = None

    def may_reverse(self, now: datetime) -> bool:
        """Whether the token is there and still valid."""
        return bool(self.revs_token) and self.reversible_until is not None and now < self.reversible_until


def open_order(
    institution: str, msgid: str, insured: Insured, visit: Visit, lines: tuple[FeeLine, ...], mdtrt_id: str = ""
) -> Message:
    """6201: visit and lines at once. A lost answer leaves an order that nobody pays, and that expires."""
    data = {
        "orgCodg": institution,
        "medOrgOrd": msgid,
        "psnNo": insured.psn_no,
        "insutype": insured.insutype,
        "insuCode": insured.insuplc_admdvs,
        "mdtrtId": mdtrt_id,
        "iptOtpNo": visit.ipt_otp_no,
        "begntime": _wall(visit.begin_at),
        "medType": visit.med_type,
        "feeType": INTERNET_CONSULTATION,
        "deptCode": visit.dept_code,
        "deptName": visit.dept_name,
        "caty": visit.caty,
        "atddrNo": visit.doctor_code,
        "drName": visit.doctor_name,
        "mainCondDscr": visit.complaint,
        "medfeeSumamt": to_yuan(sum(line.amount_fen for line in lines)),
        "feedetailList": [_line(line) for line in lines],
        "diseinfoList": [
            {"diagType": row.type, "diagSrtNo": row.srt_no or str(place), "diagCode": row.code, "diagName": row.name}
            for place, row in enumerate(visit.diagnoses, 1)
        ],
    }
    return Message("6201", data)


def _line(line: FeeLine) -> dict[str, str]:
    return {
        "feedetlSn": line.feedetl_sn,
        "medListCodg": line.med_list_codg,
        "medinsListCodg": line.medins_list_codg,
        "detItemFeeSumamt": to_yuan(line.amount_fen),
        "cnt": to_number(line.quantity),
        "pric": to_number(line.unit_price),
        "feeOcurTime": _wall(line.occurred_at),
    }


def opened(reply: Reply) -> Opened:
    """Raises one of the four InterfaceErrors."""
    answer = _data(reply)
    return Opened(answer.text("payOrdId"), answer.text("payToken"), answer.text("cashierUrl"))


def pay(institution: str, msgid: str, order: Opened, *, auth_no: str = "", card: Card | None = None) -> Message:
    """6202, with the electronic credential's authorisation or with the credential itself; `orgBizSer` is our msgid.

    Never to be repeated after OutcomeUnknown: 6301 says what became of it. Raises ValueError unless there is just one.
    """
    if bool(auth_no) == (card is not None):
        raise ValueError("an order is paid by an authorisation or by a credential")
    by = {"payAuthNo": auth_no} if card is None else {"mdtrtCertType": card.type, "mdtrtCertNo": card.number}
    sn = {"cardSn": card.sn} if card is not None and card.sn else {}
    return Message("6202", {**_key(institution, order), "orgBizSer": msgid, **by, **sn})


def paid(order: Opened, reply: Reply) -> Paid:
    """Raises one of the four InterfaceErrors; OutcomeUnknown also for another order, or sums that do not add up."""
    return read_paid(order.pay_ord_id, _data(reply))


def query(institution: str, order: Opened) -> Message:
    """6301: may be repeated."""
    return Message("6301", _key(institution, order))


def queried(order: Opened, asked_at: datetime, reply: Reply) -> Queried:
    """`asked_at`: from when the token's hour is counted, as the centre does not say when it was given."""
    answer = _data(reply)
    token = answer.text_or_empty("revsToken")
    until = asked_at + REVERSIBLE_FOR if token else None
    return Queried(read_paid(order.pay_ord_id, answer), token, until)


def refund(institution: str, msgid: str, order: Opened, kind: Refund, revs_token: str = "") -> Message:  # nosec B107  none
    """6203: what was paid goes back, one leg or both; with a `revs_token` because our own side has failed."""
    token = {"revsToken": revs_token} if revs_token else {}
    return Message("6203", {**_key(institution, order), "orgBizSer": msgid, "refdType": kind.value, **token})


def refunded(reply: Reply) -> None:
    """SUCC returns. FAIL raises Refused. EXP is one of the two legs in doubt: OutcomeUnknown, like every other word."""
    answer = _data(reply)
    said = answer.text("refStatus")
    if said == "FAIL":
        raise Refused("refStatus FAIL")
    if said != "SUCC":
        raise OutcomeUnknown("refStatus is neither SUCC nor FAIL")


def withdraw(institution: str, order: Opened) -> Message:
    """6401: take back what 6201 has opened, while nothing was paid."""
    return Message("6401", _key(institution, order))


def withdrawn(reply: Reply) -> None:
    """Raises one of the four InterfaceErrors."""
    output(reply.status, reply.headers, reply.body)


def read_paid(pay_ord_id: str, answer: Node) -> Paid:
    """An order as the centre tells it, in 6202, 6301 and 6302. Raises OutcomeUnknown."""
    if answer.text("payOrdId") != pay_ord_id:
        raise OutcomeUnknown("payOrdId is another order's")
    cash_fen, account_fen, fund_fen = answer.fen("ownPayAmt"), answer.fen("psnAcctPay"), answer.fen("fundPay")
    total_fen = answer.fen("feeSumamt")
    if total_fen != cash_fen + account_fen + fund_fen:
        raise OutcomeUnknown("feeSumamt is not ownPayAmt + psnAcctPay + fundPay")
    return Paid(pay_ord_id, _state(answer), total_fen, cash_fen, account_fen, fund_fen)


def _state(answer: Node) -> OrderState:
    try:
        return OrderState(answer.text("ordStas"))
    except ValueError:
        raise OutcomeUnknown("ordStas is not known") from None


def _key(institution: str, order: Opened) -> dict[str, object]:
    return {"orgCodg": institution, "payOrdId": order.pay_ord_id, "payToken": order.pay_token}


def _data(reply: Reply) -> Node:
    """No source names the node: the output itself, or its `data`."""
    answer = Node("output", output(reply.status, reply.headers, reply.body))
    return answer.node("data") if answer.present("data") else answer


def _wall(moment: datetime) -> str:
    return centre_time(moment).strftime("%Y-%m-%d %H:%M:%S")
