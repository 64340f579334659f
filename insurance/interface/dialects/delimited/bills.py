"""Bills: 2420, 2410, 2430, 1101.

A bill (单据号) is our receipt: of a trial, which leaves nothing behind, the charge batch stands for it. The same bill
cannot be settled twice while it stands, but again once it was taken back; so a settlement's number, which the centre
does not give, is the bill and what is left of the message id: `B0001/2401020900200005`.

1101 is known by visit and bill. That the hospital's serial may be added, and that state, time and serial follow the
amounts, is our reading: an answer without them is not believed, since it would not say which of our messages it is of.
"""

from datetime import datetime

from insurance.interface.amounts import to_yuan
from insurance.interface.dialects.delimited.line import moment, msgid_of, request, serial
from insurance.interface.dialects.delimited.replies import Output, reading
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Exchange, Request
from insurance.interface.messages import Bill, Insured
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import MessageKey, Pricing, SettlementKey, Settling

TOTAL, ACCOUNT, POOL, OTHER_FUNDS, CASH, STATE, SETTLED_AT, SERIAL = 0, 2, 3, (4, 5), 6, 7, 8, 9
"""Places in an answer. 1 is not named anywhere and not read; 4 and 5 are further funds by our reading, and the money
identities tell where they are not."""

_STANDS, _TAKEN_BACK = "1", "2"
_KEPT = 16  # of a message id: yyMMddHHmmss and four digits
_CENTURY = "20"


def settlement_number(bill: str, msgid: str) -> str:
    """What we call a settlement: its bill, and the message that made it."""
    return f"{bill}/{msgid[-_KEPT:]}"


def _write_trial(profile: Profile, msgid: str, now: datetime, question: Pricing) -> Request:
    return request(profile, Operation.TRIAL, msgid, _pricing(profile, now, question, question.chrg_bchno))


def _write_settling(profile: Profile, msgid: str, now: datetime, question: Settling) -> Request:
    return request(profile, Operation.SETTLE, msgid, _pricing(profile, now, question.pricing, question.invono))


def _pricing(profile: Profile, now: datetime, question: Pricing, bill: str) -> tuple[str, ...]:
    return (
        *(question.mdtrt_id, bill, question.med_type, moment(now), moment(now), "", "", ""),
        *("1" if question.use_account else "0", "0", profile.opter_name),
        *(to_yuan(question.total_fen), question.insured.insuplc_admdvs or profile.region),
    )


def _write_cancel(profile: Profile, msgid: str, now: datetime, question: SettlementKey) -> Request:
    bill, _ = _named(question.setl_id)
    area = question.insured.insuplc_admdvs or profile.region
    fields = (question.mdtrt_id, bill, moment(now), profile.opter_name, "1", area)
    return request(profile, Operation.CANCEL, msgid, fields)


def _write_query(profile: Profile, msgid: str, now: datetime, question: SettlementKey) -> Request:
    bill, original = _named(question.setl_id)
    return request(profile, Operation.QUERY, msgid, (question.mdtrt_id, bill, serial(profile, original)))


def _write_by_message(profile: Profile, msgid: str, now: datetime, question: MessageKey) -> Request:
    fields = (question.mdtrt_id, question.invono, serial(profile, question.omsgid))
    return request(profile, Operation.QUERY, msgid, fields)


def _named(setl_id: str) -> tuple[str, str]:
    """Bill and the end of the message id. One that is none of ours is asked about as it is, and refused there."""
    bill, _, kept = setl_id.partition("/")
    return bill, _CENTURY + kept


def _read_trial(question: Pricing, value: Output) -> Bill:
    return _bill(question.mdtrt_id, question.insured, "", value)


def _read_settling(question: Settling, value: Output) -> Bill:
    pricing = question.pricing
    number = settlement_number(question.invono, question.msgid)
    return _bill(pricing.mdtrt_id, pricing.insured, question.msgid, value, setl_id=number)


def _read_cancel(question: SettlementKey, value: Output) -> Bill | None:
    """It says only that it was done."""
    return None


def _read_query(question: SettlementKey, value: Output) -> Bill:
    bill, original = _named(question.setl_id)
    return _found(question.mdtrt_id, question.insured, bill, original, value)


def _read_by_message(question: MessageKey, value: Output) -> Bill:
    return _found(question.mdtrt_id, question.insured, question.invono, question.omsgid, value)


def _found(mdtrt_id: str, insured: Insured, bill: str, original: str, value: Output) -> Bill:
    """A settlement as the centre has it: the one that was asked about, and no other of the same bill."""
    msgid, state = msgid_of(value.text(SERIAL)), value.text(STATE)
    if msgid[-_KEPT:] != original[-_KEPT:]:
        raise OutcomeUnknown("the answer does not say that it is of this message")
    if state not in (_STANDS, _TAKEN_BACK):
        raise OutcomeUnknown("the answer does not say whether it stands")
    number = settlement_number(bill, msgid)
    return _bill(mdtrt_id, insured, msgid, value, setl_id=number, refunded=state == _TAKEN_BACK)


def _bill(
    mdtrt_id: str, insured: Insured, msgid: str, value: Output, *, setl_id: str = "", refunded: bool = False
) -> Bill:
    pool_fen, account_fen, cash_fen = value.fen(POOL), value.fen(ACCOUNT), value.fen(CASH)
    others = tuple((f"fund_{place}", value.fen(place)) for place in OTHER_FUNDS)
    return Bill(
        mdtrt_id=mdtrt_id,
        psn_no=insured.psn_no,
        insutype=insured.insutype,
        medins_setl_id=msgid,
        total_fen=value.fen(TOTAL),
        fund_fen=pool_fen + sum(fen for _, fen in others),
        person_fen=account_fen + cash_fen,
        account_fen=account_fen,
        shared_account_fen=0,
        cash_fen=cash_fen,
        hospital_fen=0,
        split=None,
        fund_parts=(("pool", pool_fen), *others),
        clr_type="",
        clr_optins="",
        setl_id=setl_id,
        settled_at=value.moment(SETTLED_AT),
        refunded=refunded,
    )


TRIAL: Exchange[Pricing, Bill] = Exchange(Operation.TRIAL, _write_trial, reading(_read_trial))
SETTLE: Exchange[Settling, Bill] = Exchange(Operation.SETTLE, _write_settling, reading(_read_settling))
CANCEL: Exchange[SettlementKey, Bill | None] = Exchange(Operation.CANCEL, _write_cancel, reading(_read_cancel))
QUERY: Exchange[SettlementKey, Bill] = Exchange(Operation.QUERY, _write_query, reading(_read_query))
BY_MESSAGE: Exchange[MessageKey, Bill] = Exchange(Operation.QUERY, _write_by_message, reading(_read_by_message))
