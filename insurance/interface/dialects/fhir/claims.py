"""What a Claim is here, whatever it is for: `Claim/$submit` and its ClaimResponse. Source: FHIR R4 financial module.

| status    | use              | stands for                                      |
|-----------|------------------|-------------------------------------------------|
| draft     | predetermination | 2204: the lines of a batch, split by policy     |
| active    | predetermination | 2206: the trial of a batch                      |
| active    | claim            | 2207: its settlement                            |
| cancelled | predetermination | 2205: the batch, or all open ones, is withdrawn |
| cancelled | claim            | 2208: the settlement is taken back              |
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from insurance.interface.amounts import to_yuan
from insurance.interface.dialects.fhir.exchanges import instant, post
from insurance.interface.dialects.fhir.parties import PATIENT, coverage, covered, hospital, insurer, patient
from insurance.interface.dialects.fhir.reading import CURRENCY, visit_of
from insurance.interface.dialects.fhir.replies import outcome, resource
from insurance.interface.dialects.fhir.vocabulary import Codes, Json, Sid, concept, identifier, logical
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Reply, Request
from insurance.interface.messages import Card, Insured
from insurance.interface.profile import Operation, Profile

TRIAL, SETTLEMENT = "predetermination", "claim"
WHOLE_BATCH = "charge-batch"


def money(fen: int) -> Json:
    """An amount on the wire."""
    return {"value": Decimal(to_yuan(fen)), "currency": CURRENCY}


def claim(
    profile: Profile,
    msgid: str,
    now: datetime,
    *,
    status: str,
    use: str,
    insured: Insured,
    card: Card | None = None,
    **parts: object,
) -> Json:
    """A Claim with what every Claim must have; our message id is its identifier, and so the key of a reversal."""
    return {
        "resourceType": "Claim",
        "contained": [patient(insured, card), coverage(insured)],
        "identifier": [identifier(Sid.MESSAGE, msgid)],
        "status": status,
        "type": concept(Codes.CLAIM_TYPE, "institutional"),
        "use": use,
        "patient": PATIENT,
        "created": instant(now),
        "insurer": insurer(profile),
        "provider": hospital(profile),
        "priority": concept(Codes.PRIORITY, "normal"),
        "insurance": covered(),
        **parts,
    }


def submit(profile: Profile, operation: Operation, msgid: str, document: Json) -> Request:
    """`POST Claim/$submit`."""
    return post(profile, operation, "/Claim/$submit", msgid, document)


def whole(mdtrt_id: str, total_fen: int | None = None) -> list[Json]:
    """The one item of a Claim that points at lines sent before: R4's Claim names its visit in an item only."""
    item: Json = {
        "sequence": 1,
        "productOrService": concept(Codes.PRODUCT, WHOLE_BATCH),
        "encounter": [visit(mdtrt_id)],
    }
    return [item if total_fen is None else {**item, "net": money(total_fen)}]


def visit(mdtrt_id: str) -> Json:
    """The visit by its mdtrt_id."""
    return logical("Encounter", Sid.VISIT, mdtrt_id)


def related(relation: str, system: str, value: str) -> list[Json]:
    """What the Claim goes back to: the batch of lines, or the settlement."""
    return [{"relationship": concept(Codes.RELATION, relation), "reference": identifier(system, value)}]


def information(rows: Sequence[tuple[str, Json]]) -> list[Json]:
    """What has no element of its own, by our category."""
    return [
        {"sequence": place, "category": concept(Codes.INFORMATION, name), **value}
        for place, (name, value) in enumerate(rows, 1)
    ]


def response(reply: Reply, use: str, mdtrt_id: str, *, binds: bool) -> Json:
    """The ClaimResponse of a success, of that use and visit; everything else raises one of the four InterfaceErrors."""
    answer = resource(reply, "ClaimResponse")
    outcome(answer, binds=binds)
    if answer["use"] != use:
        raise OutcomeUnknown(f"the ClaimResponse is no {use}")
    if visit_of(answer) != mdtrt_id:
        raise OutcomeUnknown("the ClaimResponse is another visit's")
    return answer
