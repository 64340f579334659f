"""A FHIR request as the national transaction that it stands for: number and `input` (docs/fhir.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from insurance.simulator.insurer.envelope import NotAnEnvelope
from insurance.simulator.insurer.faces.fhir.words import TOTAL_URL, by_reference, card, code, inside, sid, wall
from insurance.simulator.money import JsonObject

NOT_SAID = "-"
SPLIT = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")


@dataclass(frozen=True)
class Asked:
    """What a request asks for: the transaction, its input, the region, our message id, and the resource as it came."""

    infno: str
    input: JsonObject
    region: str = ""
    msgid: str = ""
    resource: JsonObject | None = None


def eligibility(resource: JsonObject) -> Asked:
    cert_type, cert_no = card(inside(resource, "Patient"))
    data = {"mdtrt_cert_type": cert_type, "mdtrt_cert_no": cert_no}
    return _asked("1101", {"data": data}, resource)


def encounter(resource: JsonObject) -> Asked:
    patient, policy = inside(resource, "Patient"), inside(resource, "Coverage")
    cert_type, cert_no = card(patient)
    doctor, place = resource["participant"][0]["individual"], resource["location"][0]["location"]
    data = {
        "psn_no": sid(patient["identifier"], "psn_no"),
        "insutype": code(policy["type"], "insutype"),
        "begntime": wall(resource["period"]["start"]),
        "mdtrt_cert_type": cert_type,
        "mdtrt_cert_no": cert_no,
        "ipt_otp_no": sid(resource["identifier"], "ipt_otp_no"),
        "dept_code": by_reference(place, "dept_code"),
        "dept_name": place.get("display", ""),
        "caty": code(resource["serviceType"], "caty"),
        "atddr_no": by_reference(doctor, "atddr_no"),
        "dr_name": doctor.get("display", ""),
    }
    return _asked("2201", {"data": data}, resource)


def transaction(bundle: JsonObject) -> Asked:
    """The update of one visit, with its diagnoses or as cancelled."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    visit = next(each for each in resources if each["resourceType"] == "Encounter")
    keys = {"mdtrt_id": sid(visit["identifier"], "mdtrt_id"), "psn_no": by_reference(visit["subject"], "psn_no")}
    if visit["status"] == "cancelled":
        numbered = {**keys, "ipt_otp_no": sid(visit["identifier"], "ipt_otp_no")}
        return _asked("2202", {"data": numbered}, bundle)
    info = {**keys, "med_type": code(visit["type"], "med_type"), "begntime": wall(visit["period"]["start"])}
    conditions = [each for each in resources if each["resourceType"] == "Condition"]
    return _asked("2203", {"mdtrtinfo": info, "diseinfo": [_diagnosis(each) for each in conditions]}, bundle)


def _diagnosis(condition: JsonObject) -> JsonObject:
    disease = condition["code"]["coding"][0]
    confirmed = condition["verificationStatus"]["coding"][0]["code"] == "confirmed"
    return {
        "diag_type": code(condition["category"], "diag_type"),
        "diag_srt_no": sid(condition["identifier"], "diag_srt_no"),
        "diag_code": disease["code"],
        "diag_name": disease["display"],
        "vali_flag": "1" if confirmed else "0",
    }


def claim(resource: JsonObject) -> Asked:
    """By status and use; the visit stands in the items."""
    kind = (resource["status"], resource["use"])
    if kind not in CLAIMS:
        raise NotAnEnvelope(f"不支持的Claim：{kind[0]} {kind[1]}")
    infno, read = CLAIMS[kind]
    keys = {
        "psn_no": sid(inside(resource, "Patient")["identifier"], "psn_no"),
        "mdtrt_id": by_reference(resource["item"][0]["encounter"][0], "mdtrt_id"),
    }
    return _asked(infno, read(resource, keys), resource)


def _lines(resource: JsonObject, keys: JsonObject) -> JsonObject:
    """A line has no number of its own here: its batch and place stand for it."""
    batch, doctor = sid(resource["identifier"], "chrg_bchno"), resource["careTeam"][0]["provider"]
    return {"feedetail": [_line(item, doctor, {**keys, "chrg_bchno": batch}) for item in resource["item"]]}


def _line(item: JsonObject, doctor: JsonObject, keys: JsonObject) -> JsonObject:
    return {
        **keys,
        "feedetl_sn": f"{keys['chrg_bchno']}.{item['sequence']}",
        "rx_circ_flag": "0",
        "hosp_appr_flag": "1",
        "fee_ocur_time": wall(item["servicedPeriod"]["start"]),
        "med_list_codg": code(item["productOrService"], "med_list_codg"),
        "medins_list_codg": code(item["productOrService"], "medins_list_codg"),
        "det_item_fee_sumamt": item["net"]["value"],
        "cnt": item["quantity"]["value"],
        "pric": item["unitPrice"]["value"],
        "bilg_dept_codg": by_reference(item["locationReference"], "dept_code"),
        "bilg_dept_name": item["locationReference"].get("display", NOT_SAID),
        "bilg_dr_codg": by_reference(doctor, "atddr_no"),
        "bilg_dr_name": doctor.get("display", NOT_SAID),
    }


def _batch(resource: JsonObject, keys: JsonObject) -> JsonObject:
    return {"data": {**keys, "chrg_bchno": _related(resource, "charges", "chrg_bchno") or "0000"}}


