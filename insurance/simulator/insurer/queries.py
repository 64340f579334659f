"""What can be asked afterwards: 5201, 5203, 5204, and the comparison of totals 3201."""

from collections.abc import Iterable

from insurance.simulator.insurer.envelope import DATETIME, Call, Refused, amount, text
from insurance.simulator.insurer.ledger import Ledger, Line, Settlement, Visit
from insurance.simulator.insurer.statement import OUTPATIENT, query_reply
from insurance.simulator.insurer.visits import line_reply
from insurance.simulator.money import JsonObject, number

DAY = len("2022-01-21")
BALANCED, NOT_BALANCED = "0", "1"
STATEMENT_FIELDS = (
    *("insutype", "clr_type", "setl_optins", "stmt_begndate", "stmt_enddate"),
    *("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "fixmedins_setl_cnt"),
)


def _between(data: JsonObject, first: str, last: str) -> tuple[str, str]:
    """A range of times as text: bare days run from 00:00:00 to 23:59:59 (protocol 1.3)."""
    begin, end = text(data, first), text(data, last)
    return (begin if len(begin) > DAY else f"{begin} 00:00:00", end if len(end) > DAY else f"{end} 23:59:59")


def visits(ledger: Ledger, call: Call) -> JsonObject:
    """5201: the person's standing visits that began in the range; `ipt_otp_no` is the hook to find a lost
    `mdtrt_id`. A visit without 2203 has no medical category yet and answers to every one (protocol 3.13)."""
    data = call.node("data", ("psn_no", "begntime", "endtime", "med_type"))
    begin, end = _between(data, "begntime", "endtime")
    return {
        "mdtrtinfo": [
            _visit_reply(visit)
            for visit in ledger.visits_of.get(text(data, "psn_no"), ())
            if not visit.cancelled
            and begin <= _begun(visit) <= end
            and visit.med_type in {"", text(data, "med_type")}
            and text(data, "mdtrt_id") in {"", visit.mdtrt_id}
        ]
    }


def _begun(visit: Visit) -> str:
    return _between(visit.sent, "begntime", "begntime")[0]


def _visit_reply(visit: Visit) -> JsonObject:
    asked = ("begntime", "insutype", "dept_code", "dept_name", "atddr_no", "dr_name", "caty")
    return {
        "mdtrt_id": visit.mdtrt_id,
        "psn_no": visit.psn_no,
        "ipt_otp_no": visit.ipt_otp_no,
        "med_type": visit.med_type or None,
        "vali_flag": "1",
        **{field: visit.sent.get(field) for field in asked},
    }


def _visit(ledger: Ledger, data: JsonObject) -> Visit:
    """The visit asked about; a cancelled one can still be asked about."""
    visit = ledger.visits.get(text(data, "mdtrt_id"))
    if visit is None or visit.psn_no != text(data, "psn_no"):
        raise Refused("未查询到就诊信息")
    return visit


def settlement(ledger: Ledger, call: Call) -> JsonObject:
    """5203: by setl_id, never by msgid (protocol 3.13)."""
    data = call.node("data", ("psn_no", "setl_id", "mdtrt_id"))
    entry = ledger.settlements.get(text(data, "setl_id"))
    if entry is None or entry.visit is not _visit(ledger, data):
        raise Refused("未查询到结算信息")
    return query_reply(ledger.person(entry.visit.psn_no), entry, call)


def lines(ledger: Ledger, call: Call) -> list[JsonObject]:
    """5204: a bare list. Without a setl_id, as Nanyang asks, all lines of the visit: once for every live
    settlement that took them (so a double one shows), with setl_id null where none did (protocol 3.13)."""
    data = call.node("data", ("psn_no", "mdtrt_id"))
    visit, setl_id = _visit(ledger, data), text(data, "setl_id")
    if setl_id:
        return [_line_reply(visit, line, each) for each, line in _settled(visit.settlements) if each.setl_id == setl_id]
    settled = [_line_reply(visit, line, each) for each, line in _settled(visit.live())]
    taken = {each.chrg_bchno for each in visit.live()}
    open_lines = [line for line in visit.lines.values() if line.chrg_bchno not in taken]
    return settled + [_line_reply(visit, line, None) for line in open_lines]


def _settled(entries: Iterable[Settlement]) -> list[tuple[Settlement, Line]]:
    return [(each, line) for each in entries for line in each.lines]


def _line_reply(visit: Visit, line: Line, entry: Settlement | None) -> JsonObject:
    kept = ("fee_ocur_time", "med_list_codg", "medins_list_codg", "hosp_appr_flag", "bilg_dept_codg", "bilg_dr_codg")
    return {
        "mdtrt_id": visit.mdtrt_id,
        "setl_id": entry.setl_id if entry else None,
        "chrg_bchno": line.chrg_bchno,
        "med_type": visit.med_type or None,
        **{field: line.sent.get(field) for field in kept},
        **line_reply(line),
    }


def statement(ledger: Ledger, call: Call) -> JsonObject:
    """3201: our totals against the centre's, by the centre's own setl_time (protocol 3.11).

    A 2208 counts as a negative entry at its own time; what 2601 reversed counts as never settled. The number
    of settlements may be given with each refund as an entry of its own, as in the 3202 file, or net of them.
    """
    data = call.node("data", STATEMENT_FIELDS)
    entries = entries_of(ledger, data)
    compared = {
        "medfee_sumamt": sum(each.amounts.total for each in entries),
        "fund_pay_sumamt": sum(each.amounts.fund for each in entries),
        "acct_pay": sum(each.amounts.account for each in entries),
    }
    wrong = [f"{field}:{total / 100:.2f}" for field, total in compared.items() if total != amount(data, field)]
    net = sum(-1 if each.reverses else 1 for each in entries)
    if number(data["fixmedins_setl_cnt"]) not in {len(entries), net}:
        wrong.append(f"fixmedins_setl_cnt:{net}")
    return {
        "stmtinfo": {
            "setl_optins": text(data, "setl_optins"),
            "stmt_rslt": NOT_BALANCED if wrong else BALANCED,
            "stmt_rslt_dscr": "总额不一致，中心端" + "，".join(wrong) if wrong else "平",
        }
    }


def entries_of(ledger: Ledger, data: JsonObject) -> list[Settlement]:
    """What the centre holds in the period, at its own setl_time; of every insurance and clearing type if none is
    named, as in 3202."""
    if text(data, "clr_type") not in {"", OUTPATIENT}:
        return []
    begin, end = _between(data, "stmt_begndate", "stmt_enddate")
    return [
        each
        for each in ledger.settlements.values()
        if text(data, "insutype") in {"", each.insutype}
        and each.region == text(data, "setl_optins")
        and begin <= each.at.strftime(DATETIME) <= end
        and not _reversed(each)
    ]


def _reversed(entry: Settlement) -> bool:
    return entry.infno == "2601" or (entry.reversed_by is not None and entry.reversed_by.infno == "2601")
