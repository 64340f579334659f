"""A day's cycle (业务周期): signed in, compared, signed out: 9100, 1110, 9110."""

from datetime import datetime

from insurance.interface.amounts import to_yuan
from insurance.interface.dialects.delimited.line import request
from insurance.interface.dialects.delimited.replies import Output, nothing, output, reading
from insurance.interface.errors import OutcomeUnknown, Refused
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.profile import Operation, Profile
from insurance.interface.statements import DayTotals, DayTotalsAnswer

BALANCED = "0"
NOT_BALANCED = "不平"


def _write_sign_in(profile: Profile, msgid: str, now: datetime, question: None) -> Request:
    return request(profile, Operation.SIGN_IN, msgid)


def _read_sign_in(question: None, value: Output) -> str:
    """The cycle's number: the first argument (as one client reads it), or the cycle that the line itself names."""
    number = value.text(0) or value.cycle
    if not number:
        raise OutcomeUnknown("signed in, and the cycle is not named")
    return number


def _write_sign_out(profile: Profile, msgid: str, now: datetime, question: None) -> Request:
    return request(profile, Operation.SIGN_OUT, msgid)


def _write_totals(profile: Profile, msgid: str, now: datetime, question: DayTotals) -> Request:
    """The cycle and nine totals. No source names them; we say how many and the seven sums that a bill tells, in the
    order in which it does, and leave the ninth empty."""
    cash_fen = question.total_fen - question.fund_fen - question.account_fen
    sums = (question.total_fen, 0, question.account_fen, question.fund_fen, 0, 0, cash_fen)
    fields = (question.sign_no, str(question.count), *map(to_yuan, sums), "")
    return request(profile, Operation.DAY_TOTALS, msgid, fields)


def _decode_totals(question: DayTotals, reply: Reply) -> DayTotalsAnswer:
    """A centre may also say as a refusal that the totals differ."""
    try:
        value = output(reply)
    except Refused as refused:
        if NOT_BALANCED not in str(refused):
            raise
        return DayTotalsAnswer(balanced=False, stmt_rslt=NOT_BALANCED, description=str(refused))
    return DayTotalsAnswer(value.required(0) == BALANCED, value.text(0), value.text(1))


SIGN_IN: Exchange[None, str] = Exchange(Operation.SIGN_IN, _write_sign_in, reading(_read_sign_in))
SIGN_OUT: Exchange[None, None] = Exchange(Operation.SIGN_OUT, _write_sign_out, reading(nothing))
DAY_TOTALS: Exchange[DayTotals, DayTotalsAnswer] = Exchange(Operation.DAY_TOTALS, _write_totals, _decode_totals)
