"""What the centre said, as FHIR: the output of each transaction, and every refusal (docs/fhir.md)."""

from collections.abc import Callable
from typing import Any

from insurance.simulator.insurer.faces.fhir.asked import Asked
from insurance.simulator.insurer.faces.fhir.responses import (
    Answer,
    bill,
    bundle,
    lines,
    now,
    queried,
    response,
    standing,
    withdrawn,
)
from insurance.simulator.insurer.faces.fhir.words import (
    HL7,
    amount,
    code,
    concept,
    identifier,
    instant,
    logical,
    money,
)
from insurance.simulator.money import JsonObject

OPERATIONS = ("2204", "2205", "2206A", "2207A", "2208")
REFUSALS = (
    ("未查询到需要冲正", "nothing_to_reverse"),
    ("退费结算标志不为未退费", "already_reversed"),
    ("未查询到需要撤销的结算信息", "no_such_settlement"),
    ("未查询到结算信息", "no_such_settlement"),
    ("未查询到就诊信息", "no_such_visit"),
    ("未查询到有效的就诊信息", "no_such_visit"),
    ("已结算", "already_settled"),
)


def answered(asked: Asked, output: object) -> Answer:
    """A success."""
    return ANSWERS[asked.infno](asked, output)


def refused(asked: Asked, text: str) -> Answer:
    """A business refusal, in the place that the resource has for it; else as an OperationOutcome."""
    reason = _reason(text)
    if asked.resource and asked.infno in OPERATIONS:
        return 200, {**response(asked, asked.resource), "outcome": "error", "error": [{"code": reason}]}
    if asked.resource and asked.infno == "2601":
        return 201, {**asked.resource, "status": "rejected", "statusReason": reason}
    if asked.infno == "5203" and code(reason, "refusal") == "no_such_settlement":
        return 200, bundle("searchset", [])
    if code(reason, "refusal").startswith("no_such"):
        return 404, problem("not-found", reason)
    return 422, problem("business-rule", reason)


def problem(kind: str, details: JsonObject, severity: str = "error") -> JsonObject:
    """An OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": kind, "details": details}]}


def _reason(text: str) -> JsonObject:
    word = next((word for part, word in REFUSALS if part in text), "")
    return {**(concept("refusal", word) if word else {}), "text": text}


def _eligibility(asked: Asked, output: JsonObject) -> Answer:
    base, resource = output["baseinfo"], asked.resource or {}
    numbers = [identifier("psn_no", base["psn_no"])]
    if base["certno"]:
        numbers.append(identifier("certno", base["certno"]))
    holder = {"resourceType": "Patient", "id": "patient", "identifier": numbers, "name": [{"text": base["psn_name"]}]}
    policies = [_policy(row, base["psn_no"], f"coverage{place}") for place, row in enumerate(output["insuinfo"], 1)]
    rows = [_insurance(row, f"coverage{place}") for place, row in enumerate(output["insuinfo"], 1)]
    return 200, {
        "resourceType": "CoverageEligibilityResponse",
        "contained": [holder, *policies],
        "status": "active",
        "purpose": resource["purpose"],
        "patient": {"reference": "#patient"},
        "created": now(),
        "request": logical("CoverageEligibilityRequest", "msgid", asked.msgid),
        "outcome": "complete",
        "insurer": resource["insurer"],
        "insurance": rows,
    }


def _policy(row: JsonObject, psn_no: str, id: str) -> JsonObject:
    return {
        "resourceType": "Coverage",
        "id": id,
        "status": "active" if row["psn_insu_stas"] == "1" else "cancelled",
        "type": concept("insutype", row["insutype"]),
        "subscriberId": psn_no,
        "beneficiary": {"reference": "#patient"},
        "payor": [logical("Organization", "admdvs", row["insuplc_admdvs"])],
        "class": [{"type": concept("coverage-class", "psn_type"), "value": row["psn_type"]}],
    }


def _insurance(row: JsonObject, id: str) -> JsonObject:
    benefit = {"type": amount("balc", 0)["category"], "allowedMoney": money(row["balc"])}
    item = {"category": {"text": "个人账户"}, "benefit": [benefit]}
    return {"coverage": {"reference": f"#{id}"}, "inforce": row["psn_insu_stas"] == "1", "item": [item]}


def _registered(asked: Asked, output: JsonObject) -> Answer:
    resource, data = asked.resource or {}, output["data"]
    return 201, {**resource, "identifier": [*resource["identifier"], identifier("mdtrt_id", data["mdtrt_id"])]}


def _transacted(asked: Asked, output: object) -> Answer:
    entries = [{"response": {"status": "200 OK"}} for _ in (asked.resource or {})["entry"]]
    return 200, {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


def _visits(asked: Asked, output: JsonObject) -> Answer:
    return 200, bundle("searchset", [_visit(row) for row in output["mdtrtinfo"]])


def _visit(row: JsonObject) -> JsonObject:
    return {
        "resourceType": "Encounter",
        "identifier": [identifier("mdtrt_id", row["mdtrt_id"]), identifier("ipt_otp_no", row["ipt_otp_no"])],
        "status": "in-progress",
        "class": {"system": f"{HL7}/v3-ActCode", "code": "VR"},
        "subject": logical("Patient", "psn_no", row["psn_no"]),
        "period": {"start": instant(row["begntime"])},
    }


def _kept(asked: Asked, output: JsonObject) -> Answer:
    """Where the file lies is said in the header, which is made of this; an id may hold no slash."""
    said = problem("informational", {"text": "created"}, "information")
    said["issue"][0]["diagnostics"] = f"/Binary/{output['file_qury_no'].replace('/', '.')}"
    return 201, said


def _reversed(asked: Asked, output: object) -> Answer:
    return 201, {**(asked.resource or {}), "status": "completed"}


def _totals(asked: Asked, output: JsonObject) -> Answer:
    info = output["stmtinfo"]
    said = "complete" if info["stmt_rslt"] == "0" else "partial"
    return 200, {**_reconciliation(asked), "outcome": said, "disposition": info["stmt_rslt_dscr"]}


def _details(asked: Asked, output: JsonObject) -> Answer:
    """Where the result lies; the file's number with dots, as an id may hold no slash."""
    info = output["fileinfo"]
    result = {
        "type": {"text": "对账结果"},
        "response": {"reference": f"Binary/{info['file_qury_no'].replace('/', '.')}", "display": info["filename"]},
        "date": info["dld_endtime"][:10],
    }
    return 200, {**_reconciliation(asked), "outcome": "complete", "detail": [result]}


def _reconciliation(asked: Asked) -> JsonObject:
    data = asked.input["data"]
    return {
        "resourceType": "PaymentReconciliation",
        "status": "active",
        "period": {"start": data["stmt_begndate"], "end": data["stmt_enddate"]},
        "created": now(),
        "paymentIssuer": logical("Organization", "admdvs", data["setl_optins"]),
        "paymentDate": data["stmt_enddate"],
        "paymentAmount": money(data["fund_pay_sumamt"]),
    }


ANSWERS: dict[str, Callable[[Asked, Any], Answer]] = {
    "1101": _eligibility,
    "2201": _registered,
    "2202": _transacted,
    "2203": _transacted,
    "2204": lines,
    "2205": withdrawn,
    "2206A": bill,
    "2207A": bill,
    "2208": bill,
    "2601": _reversed,
    "3201": _totals,
    "3202": _details,
    "5201": _visits,
    "5203": queried,
    "5204": standing,
    "9101": _kept,
}
