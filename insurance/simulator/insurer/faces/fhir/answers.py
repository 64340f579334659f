"""What the centre said, as FHIR: the output of each transaction, and every refusal (docs/fhir.md)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from insurance.simulator.insurer.envelope import DEFAULT_REGION
from insurance.simulator.insurer.faces.fhir.asked import SPLIT, Asked
from insurance.simulator.insurer.faces.fhir.words import (
    BASE,
    HL7,
    VISIT_URL,
    amount,
    amounts,
    by_reference,
    code,
    concept,
    identifier,
    inside,
    instant,
    logical,
    money,
    sid,
)
from insurance.simulator.insurer.ledger import CHINA
from insurance.simulator.money import JsonObject, fen, yuan

FUND_PARTS = ("hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay", "maf_pay", "oth_pay")
PAYERS = ("fund_pay_sumamt", "acct_pay", "acct_mulaid_pay", "hosp_part_amt", *FUND_PARTS)
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

Answer = tuple[int, JsonObject]


def answered(asked: Asked, output: object) -> Answer:
    """A success."""
    return ANSWERS[asked.infno](asked, output)


def refused(asked: Asked, text: str) -> Answer:
    """A business refusal, in the place that the resource has for it; else as an OperationOutcome."""
    reason = _reason(text)
    if asked.resource and asked.infno in OPERATIONS:
        return 200, {**_response(asked, asked.resource), "outcome": "error", "error": [{"code": reason}]}
    if asked.resource and asked.infno == "2601":
        return 201, {**asked.resource, "status": "rejected", "statusReason": reason}
    if asked.infno == "5203" and code(reason, "refusal") == "no_such_settlement":
        return 200, _bundle("searchset", [])
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
        "created": _now(),
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


def _lines(asked: Asked, output: JsonObject) -> Answer:
    """Each line split by policy, told by its place in the Claim."""
    items = [{"itemSequence": _place(row), "adjudication": _adjudication(row)} for row in output["result"]]
    return 200, {**_response(asked, asked.resource or {}), "item": items}


def _place(row: JsonObject) -> int:
    return int(row["feedetl_sn"].rpartition(".")[2])


def _adjudication(row: JsonObject) -> list[JsonObject]:
    said = {**row, "medfee_sumamt": row["det_item_fee_sumamt"], "overlmt_selfpay": row["overlmt_amt"]}
    rows = amounts(said, ("medfee_sumamt", *SPLIT))
    rows[-1]["reason"] = concept("chrgitm_lv", row["chrgitm_lv"])
    return rows


def _withdrawn(asked: Asked, output: object) -> Answer:
    return 200, _response(asked, asked.resource or {})


def _bill(asked: Asked, output: JsonObject) -> Answer:
    """A trial or settlement, or the negative of one that was taken back."""
    return 200, {**_response(asked, asked.resource or {}), **_paid(output["setlinfo"])}


def _paid(info: JsonObject) -> JsonObject:
    """Totals, and of a settlement its number, time and payment."""
    person = {
        "psn_part_amt": info.get("psn_part_amt", info.get("psn_pay")),
        "psn_cash_pay": info.get("psn_cash_pay", info.get("cash_payamt")),
    }
    parts: JsonObject = {"total": [*amounts(info, ("medfee_sumamt", *SPLIT, *PAYERS)), *amounts(person, person)]}
    if not info["setl_id"]:
        return parts
    paid = yuan(fen(info["fund_pay_sumamt"]) + fen(info["acct_pay"]))
    parts["payment"] = {
        "type": concept("clr_type", info["clr_type"]),
        "date": info["setl_time"][:10],
        "amount": money(paid),
    }
    return {
        **parts,
        "identifier": [identifier("setl_id", info["setl_id"])],
        "created": instant(info["setl_time"]),
        "insurer": logical("Organization", "admdvs", info["clr_optins"]),
    }


def _response(asked: Asked, resource: JsonObject) -> JsonObject:
    """A ClaimResponse with what it must have, to the Claim that was sent."""
    psn_no = sid(inside(resource, "Patient")["identifier"], "psn_no")
    return {
        **_bare(psn_no, by_reference(resource["item"][0]["encounter"][0], "mdtrt_id"), resource["insurer"]),
        "contained": [{**inside(resource, "Coverage"), "beneficiary": logical("Patient", "psn_no", psn_no)}],
        "use": resource["use"],
        "request": logical("Claim", "msgid", asked.msgid),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "#coverage"}}],
    }


def _bare(psn_no: str, mdtrt_id: str, insurer: JsonObject) -> JsonObject:
    return {
        "resourceType": "ClaimResponse",
        "extension": [{"url": VISIT_URL, "valueReference": logical("Encounter", "mdtrt_id", mdtrt_id)}],
        "status": "active",
        "type": {"coding": [{"system": f"{HL7}/claim-type", "code": "institutional"}]},
        "use": "claim",
        "patient": logical("Patient", "psn_no", psn_no),
        "created": _now(),
        "insurer": insurer,
        "outcome": "complete",
    }


def _queried(asked: Asked, output: JsonObject) -> Answer:
    """5203 as a match: with the message that made it, and whether it was taken back."""
    info, data = output["setlinfo"], asked.input["data"]
    office = logical("Organization", "admdvs", info["clr_optins"])
    policy = {
        "resourceType": "Coverage",
        "id": "coverage",
        "status": "active",
        "type": concept("insutype", info["insutype"]),
        "beneficiary": logical("Patient", "psn_no", data["psn_no"]),
        "payor": [office],
    }
    match = {
        **_bare(data["psn_no"], data["mdtrt_id"], office),
        **_paid(info),
        "contained": [policy],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "#coverage"}}],
        "request": logical("Claim", "msgid", info["medins_setl_id"]),
        "status": "cancelled" if info["refd_setl_flag"] == "1" else "active",
    }
    return 200, _bundle("searchset", [match])


def _standing(asked: Asked, output: list[JsonObject]) -> Answer:
    """5204 names a settlement at each of its lines; here each is a match, once."""
    data, office = asked.input["data"], logical("Organization", "admdvs", asked.region or DEFAULT_REGION)
    ids = dict.fromkeys(row["setl_id"] for row in output if row["setl_id"])
    bare = _bare(data["psn_no"], data["mdtrt_id"], office)
    return 200, _bundle("searchset", [{**bare, "identifier": [identifier("setl_id", each)]} for each in ids])


def _visits(asked: Asked, output: JsonObject) -> Answer:
    return 200, _bundle("searchset", [_visit(row) for row in output["mdtrtinfo"]])


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


def _bundle(kind: str, matches: list[JsonObject]) -> JsonObject:
    entries = [
        {"fullUrl": f"{BASE}/{each['resourceType']}/{place}", "resource": each, "search": {"mode": "match"}}
        for place, each in enumerate(matches, 1)
    ]
    bundle: JsonObject = {"resourceType": "Bundle", "type": kind, "total": len(matches)}
    return {**bundle, "entry": entries} if entries else bundle


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
        "created": _now(),
        "paymentIssuer": logical("Organization", "admdvs", data["setl_optins"]),
        "paymentDate": data["stmt_enddate"],
        "paymentAmount": money(data["fund_pay_sumamt"]),
    }


def _now() -> str:
    return datetime.now(CHINA).isoformat(timespec="seconds")


ANSWERS: dict[str, Callable[[Asked, Any], Answer]] = {
    "1101": _eligibility,
    "2201": _registered,
    "2202": _transacted,
    "2203": _transacted,
    "2204": _lines,
    "2205": _withdrawn,
    "2206A": _bill,
    "2207A": _bill,
    "2208": _bill,
    "2601": _reversed,
    "3201": _totals,
    "3202": _details,
    "5201": _visits,
    "5203": _queried,
    "5204": _standing,
    "9101": _kept,
}
