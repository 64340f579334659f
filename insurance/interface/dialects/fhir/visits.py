"""The visit: 2201, 2202, 2203, 5201 as Encounter and Condition. Source: protocol 3.2-3.4, 3.13, 7.

A visit is one of the class VR (virtual), as an internet hospital's are. Nobody here knows the insurer's logical ids:
an update names the visit by its mdtrt_id (conditional update, http.html), in a transaction, which is a POST.
"""

from datetime import datetime
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from insurance.interface.dialects.fhir.exchanges import found, instant, post, search, token, transact, transacted
from insurance.interface.dialects.fhir.parties import COVERAGE, PATIENT, coverage, hospital, patient, person
from insurance.interface.dialects.fhir.reading import identified, required
from insurance.interface.dialects.fhir.replies import resource
from insurance.interface.dialects.fhir.vocabulary import (
    IN_ERROR,
    Codes,
    Json,
    Sid,
    coding,
    concept,
    identifier,
    logical,
)
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.messages import Diagnosis, Insured, Visit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import Registration, RegistrationKey, VisitSearch, VisitUpload

VALID = "1"
ENDED = ("cancelled", IN_ERROR)
"""Also where a server does not know the modifier `:not`: such a visit is not ours to go on with."""


def _encounter(profile: Profile, subject: Json, status: str, identifiers: list[Json]) -> Json:
    return {
        "resourceType": "Encounter",
        "identifier": identifiers,
        "status": status,
        "class": coding(Codes.ACT, "VR"),
        "subject": subject,
        "serviceProvider": hospital(profile),
    }


def _described(visit: Visit) -> Json:
    """What is known of a visit when it begins."""
    return {
        "type": [concept(Codes.MEDICAL, visit.med_type)],
        "serviceType": concept(Codes.SPECIALTY, visit.caty),
        "participant": [{"individual": logical("Practitioner", Sid.DOCTOR, visit.doctor_code, visit.doctor_name)}],
        "period": {"start": instant(visit.begin_at)},
        "location": [{"location": logical("Location", Sid.DEPARTMENT, visit.dept_code, visit.dept_name)}],
    }


def _register(profile: Profile, msgid: str, now: datetime, question: Registration) -> Request:
    """The insurance that pays goes along as the account's coverage: R4's Encounter has no other place for it."""
    account = {"resourceType": "Account", "id": "account", "status": "active", "coverage": [{"coverage": COVERAGE}]}
    insured, visit = question.insured, question.visit
    numbers = [identifier(Sid.VISIT_NUMBER, visit.ipt_otp_no)]
    document = {
        **_encounter(profile, PATIENT, "in-progress", numbers),
        **_described(visit),
        "contained": [patient(insured, question.card), coverage(insured), account],
        "account": [{"reference": "#account"}],
    }
    return post(profile, Operation.REGISTER, "/Encounter", msgid, document)


def _registered(question: Registration, reply: Reply) -> str:
    answer = resource(reply, "Encounter")
    identifiers = answer.get("identifier") or ()
    if identified(identifiers, Sid.VISIT_NUMBER) != question.visit.ipt_otp_no:
        raise OutcomeUnknown("ipt_otp_no is another visit's")
    return required(identified(identifiers, Sid.VISIT), "mdtrt_id")


def _cancel(profile: Profile, msgid: str, now: datetime, question: RegistrationKey) -> Request:
    numbers = [identifier(Sid.VISIT, question.mdtrt_id), identifier(Sid.VISIT_NUMBER, question.ipt_otp_no)]
    document = _encounter(profile, person(question.insured), "cancelled", numbers)
    put = (_named(Sid.VISIT, question.mdtrt_id), _urn(msgid), document)
    return transact(profile, Operation.CANCEL_REGISTRATION, msgid, [put])


