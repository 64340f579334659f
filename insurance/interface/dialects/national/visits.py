"""The visit at the centre: 2201, 2202, 2203A, 5201. Source: protocol 3.2-3.4, 3.13."""

from insurance.interface.dialects.national.envelope import Payload, day, wall_time
from insurance.interface.dialects.national.exchanges import enveloped, no_output
from insurance.interface.dialects.national.fields import Node
from insurance.interface.dialects.national.persons import card_fields, person_fields
from insurance.interface.messages import Diagnosis, Visit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import Registration, RegistrationKey, VisitSearch, VisitUpload


def listed(profile: Profile, rows: list[dict[str, str]]) -> object:
    """A list as the specification has it, or the single object of Zhejiang."""
    return rows[0] if profile.single_objects and len(rows) == 1 else rows


def _write_registration(profile: Profile, question: Registration) -> Payload:
    insured, visit = question.insured, question.visit
    data = {
        "psn_no": insured.psn_no,
        "insutype": insured.insutype,
        "begntime": wall_time(visit.begin_at),
        **card_fields(question.card),
        **(person_fields(insured) if profile.person_fields else {}),
        "ipt_otp_no": visit.ipt_otp_no,
        "atddr_no": visit.doctor_code,
        "dr_name": visit.doctor_name,
        "dept_code": visit.dept_code,
        "dept_name": visit.dept_name,
        "caty": visit.caty,
    }
    return Payload({"data": data}, insured.insuplc_admdvs)


def _read_registration(question: Registration, value: object) -> str:
    return Node("output", value).node("data").text("mdtrt_id")


def _write_registration_key(profile: Profile, question: RegistrationKey) -> Payload:
    insured = question.insured
    data = {"psn_no": insured.psn_no, "mdtrt_id": question.mdtrt_id, "ipt_otp_no": question.ipt_otp_no}
    return Payload({"data": data}, insured.insuplc_admdvs)


def _write_visit(profile: Profile, question: VisitUpload) -> Payload:
    visit = question.visit
    mdtrtinfo = {
        "mdtrt_id": question.mdtrt_id,
        "psn_no": question.insured.psn_no,
        "med_type": visit.med_type,
        "begntime": _begun(profile, visit),
        "main_cond_dscr": visit.complaint,
        "dise_codg": visit.dise_codg,
        "dise_name": visit.dise_name,
        "birctrl_type": "",
        "birctrl_matn_date": "",
        "matn_type": "",
        "geso_val": "",
    }
    rows = [_diagnosis(profile, visit, place, row) for place, row in enumerate(visit.diagnoses, 1)]
    return Payload({"mdtrtinfo": mdtrtinfo, "diseinfo": listed(profile, rows)}, question.insured.insuplc_admdvs)


def _diagnosis(profile: Profile, visit: Visit, place: int, row: Diagnosis) -> dict[str, str]:
    return {
        "diag_type": row.type,
        "diag_srt_no": row.srt_no or str(place),
        "diag_code": row.code,
        "diag_name": row.name,
        "diag_dept": visit.dept_code,
        "dise_dor_no": visit.doctor_code,
        "dise_dor_name": visit.doctor_name,
        "diag_time": _begun(profile, visit),
        "vali_flag": row.vali_flag,
    }


def _begun(profile: Profile, visit: Visit) -> str:
    return day(visit.begin_at) if profile.visit_days else wall_time(visit.begin_at)


def _write_search(profile: Profile, question: VisitSearch) -> Payload:
    data = {
        "psn_no": question.insured.psn_no,
        "begntime": wall_time(question.begin_at),
        "endtime": wall_time(question.end_at),
        "med_type": question.med_type,
        "mdtrt_id": "",
    }
    return Payload({"data": data}, question.insured.insuplc_admdvs)


def _read_search(question: VisitSearch, value: object) -> tuple[tuple[str, str], ...]:
    found = Node("output", value).rows("mdtrtinfo")
    return tuple((row.text("mdtrt_id"), row.text_or_empty("ipt_otp_no")) for row in found)


REGISTER = enveloped(Operation.REGISTER, _write_registration, _read_registration)
CANCEL_REGISTRATION = enveloped(Operation.CANCEL_REGISTRATION, _write_registration_key, no_output)
UPLOAD_VISIT = enveloped(Operation.UPLOAD_VISIT, _write_visit, no_output)
FIND_VISITS = enveloped(Operation.FIND_VISITS, _write_search, _read_search)
