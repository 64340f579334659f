"""The fee lines of a visit: 2204, 2205, 5204. Source: protocol 3.5, 3.6, 3.13."""

from collections.abc import Mapping

from insurance.interface.amounts import to_number, to_yuan
from insurance.interface.dialects.national.envelope import Payload, wall_time
from insurance.interface.dialects.national.exchanges import enveloped, no_output
from insurance.interface.dialects.national.fields import Node, rows
from insurance.interface.dialects.national.visits import listed
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.messages import FeeLine, LineSplit, PolicySplit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import ChargeBatch, ChargeUpload, VisitKey

# Required by nobody here, but the recorded 2204 writes each of them.
_EMPTY_USE = dict.fromkeys(("sin_dos_dscr", "used_frqu_dscr", "prd_days", "medc_way_dscr"), "")
_EMPTY_ORDER = dict.fromkeys(("acord_dept_codg", "acord_dept_name", "orders_dr_code", "orders_dr_name"), "")
_EMPTY_FLAGS = dict.fromkeys(
    ("tcmdrug_used_way", "etip_flag", "etip_hosp_code", "dscg_tkdrug_flag", "matn_fee_flag"), ""
)


def _write_charges(profile: Profile, question: ChargeUpload) -> Payload:
    lines = [_line(question, line) for line in question.lines]
    return Payload({"feedetail": listed(profile, lines)}, question.insured.insuplc_admdvs)


def _line(question: ChargeUpload, line: FeeLine) -> dict[str, str]:
    visit = question.visit
    return {
        "feedetl_sn": line.feedetl_sn,
        "mdtrt_id": question.mdtrt_id,
        "psn_no": question.insured.psn_no,
        "chrg_bchno": question.chrg_bchno,
        "dise_codg": visit.dise_codg,  # of the visit, because all lines of a batch must have the same (protocol 3.0)
        "rxno": line.rxno,
        "rx_circ_flag": line.rx_circ_flag,
        "fee_ocur_time": wall_time(line.occurred_at),
        "med_list_codg": line.med_list_codg,
        "medins_list_codg": line.medins_list_codg,
        "det_item_fee_sumamt": to_yuan(line.amount_fen),
        "cnt": to_number(line.quantity),
        "pric": to_number(line.unit_price),
        **_EMPTY_USE,
        "bilg_dept_codg": visit.dept_code,
        "bilg_dept_name": visit.dept_name,
        "bilg_dr_codg": visit.doctor_code,
        "bilg_dr_name": visit.doctor_name,
        **_EMPTY_ORDER,
        "hosp_appr_flag": line.hosp_appr_flag,
        **_EMPTY_FLAGS,
    }


def _read_charges(question: ChargeUpload, value: object) -> tuple[LineSplit, ...]:
    return tuple(_read_line(row) for row in Node("output", value).rows("result"))


def _read_line(row: Node) -> LineSplit:
    split = PolicySplit(
        fulamt_ownpay_fen=row.fen_or_zero("fulamt_ownpay_amt"),
        overlmt_selfpay_fen=row.fen_or_zero("overlmt_amt"),
        preselfpay_fen=row.fen_or_zero("preselfpay_amt"),
        inscp_scp_fen=row.fen_or_zero("inscp_scp_amt"),
    )
    amount_fen = row.fen("det_item_fee_sumamt")
    return LineSplit(row.text("feedetl_sn"), amount_fen, split, row.text_or_empty("chrgitm_lv"))


def _write_batch(profile: Profile, question: ChargeBatch) -> Payload:
    data = {
        "mdtrt_id": question.mdtrt_id,
        "chrg_bchno": question.chrg_bchno,
        "psn_no": question.insured.psn_no,
    }
    return Payload({"data": data}, question.insured.insuplc_admdvs)


def _write_visit_key(profile: Profile, question: VisitKey) -> Payload:
    data = {"psn_no": question.insured.psn_no, "setl_id": "", "mdtrt_id": question.mdtrt_id}
    return Payload({"data": data}, question.insured.insuplc_admdvs)


def _read_settled_ids(question: VisitKey, value: object) -> tuple[str, ...]:
    """Distinct ids in the centre's order. The field must be there: a row without it proves nothing."""
    ids = (row.nullable("setl_id") for row in _fee_rows(value))
    return tuple(dict.fromkeys(setl_id for setl_id in ids if setl_id))


def _fee_rows(value: object) -> tuple[Node, ...]:
    """No source names 5204's node: the output itself is a list, or an object that holds one list."""
    lists = [item for item in value.values() if isinstance(item, list)] if isinstance(value, Mapping) else [value]
    if len(lists) != 1 or not isinstance(lists[0], list):
        raise OutcomeUnknown("output holds no list of fee details")
    return rows("output", lists[0])


UPLOAD_CHARGES = enveloped(Operation.UPLOAD_CHARGES, _write_charges, _read_charges)
WITHDRAW_CHARGES = enveloped(Operation.WITHDRAW_CHARGES, _write_batch, no_output)
SETTLED_IDS = enveloped(Operation.FEE_DETAILS, _write_visit_key, _read_settled_ids)