def _upload(profile: Profile, msgid: str, now: datetime, question: VisitUpload) -> Request:
    """The visit and its diagnoses, all at once; each overwrites what it names."""
    visit, insured = question.visit, question.insured
    encounter_url = _urn(msgid)
    urls = [_urn(f"{msgid}-{place}") for place in range(1, len(visit.diagnoses) + 1)]
    numbers = [identifier(Sid.VISIT, question.mdtrt_id), identifier(Sid.VISIT_NUMBER, visit.ipt_otp_no)]
    document = {
        **_encounter(profile, person(insured), "in-progress", numbers),
        **_described(visit),
        **_reason(visit),
        "diagnosis": [{"condition": {"reference": url}, "rank": place} for place, url in enumerate(urls, 1)],
    }
    puts = [(_named(Sid.VISIT, question.mdtrt_id), encounter_url, document)]
    for place, (url, row) in enumerate(zip(urls, visit.diagnoses, strict=True), 1):
        number = f"{question.mdtrt_id}-{row.srt_no or place}"
        condition = _condition(insured, visit, number, encounter_url, row)
        puts.append((_named(Sid.DIAGNOSIS, number), url, condition))
    return transact(profile, Operation.UPLOAD_VISIT, msgid, puts)


def _reason(visit: Visit) -> Json:
    """The complaint, and the disease by which chronic care is paid, if there are any."""
    coded = {"coding": [{**coding(Codes.DISEASE, visit.dise_codg), "display": visit.dise_name}]}
    reason = {**(coded if visit.dise_codg else {}), **({"text": visit.complaint} if visit.complaint else {})}
    return {"reasonCode": [reason]} if reason else {}


def _condition(insured: Insured, visit: Visit, number: str, encounter_url: str, row: Diagnosis) -> Json:
    standing = "confirmed" if row.vali_flag == VALID else "entered-in-error"
    kinds = [concept(Codes.CONDITION_CATEGORY, "encounter-diagnosis"), concept(Codes.DISEASE_KIND, row.type)]
    return {
        "resourceType": "Condition",
        "identifier": [identifier(Sid.DIAGNOSIS, number)],
        "verificationStatus": concept(Codes.CONDITION_VERIFIED, standing),
        "category": kinds,
        "code": {"coding": [{**coding(Codes.DISEASE, row.code), "display": row.name}]},
        "subject": person(insured),
        "encounter": {"reference": encounter_url},
        "recordedDate": instant(visit.begin_at),
        "asserter": logical("Practitioner", Sid.DOCTOR, visit.doctor_code, visit.doctor_name),
    }


def _find(profile: Profile, msgid: str, now: datetime, question: VisitSearch) -> Request:
    """5201: our visit number in the answer is the hook to find a visit whose registration was not answered."""
    parameters = [
        ("subject:identifier", token(Sid.PERSON, question.insured.psn_no)),
        ("date", f"ge{instant(question.begin_at)}"),
        ("date", f"le{instant(question.end_at)}"),
        ("type", token(Codes.MEDICAL, question.med_type)),
        ("status:not", "cancelled"),
    ]
    return search(profile, Operation.FIND_VISITS, "Encounter", msgid, parameters)


def _found(question: VisitSearch, reply: Reply) -> tuple[tuple[str, str], ...]:
    there = [each for each in found(reply, "Encounter") if each["status"] not in ENDED]
    numbers = [each.get("identifier") or () for each in there]
    return tuple(
        (required(identified(each, Sid.VISIT), "mdtrt_id"), identified(each, Sid.VISIT_NUMBER)) for each in numbers
    )


def _named(system: str, value: str) -> str:
    return urlencode({"identifier": token(system, value)})


def _urn(name: str) -> str:
    """The same for the same message: a resource that is written twice is written alike."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"


REGISTER: Exchange[Registration, str] = Exchange(Operation.REGISTER, _register, _registered)
CANCEL_REGISTRATION: Exchange[RegistrationKey, None] = Exchange(Operation.CANCEL_REGISTRATION, _cancel, transacted)
UPLOAD_VISIT: Exchange[VisitUpload, None] = Exchange(Operation.UPLOAD_VISIT, _upload, transacted)
FIND_VISITS: Exchange[VisitSearch, tuple[tuple[str, str], ...]] = Exchange(Operation.FIND_VISITS, _find, _found)
