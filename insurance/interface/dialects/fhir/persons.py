"""Who holds the card and how he is insured (1101): CoverageEligibilityRequest/$submit. Source: protocol 3.1, 7."""

from datetime import datetime

from insurance.interface.dialects.fhir.exchanges import instant, post
from insurance.interface.dialects.fhir.parties import PATIENT, hospital, insurer, region
from insurance.interface.dialects.fhir.reading import coded, contained, fen, identified, referred, required, text
from insurance.interface.dialects.fhir.replies import outcome, resource
from insurance.interface.dialects.fhir.vocabulary import (
    IN_ERROR,
    Codes,
    Json,
    Sid,
    amount_code,
    card_identifiers,
    identifier,
)
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.messages import Insurance, Person
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import PersonQuestion

IN_FORCE, NOT_IN_FORCE = "1", "0"


def _encode(profile: Profile, msgid: str, now: datetime, question: PersonQuestion) -> Request:
    holder: Json = {"resourceType": "Patient", "id": "patient", "identifier": card_identifiers(question.card)}
    if question.insuplc_admdvs:
        holder["managingOrganization"] = region(question.insuplc_admdvs)
    document = {
        "resourceType": "CoverageEligibilityRequest",
        "contained": [holder],
        "identifier": [identifier(Sid.MESSAGE, msgid)],
        "status": "active",
        "purpose": ["discovery", "benefits"],
        "patient": PATIENT,
        "created": instant(now),
        "provider": hospital(profile),
        "insurer": insurer(profile),
    }
    return post(profile, Operation.PERSON, "/CoverageEligibilityRequest/$submit", msgid, document)


def _decode(question: PersonQuestion, reply: Reply) -> Person:
    answer = resource(reply, "CoverageEligibilityResponse")
    outcome(answer, binds=False)
    holder = contained(answer, answer["patient"], "Patient")
    identifiers = holder.get("identifier") or ()
    return Person(
        psn_no=required(identified(identifiers, Sid.PERSON), "psn_no"),
        name=next((text(each.get("text")) for each in holder.get("name") or ()), ""),
        certno=identified(identifiers, Sid.CERTIFICATE),
        rows=tuple(_row(answer, each) for each in answer.get("insurance") or ()),
    )


def _row(answer: Json, insurance: Json) -> Insurance:
    policy = contained(answer, insurance["coverage"], "Coverage")
    classes = [each for each in policy.get("class") or () if coded(each["type"], Codes.CLASS) == "psn_type"]
    return Insurance(
        insutype=required(coded(policy.get("type"), Codes.INSURANCE), "insutype"),
        insuplc_admdvs=required(referred(policy["payor"][0], Sid.REGION), "insuplc_admdvs"),
        balance_fen=_balance(insurance),
        psn_type=next((text(each.get("value")) for each in classes), ""),
        status=IN_FORCE if insurance.get("inforce") is True and policy.get("status") != IN_ERROR else NOT_IN_FORCE,
    )


def _balance(insurance: Json) -> int:
    """The personal account, as a benefit; an insurance without one has none."""
    benefits = [each for item in insurance.get("item") or () for each in item.get("benefit") or ()]
    system, code = amount_code("balc")
    return sum(fen(each.get("allowedMoney") or {}, "balc") for each in benefits if coded(each["type"], system) == code)


PERSON: Exchange[PersonQuestion, Person] = Exchange(Operation.PERSON, _encode, _decode)
