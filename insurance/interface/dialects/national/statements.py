"""Reconciliation and self-pay reports: 3201, 3202, 4261. Source: protocol 3.11, 3.12, 3.16."""

from datetime import date, datetime

from insurance.interface.amounts import to_yuan
from insurance.interface.dialects.national.envelope import Payload, day, request, wall_time
from insurance.interface.dialects.national.exchanges import enveloped, no_output, reading
from insurance.interface.dialects.national.fields import Node
from insurance.interface.exchange import Exchange, Request
from insurance.interface.messages import SelfPayReport
from insurance.interface.profile import Operation, Profile
from insurance.interface.statements import DayDetails, DayTotals, DayTotalsAnswer, ResultFile

BALANCED = ("0", "000000")  # H t147; the second as YB met it


def _write_totals(profile: Profile, question: DayTotals) -> Payload:
    data = {
        "insutype": question.insutype,
        "clr_type": question.clr_type,
        "setl_optins": question.setl_optins,
        **_period(profile, question.begin, question.end),
        "medfee_sumamt": to_yuan(question.total_fen),
        "fund_pay_sumamt": to_yuan(question.fund_fen),
        "acct_pay": to_yuan(question.account_fen),
        "fixmedins_setl_cnt": str(question.count),
        **_unless_empty(
            refd_setl_flag=question.refd_setl_flag,
            fixmedins_refd_setl_flag=question.fixmedins_refd_setl_flag,
        ),
    }
    return Payload({"data": data})


def _read_totals(question: DayTotals, value: object) -> DayTotalsAnswer:
    info = Node("output", value).node("stmtinfo")
    result = info.text("stmt_rslt")
    return DayTotalsAnswer(result in BALANCED, result, info.text_or_empty("stmt_rslt_dscr"))


def _write_details(profile: Profile, question: DayDetails) -> Payload:
    data = {
        "setl_optins": question.setl_optins,
        **_period(profile, question.begin, question.end),
        "medfee_sumamt": to_yuan(question.total_fen),
        "fund_pay_sumamt": to_yuan(question.fund_fen),
        "cash_payamt": to_yuan(question.cash_fen),
        "fixmedins_setl_cnt": str(question.count),
        "file_qury_no": question.file_qury_no,
        **_unless_empty(
            clr_type=question.clr_type,
            refd_setl_flag=question.refd_setl_flag,
            fixmedins_refd_setl_flag=question.fixmedins_refd_setl_flag,
        ),
    }
    return Payload({"data": data})


def _read_details(question: DayDetails, value: object) -> ResultFile:
    info = Node("output", value).node("fileinfo")
    return ResultFile(info.text("file_qury_no"), info.text("filename"), info.moment("dld_endtime"))


def _period(profile: Profile, begin: date, end: date) -> dict[str, str]:
    last = f"{day(end)} 23:59:59" if profile.stmt_end_of_day else day(end)
    return {"stmt_begndate": day(begin), "stmt_enddate": last}


def _unless_empty(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _encode_self_pay(profile: Profile, msgid: str, now: datetime, report: SelfPayReport) -> Request:
    """4261 has no common envelope and camelCase names (H). No source lists its fields: these names are our reading.

    Our msgid goes along twice, as the header x-msgid and as orgBizSer, the name 6202 has for "unique per request".
    """
    document = {
        "orgBizSer": msgid,
        "upType": report.up_type,
        "infTime": wall_time(now),
        "fixmedinsCode": profile.institution_code,
        "fixmedinsName": profile.institution_name,
        "iptOtpNo": report.ipt_otp_no,
        "mdtrtId": report.mdtrt_id,
        "setlId": report.setl_id,
        "psnName": report.name,
        "certno": report.certno,
        "invono": report.payment_no,
        "setlTime": wall_time(report.paid_at),
        "medfeeSumamt": to_yuan(report.total_fen),
        "psnCashPay": to_yuan(report.cash_fen),
        **profile.constants.get(Operation.REPORT_SELF_PAY, {}),
    }
    return request(profile, Operation.REPORT_SELF_PAY, document, {"x-msgid": msgid})


DAY_TOTALS = enveloped(Operation.DAY_TOTALS, _write_totals, _read_totals)
DAY_DETAILS = enveloped(Operation.DAY_DETAILS, _write_details, _read_details)
REPORT_SELF_PAY: Exchange[SelfPayReport, None] = Exchange(
    Operation.REPORT_SELF_PAY, _encode_self_pay, reading(no_output)
)
