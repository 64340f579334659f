"""Who is spoken of: patient, coverage, hospital, insurer - as contained resources or by identifier."""

from insurance.interface.dialects.fhir.vocabulary import (
    Codes,
    Json,
    Sid,
    card_identifiers,
    coding,
    concept,
    identifier,
    logical,
)
from insurance.interface.messages import Card, Insured
from insurance.interface.profile import Profile

PATIENT, COVERAGE = {"reference": "#patient"}, {"reference": "#coverage"}


def patient(insured: Insured, card: Card | None = None) -> Json:
    """The insured person by psn_no, and the card where the insurer wants to see it again (2201, 2206, 2207)."""
    shown = card_identifiers(card) if card else []
    return {"resourceType": "Patient", "id": "patient", "identifier": [identifier(Sid.PERSON, insured.psn_no), *shown]}


def coverage(insured: Insured) -> Json:
    """The insurance row chosen from 1101: its kind, and the pooling region that pays (`insuplc_admdvs`)."""
    row: Json = {
        "resourceType": "Coverage",
        "id": "coverage",
        "status": "active",
        "type": concept(Codes.INSURANCE, insured.insutype),
        "subscriberId": insured.psn_no,
        "beneficiary": PATIENT,
        "payor": [region(insured.insuplc_admdvs)],
    }
    if insured.psn_type:
        row["class"] = [{"type": {"coding": [coding(Codes.CLASS, "psn_type")]}, "value": insured.psn_type}]
    return row


def covered() -> list[Json]:
    """Claim.insurance: the one contained coverage."""
    return [{"sequence": 1, "focal": True, "coverage": COVERAGE}]


def person(insured: Insured) -> Json:
    """The insured person by identifier alone."""
    return logical("Patient", Sid.PERSON, insured.psn_no)


def hospital(profile: Profile) -> Json:
    """We."""
    return logical("Organization", Sid.INSTITUTION, profile.institution_code, profile.institution_name)


def insurer(profile: Profile) -> Json:
    """The insurer where care is given (mdtrtarea_admvs)."""
    return region(profile.region)


def region(admdvs: str) -> Json:
    """An insurance region as the organization that it is."""
    return logical("Organization", Sid.REGION, admdvs)