def _pricing(resource: JsonObject, keys: JsonObject) -> JsonObject:
    cert_type, cert_no = card(inside(resource, "Patient"))
    used = _told(resource, "acct_used_flag").get("valueBoolean")
    data = {
        **keys,
        "mdtrt_cert_type": cert_type,
        "mdtrt_cert_no": cert_no,
        "med_type": code(resource["subType"], "med_type"),
        "medfee_sumamt": resource["total"]["value"],
        "psn_setlway": "01",
        "chrg_bchno": _related(resource, "charges", "chrg_bchno"),
        "acct_used_flag": "1" if used else "0",
        "insutype": code(inside(resource, "Coverage")["type"], "insutype"),
    }
    return {"data": data}


def _settling(resource: JsonObject, keys: JsonObject) -> JsonObject:
    split = {name: _told(resource, name).get("valueQuantity", {}).get("value") for name in SPLIT}
    invono = _told(resource, "invono").get("valueString", "")
    return {"data": {**_pricing(resource, keys)["data"], **split, "invono": invono}}


def _settlement(resource: JsonObject, keys: JsonObject) -> JsonObject:
    return {"data": {**keys, "setl_id": _related(resource, "settlement", "setl_id")}}


def _related(resource: JsonObject, relation: str, name: str) -> str:
    rows = [each for each in resource.get("related", ()) if code(each["relationship"], "relation") == relation]
    return sid([each["reference"] for each in rows], name)


def _told(resource: JsonObject, name: str) -> JsonObject:
    rows = resource.get("supportingInfo", ())
    return next((dict(each) for each in rows if code(each["category"], "information") == name), {})


def task(resource: JsonObject) -> Asked:
    """A reversal: of a settlement, the only message of ours that can be reversed (protocol 3.10)."""
    if code(resource["code"], "task") != "nullify":
        raise NotAnEnvelope("不支持的Task")
    data = {"psn_no": by_reference(resource["for"], "psn_no"), "omsgid": by_reference(resource["focus"], "msgid")}
    return _asked("2601", {"data": {**data, "oinfno": "2207"}}, resource)


def visits(body: bytes) -> Asked:
    given = _form(body)
    days = {each[:2]: wall(each[2:]) for name, each in given if name == "date"}
    data = {"psn_no": _token(given, "subject:identifier"), "begntime": days["ge"], "endtime": days["le"]}
    return Asked("5201", {"data": {**data, "med_type": _token(given, "type")}})


def responses(body: bytes) -> Asked:
    """With a number that one settlement; without, those that stand at the visit."""
    given = _form(body)
    psn_no, setl_id = _token(given, "patient:identifier"), _token(given, "identifier")
    data = {"psn_no": psn_no, "mdtrt_id": _token(given, "request.encounter:identifier"), "setl_id": setl_id}
    return Asked("5203" if setl_id else "5204", {"data": data})


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode())


def _token(given: list[tuple[str, str]], name: str) -> str:
    """The value behind the system."""
    found = next((value for key, value in given if key == name), "")
    return found.rpartition("|")[2].replace("\\", "")


def reconciliation(resource: JsonObject) -> Asked:
    """Totals alone, or with the number of a file that says each settlement."""
    given: dict[str, Any] = {}
    for row in resource["parameter"]:
        given[row["name"]] = next(value for key, value in row.items() if key.startswith("value"))
    data = {
        "setl_optins": by_reference(given["issuer"], "admdvs"),
        "clr_type": code(given.get("clearing"), "clr_type"),
        "stmt_begndate": given["period"]["start"],
        "stmt_enddate": given["period"]["end"],
        "medfee_sumamt": given["total"]["value"],
        "fund_pay_sumamt": given["fund"]["value"],
        "fixmedins_setl_cnt": given["count"],
    }
    if "statement" in given:
        number = given["statement"]["reference"].removeprefix("Binary/").replace(".", "/")
        more = {"cash_payamt": given["cash"]["value"], "file_qury_no": number}
        return _asked("3202", {"data": {**data, **more}}, resource)
    more = {"insutype": code(given["insutype"], "insutype"), "acct_pay": given["account"]["value"]}
    return _asked("3201", {"data": {**data, **more}}, resource)


def file() -> Asked:
    """9101: a file without a name."""
    return Asked("9101", {"fsUploadIn": {"filename": "statement.zip", "fixmedins_code": NOT_SAID}})


def notice(resource: JsonObject) -> Asked:
    """4261, which has no envelope of its own (protocol 3.16)."""
    visit = inside(resource, "Encounter")
    subject = visit.get("subject", {})
    totals = [each["valueMoney"]["value"] for each in resource["extension"] if each["url"] == TOTAL_URL]
    report = {
        "iptOtpNo": sid(visit["identifier"], "ipt_otp_no"),
        "mdtrtId": sid(visit["identifier"], "mdtrt_id"),
        "setlId": by_reference(resource.get("response"), "setl_id"),
        "psnName": subject.get("display", ""),
        "certno": by_reference(subject, "certno"),
        "medfeeSumamt": totals[0],
        "psnCashPay": resource["amount"]["value"],
    }
    return _asked("4261", report, resource)


def _asked(infno: str, input: JsonObject, resource: JsonObject) -> Asked:
    owner = resource.get("insurer") or resource.get("owner")
    return Asked(infno, input, by_reference(owner, "admdvs"), sid(resource.get("identifier"), "msgid"), resource)


CLAIMS: dict[tuple[str, str], tuple[str, Callable[[JsonObject, JsonObject], JsonObject]]] = {
    ("draft", "predetermination"): ("2204", _lines),
    ("cancelled", "predetermination"): ("2205", _batch),
    ("active", "predetermination"): ("2206A", _pricing),
    ("active", "claim"): ("2207A", _settling),
    ("cancelled", "claim"): ("2208", _settlement),
}
