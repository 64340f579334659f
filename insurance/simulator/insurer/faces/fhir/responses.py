"""ClaimResponses: the split of lines, a bill, what stands (docs/fhir.md)."""

from datetime import datetime

from insurance.simulator.insurer.envelope import DEFAULT_REGION
from insurance.simulator.insurer.faces.fhir.asked import SPLIT, Asked
from insurance.simulator.insurer.faces.fhir.words import (
    BASE,
    HL7,
    VISIT_URL,
    amounts,
    by_reference,
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

Answer = tuple[int, JsonObject]


def lines(asked: Asked, output: JsonObject) -> Answer:
    """Each line split by policy, told by its place in the Claim."""
    items = [{"itemSequence": _place(row), "adjudication": _adjudication(row)} for row in output["result"]]
    return 200, {**response(asked, asked.resource or {}), "item": items}


def _place(row: JsonObject) -> int:
    return int(row["feedetl_sn"].rpartition(".")[2])


def _adjudication(row: JsonObject) -> list[JsonObject]:
    said = {**row, "medfee_sumamt": row["det_item_fee_sumamt"], "overlmt_selfpay": row["overlmt_amt"]}
    rows = amounts(said, ("medfee_sumamt", *SPLIT))
    rows[-1]["reason"] = concept("chrgitm_lv", row["chrgitm_lv"])
    return rows


def withdrawn(asked: Asked, output: object) -> Answer:
    return 200, response(asked, asked.resource or {})


def bill(asked: Asked, output: JsonObject) -> Answer:
    """A trial or settlement, or the negative of one that was taken back."""
    return 200, {**response(asked, asked.resource or {}), **_paid(output["setlinfo"])}


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


def response(asked: Asked, resource: JsonObject) -> JsonObject:
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
        "created": now(),
        "insurer": insurer,
        "outcome": "complete",
    }


def queried(asked: Asked, output: JsonObject) -> Answer:
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
    return 200, bundle("searchset", [match])


def standing(asked: Asked, output: list[JsonObject]) -> Answer:
    """5204 names a settlement at each of its lines; here each is a match, once."""
    data, office = asked.input["data"], logical("Organization", "admdvs", asked.region or DEFAULT_REGION)
    ids = dict.fromkeys(row["setl_id"] for row in output if row["setl_id"])
    bare = _bare(data["psn_no"], data["mdtrt_id"], office)
    return 200, bundle("searchset", [{**bare, "identifier": [identifier("setl_id", each)]} for each in ids])


def bundle(kind: str, matches: list[JsonObject]) -> JsonObject:
    entries = [
        {"fullUrl": f"{BASE}/{each['resourceType']}/{place}", "resource": each, "search": {"mode": "match"}}
        for place, each in enumerate(matches, 1)
    ]
    bundle: JsonObject = {"resourceType": "Bundle", "type": kind, "total": len(matches)}
    return {**bundle, "entry": entries} if entries else bundle


def now() -> str:
    return datetime.now(CHINA).isoformat(timespec="seconds")
