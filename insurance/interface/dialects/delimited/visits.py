"""Who is insured, and the visit, which bears our own number: 2100, 2210, 2240."""

from datetime import datetime

from insurance.interface.amounts import to_fen
from insurance.interface.dialects.delimited.line import moment, request
from insurance.interface.dialects.delimited.replies import Output, nothing, output, reading
from insurance.interface.errors import OutcomeUnknown, Refused
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.messages import Insurance, Person
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import PersonQuestion, Registration, RegistrationKey

REGISTERED = "已登记"
"""Of 2210: the number stands there already. It is ours alone, so this is the registration whose answer was lost."""


def _write_person(profile: Profile, msgid: str, now: datetime, question: PersonQuestion) -> Request:
    """2100 reads the card in the reader, and then has no arguments. Without a reader the credential goes along."""
    card = question.card
    rows = [(card.type, card.number, card.sn)] if card.number else []
    return request(profile, Operation.PERSON, msgid, *rows)


def _read_person(question: PersonQuestion, value: Output) -> Person:
    """No source lists these arguments, so their order is ours: number | name | identity number | insurance | kind of
    person | status | balance | region."""
    return Person(value.required(0), value.text(1), value.text(2), (_insurance(value),))


def _insurance(value: Output) -> Insurance:
    try:
        balance_fen = to_fen(value.text(6))
    except ValueError:
        raise OutcomeUnknown("argument 6 is not an amount") from None
    return Insurance(value.required(3), value.required(7), balance_fen, value.text(4), value.text(5))


def _write_registration(profile: Profile, msgid: str, now: datetime, question: Registration) -> Request:
    visit, insured = question.visit, question.insured
    first = next(iter(visit.diagnoses), None)
    diagnosis = (first.code, first.name) if first else (visit.dise_codg, visit.dise_name)
    fields = (
        *(visit.ipt_otp_no, visit.med_type, moment(visit.begin_at), *diagnosis, ""),
        *(visit.dept_name, "", visit.doctor_code, visit.doctor_name, "0", "0"),
        *(profile.opter_name, insured.psn_no, insured.insuplc_admdvs or profile.region, ""),
    )
    return request(profile, Operation.REGISTER, msgid, fields)


def _decode_registration(question: Registration, reply: Reply) -> str:
    try:
        output(reply)
    except Refused as refused:
        if REGISTERED not in str(refused):
            raise
    return question.visit.ipt_otp_no


def _write_key(profile: Profile, msgid: str, now: datetime, question: RegistrationKey) -> Request:
    area = question.insured.insuplc_admdvs or profile.region
    return request(profile, Operation.CANCEL_REGISTRATION, msgid, (question.mdtrt_id, profile.opter_name, area))


PERSON: Exchange[PersonQuestion, Person] = Exchange(Operation.PERSON, _write_person, reading(_read_person))
REGISTER: Exchange[Registration, str] = Exchange(Operation.REGISTER, _write_registration, _decode_registration)
CANCEL_REGISTRATION: Exchange[RegistrationKey, None] = Exchange(
    Operation.CANCEL_REGISTRATION, _write_key, reading(nothing)
)
