"""Sign-in, persons, visits and fee lines: 9001, 9002, 1101, 2201-2205."""

from decimal import ROUND_HALF_UP

from insurance.simulator.insurer.envelope import Call, Refused, amount, text
from insurance.simulator.insurer.ledger import Ledger, Line, Visit
from insurance.simulator.insurer.persons import ID_CARD, Person, age, birthday, gender, psn_no_of, well_formed
from insurance.simulator.insurer.pricing import POOL_PERCENT, split_line
from insurance.simulator.money import CENT, JsonObject, number, yuan

EVERY_BATCH = "0000"
NO_PRICE_LIMIT = 999999

# Required in H's tables, less the Hunan additions that Zhejiang does not send (protocol 3.2, 3.4, 3.5).
VISIT_FIELDS = (
    *("psn_no", "insutype", "begntime", "mdtrt_cert_type", "mdtrt_cert_no"),
    *("ipt_otp_no", "dept_code", "dept_name", "caty"),
)
DIAGNOSIS_FIELDS = ("diag_type", "diag_srt_no", "diag_code", "diag_name", "vali_flag")
LINE_FIELDS = (
    *("feedetl_sn", "mdtrt_id", "psn_no", "chrg_bchno", "rx_circ_flag", "fee_ocur_time"),
    *("med_list_codg", "medins_list_codg", "det_item_fee_sumamt", "cnt", "pric"),
    *("bilg_dept_codg", "bilg_dept_name", "bilg_dr_codg", "bilg_dr_name", "hosp_appr_flag"),
)


def sign_in(ledger: Ledger, call: Call) -> JsonObject:
    """9001 (protocol 3.14)."""
    call.node("signIn", ("opter_no", "mac", "ip"))
    sign_no = ledger.new_id(call.region)[-6:]
    ledger.signed_in.add(sign_no)
    return {"signinoutb": {"sign_no": sign_no, "sign_time": call.now}}


def sign_out(ledger: Ledger, call: Call) -> JsonObject:
    """9002, its reply under the node recorded in Zhejiang (protocol 3.14)."""
    ledger.signed_in.discard(text(call.node("signOut", ("opter_no", "sign_no")), "sign_no"))
    return {"signoutoutb": {"sign_time": call.now}}


def query_person(ledger: Ledger, call: Call) -> JsonObject:
    """1101: who the card belongs to, with one insurance row (protocol 3.1)."""
    data = call.node("data", ("mdtrt_cert_type", "mdtrt_cert_no"))
    cert_type, cert_no = text(data, "mdtrt_cert_type"), text(data, "mdtrt_cert_no")
    if not well_formed(cert_type, cert_no):
        raise Refused("就诊凭证编号不正确，未查询到参保人员信息")
    certno = text(data, "certno") or (cert_no if cert_type == ID_CARD else "")
    person = ledger.person(psn_no_of(certno or cert_no))
    person.certno = certno or person.certno
    person.psn_name = text(data, "psn_name") or person.psn_name
    return {"baseinfo": base_info(person, call), "insuinfo": [_insurance(person, call)], "idetinfo": []}


def base_info(person: Person, call: Call) -> JsonObject:
    """The person as in `baseinfo` and, in part, in `setlinfo`."""
    return {
        "psn_no": person.psn_no,
        "psn_cert_type": "01",
        "certno": person.certno,
        "psn_name": person.psn_name,
        "gend": gender(person.certno),
        "naty": "01",
        "brdy": birthday(person.certno).isoformat(),
        "age": age(person.certno, call.at.date()),
        "exp_content": None,
    }


def _insurance(person: Person, call: Call) -> JsonObject:
    return {
        "balc": yuan(person.balance),
        "insutype": person.insutype,
        "psn_type": psn_type(person.insutype),
        "psn_insu_stas": "1",
        "psn_insu_date": "2015-01-01",
        "paus_insu_date": None,
        "cvlserv_flag": "0",
        "insuplc_admdvs": call.region,
        "emp_name": "测试单位",
    }


def psn_type(insutype: str) -> str:
    return "1101" if insutype == "310" else "1501"


def register(ledger: Ledger, call: Call) -> JsonObject:
    """2201: every call makes a new visit, also for an `ipt_otp_no` seen before. That is the real risk of
    sending it again after a lost answer (protocol 4)."""
    data = call.node("data", VISIT_FIELDS)
    check_insurance(ledger, text(data, "psn_no"), text(data, "insutype"))
    visit = Visit(ledger.new_id(call.region), text(data, "psn_no"), text(data, "ipt_otp_no"), data)
    ledger.add_visit(visit)
    shown = {"psn_no": visit.psn_no, "mdtrt_id": visit.mdtrt_id}
    return {"data": {**shown, "exp_content": None, "ipt_otp_no": visit.ipt_otp_no}}


