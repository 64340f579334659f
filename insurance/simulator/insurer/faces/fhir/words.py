"""Finding things in FHIR's JSON, and the systems and codes of docs/fhir.md."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from insurance.simulator.insurer.envelope import DATETIME, NotAnEnvelope
from insurance.simulator.insurer.ledger import CHINA
from insurance.simulator.money import JsonObject

BASE = "https://hospital-line.example/fhir"
SID = f"{BASE}/sid"
CODES = f"{BASE}/CodeSystem"
CARD = f"{SID}/mdtrt_cert_type/"
VISIT_URL = f"{BASE}/StructureDefinition/encounter"
TOTAL_URL = f"{BASE}/StructureDefinition/medfee_sumamt"
HL7 = "http://terminology.hl7.org/CodeSystem"

# Amounts for which HL7 has a code (valueset-adjudication); the others are ours, under their national names.
STANDARD = {"medfee_sumamt": "submitted", "inscp_scp_amt": "eligible", "fund_pay_sumamt": "benefit"}


def sid(rows: object, name: str) -> str:
    """The identifier of that system, or an empty text."""
    for row in rows if isinstance(rows, list) else [rows]:
        if isinstance(row, dict) and row.get("system") == f"{SID}/{name}":
            return str(row.get("value", ""))
    return ""


def by_reference(reference: object, name: str) -> str:
    """The identifier that a Reference gives."""
    return sid(reference.get("identifier"), name) if isinstance(reference, dict) else ""


def code(concept: object, name: str) -> str:
    """The code out of a local code system, in a CodeableConcept, a list of them, or a Coding."""
    for each in concept if isinstance(concept, list) else [concept]:
        codings = each.get("coding", [each]) if isinstance(each, dict) else []
        for coding in codings:
            if coding.get("system") == f"{CODES}/{name}":
                return str(coding.get("code", ""))
    return ""


def inside(resource: JsonObject, kind: str) -> JsonObject:
    """The contained resource of that kind."""
    for each in resource.get("contained", ()):
        if each.get("resourceType") == kind:
            return dict(each)
    raise NotAnEnvelope(f"contained {kind}不能为空")


def card(patient: JsonObject) -> tuple[str, str]:
    """Type and number of the credential; its type ends the system."""
    for row in patient.get("identifier", ()):
        if str(row.get("system", "")).startswith(CARD):
            return row["system"].removeprefix(CARD), str(row["value"])
    return "", ""


def wall(moment: object) -> str:
    """A dateTime in the centre's wall time."""
    try:
        return datetime.fromisoformat(str(moment)).astimezone(CHINA).strftime(DATETIME)
    except ValueError as error:
        raise NotAnEnvelope(f"dateTime格式不正确：{error}") from error


def instant(wall_time: object) -> str:
    """The centre's wall time as a dateTime with its zone."""
    zone = timedelta(hours=8)
    return f"{str(wall_time).replace(' ', 'T')}+{zone.seconds // 3600:02d}:00"


def identifier(name: str, value: object) -> JsonObject:
    return {"system": f"{SID}/{name}", "value": str(value)}


def logical(kind: str, name: str, value: object) -> JsonObject:
    """A Reference by identifier."""
    return {"type": kind, "identifier": identifier(name, value)}


def concept(name: str, value: object) -> JsonObject:
    """A CodeableConcept out of a local code system."""
    return {"coding": [{"system": f"{CODES}/{name}", "code": str(value)}]}


def money(yuan: object) -> JsonObject:
    return {"value": yuan, "currency": "CNY"}


def amount(name: str, yuan: object) -> JsonObject:
    """One amount by its category, as in `total` and `adjudication`."""
    system = (f"{HL7}/adjudication", STANDARD[name]) if name in STANDARD else (f"{CODES}/amount", name)
    return {"category": {"coding": [{"system": system[0], "code": system[1]}]}, "amount": money(yuan)}


def amounts(node: JsonObject, names: Iterable[str]) -> list[JsonObject]:
    """Those of the names that the node has."""
    return [amount(name, node[name]) for name in names if name in node]
