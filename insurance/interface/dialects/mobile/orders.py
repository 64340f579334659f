"""An order is opened with visit and lines, and given up: 6201, 6401. Source: protocol 3.15.

The names that protocol 3.15 has are the specification's; the others are those of 2203 and 2204 in the centre's
camelCase, which is our reading.
"""

from collections.abc import Iterator
from datetime import datetime

from insurance.interface.amounts import to_number, to_yuan
from insurance.interface.dialects.mobile import bills
from insurance.interface.dialects.mobile.wire import Data, key, said, wall
from insurance.interface.dialects.national.fields import Node
from insurance.interface.errors import NotWritable, OutcomeUnknown
from insurance.interface.exchange import Exchange
from insurance.interface.messages import FeeLine, Insured, Opened, Order, Visit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import ChargeBatch, Pricing

INTERNET_CONSULTATION = "05"
"""`feeType`."""
LONGEST_NUMBER = 64
"""Of a `payOrdId` that we can keep."""


def _write_opening(profile: Profile, msgid: str, now: datetime, question: Pricing) -> tuple[Insured, Data]:
    """`medOrgOrd` is our message id: with it a lost order is at least known to be ours. Raises ValueError without the
    visit, as a trial has no other way to say what it is about."""
    if question.visit is None:
        raise ValueError("6201 brings the visit and its lines along")
    insured = question.insured
    data = {
        "medOrgOrd": msgid,
        "psnNo": insured.psn_no,
        "insutype": insured.insutype,
        "insuCode": insured.insuplc_admdvs,
        "mdtrtId": question.mdtrt_id,
        **_visit(question.visit),
        "medType": question.med_type,
        "feeType": INTERNET_CONSULTATION,
        "acctUsedFlag": "1" if question.use_account else "0",
        "medfeeSumamt": to_yuan(question.total_fen),
        "feedetailList": [_line(line) for line in question.lines],
        "diseinfoList": list(_diagnoses(question.visit)),
    }
    return insured, data


def _visit(visit: Visit) -> dict[str, str]:
    return {
        "iptOtpNo": visit.ipt_otp_no,
        "begntime": wall(visit.begin_at),
        "deptCode": visit.dept_code,
        "deptName": visit.dept_name,
        "caty": visit.caty,
        "atddrNo": visit.doctor_code,
        "drName": visit.doctor_name,
        "mainCondDscr": visit.complaint,
    }


def _diagnoses(visit: Visit) -> Iterator[dict[str, str]]:
    for place, row in enumerate(visit.diagnoses, 1):
        number = row.srt_no or str(place)
        yield {"diagType": row.type, "diagSrtNo": number, "diagCode": row.code, "diagName": row.name}


def _line(line: FeeLine) -> dict[str, str]:
    return {
        "feedetlSn": line.feedetl_sn,
        "medListCodg": line.med_list_codg,
        "medinsListCodg": line.medins_list_codg,
        "detItemFeeSumamt": to_yuan(line.amount_fen),
        "cnt": to_number(line.quantity),
        "pric": to_number(line.unit_price),
        "feeOcurTime": wall(line.occurred_at),
    }


def _read_opening(question: Pricing, answer: Node) -> Opened:
    """Without its token nothing can be said of an order: as good as no answer, and nobody pays it. `cashierUrl` is not
    read: nobody is sent there."""
    number = answer.text("payOrdId")
    if len(number) > LONGEST_NUMBER:
        raise OutcomeUnknown("payOrdId is too long to be kept")
    order = Order(number, answer.text("payToken"), question.msgid)
    return Opened(order, bills.of_opening(question.mdtrt_id, question.insured, order, answer))


def _write_giving_up(profile: Profile, msgid: str, now: datetime, question: ChargeBatch) -> tuple[Insured, Data]:
    """The newest: every order before it was given up before it was opened."""
    if not question.insured.orders:
        raise NotWritable("no order was opened")
    return question.insured, key(question.insured.orders[-1])


def _read_giving_up(question: ChargeBatch, answer: Node) -> None:
    """It says only that it was done."""


OPEN: Exchange[Pricing, Opened] = said(Operation.TRIAL, _write_opening, _read_opening)
GIVE_UP: Exchange[ChargeBatch, None] = said(Operation.WITHDRAW_CHARGES, _write_giving_up, _read_giving_up)