def check_insurance(ledger: Ledger, psn_no: str, insutype: str) -> None:
    """The insurance asked for is one this centre pays and the one the person has."""
    if insutype not in POOL_PERCENT:
        raise Refused(f"不支持的险种类型[{insutype}]")
    if ledger.person(psn_no, insutype).insutype != insutype:
        raise Refused("参保人员未参加该险种，险种类型不一致")


def visit_of(ledger: Ledger, node: JsonObject) -> Visit:
    """The standing visit a request speaks of, its person the right one."""
    visit = ledger.visits.get(text(node, "mdtrt_id"))
    if visit is None or visit.cancelled:
        raise Refused("未查询到有效的就诊信息")
    if visit.psn_no != text(node, "psn_no"):
        raise Refused("就诊信息与人员编号不一致")
    return visit


def cancel_registration(ledger: Ledger, call: Call) -> None:
    """2202 (protocol 3.3)."""
    data = call.node("data", ("psn_no", "mdtrt_id", "ipt_otp_no"))
    visit = visit_of(ledger, data)
    if visit.ipt_otp_no != text(data, "ipt_otp_no"):
        raise Refused("住院/门诊号与就诊信息不一致")
    if visit.live():
        raise Refused("该就诊存在未退费的结算信息，不能撤销挂号")
    visit.cancelled = True


def upload_visit(ledger: Ledger, call: Call) -> None:
    """2203, 2203A: overwrites (protocol 3.4)."""
    info = call.node("mdtrtinfo", ("mdtrt_id", "psn_no", "med_type", "begntime"))
    call.nodes("diseinfo", DIAGNOSIS_FIELDS)
    visit_of(ledger, info).med_type = text(info, "med_type")


def upload_lines(ledger: Ledger, call: Call) -> JsonObject:
    """2204: all lines of one call or none (protocol 3.5)."""
    nodes = call.nodes("feedetail", LINE_FIELDS)
    visit = visit_of(ledger, nodes[0])
    lines: dict[str, Line] = {}
    for node in nodes:
        line = _line(node)
        if visit_of(ledger, node) is not visit:
            raise Refused("一次只能上传同一就诊的费用明细")
        if line.feedetl_sn in visit.lines or line.feedetl_sn in lines:
            raise Refused(f"费用明细流水号[{line.feedetl_sn}]重复上传")
        lines[line.feedetl_sn] = line
    visit.lines.update(lines)
    return {"result": [line_reply(line) for line in lines.values()]}


def _line(node: JsonObject) -> Line:
    fee = amount(node, "det_item_fee_sumamt")
    try:
        product = number(node["pric"]) * number(node["cnt"])
    except ValueError as error:
        raise Refused("单价或数量不是数值") from error
    if abs(int(product.quantize(CENT, ROUND_HALF_UP) * 100) - fee) > 1:
        raise Refused(f"费用明细[{text(node, 'feedetl_sn')}]单价乘数量与总额不符")
    split = split_line(fee, text(node, "med_list_codg"))
    return Line(text(node, "feedetl_sn"), text(node, "chrg_bchno"), split, node)


def line_reply(line: Line) -> JsonObject:
    """The fields of a 2204 result row as recorded; 5204 shows the same."""
    return {
        "feedetl_sn": line.feedetl_sn,
        "det_item_fee_sumamt": yuan(line.split.total),
        "cnt": float(number(line.sent["cnt"])),
        "pric": float(number(line.sent["pric"])),
        "pric_uplmt_amt": NO_PRICE_LIMIT,
        "selfpay_prop": 0.05 if line.split.level == "02" else 0.0,
        "fulamt_ownpay_amt": yuan(0),
        "overlmt_amt": yuan(0),
        "preselfpay_amt": yuan(line.split.preselfpay),
        "inscp_scp_amt": yuan(line.split.scope),
        "chrgitm_lv": line.split.level,
        "med_chrgitm_type": "09",
        "bas_medn_flag": "0",
        "hi_nego_drug_flag": "0",
        "drt_reim_flag": "0",
        "lmt_used_flag": "0",
        "chld_medc_flag": None,
        "list_sp_item_flag": None,
        "memo": None,
        "exp_content": None,
    }


def withdraw_lines(ledger: Ledger, call: Call) -> None:
    """2205: the unsettled lines of a batch, or with 0000 of the visit; settled ones stay (protocol 3.6)."""
    data = call.node("data", ("mdtrt_id", "chrg_bchno", "psn_no"))
    visit, batch = visit_of(ledger, data), text(data, "chrg_bchno")
    settled = {each.chrg_bchno for each in visit.live()}
    if batch != EVERY_BATCH and (batch in settled or not visit.batch(batch)):
        raise Refused("该收费批次已结算，不能撤销" if batch in settled else "未查询到可撤销的费用明细")
    withdrawn = {line.chrg_bchno for line in visit.lines.values()} - settled if batch == EVERY_BATCH else {batch}
    visit.lines = {sn: line for sn, line in visit.lines.items() if line.chrg_bchno not in withdrawn}
