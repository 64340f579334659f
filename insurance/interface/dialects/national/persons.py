"""Who is insured and who is signed in: 1101, 9001, 9002. Source: protocol 3.1, 3.14."""

from insurance.interface.dialects.national.envelope import Payload
from insurance.interface.dialects.national.exchanges import enveloped, no_output
from insurance.interface.dialects.national.fields import Node
from insurance.interface.messages import Card, Insurance, Insured, Person
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import PersonQuestion

_IDENTITY_CARD = "01"


def card_fields(card: Card) -> dict[str, str]:
    """The credential as 2201, 2206 and 2207 want it; card_sn is required with a social-security card only (H t72)."""
    fields = {"mdtrt_cert_type": card.type, "mdtrt_cert_no": card.number}
    return {**fields, "card_sn": card.sn} if card.sn else fields


def certificate_fields(insured: Insured) -> dict[str, str]:
    """Hunan's additions, without psn_type and psn_name as its 2207 has them (H t85)."""
    return {"psn_cert_type": _IDENTITY_CARD, "certno": insured.certno}


def person_fields(insured: Insured) -> dict[str, str]:
    """Hunan's additions to 2201 and 2206 (H t72, t82)."""
    return {**certificate_fields(insured), "psn_type": insured.psn_type, "psn_name": insured.name}


def _write_person(profile: Profile, question: PersonQuestion) -> Payload:
    card = question.card
    data = {
        "mdtrt_cert_type": card.type,
        "mdtrt_cert_no": card.number,
        "card_sn": card.sn,
        "begntime": "",
        "psn_cert_type": _IDENTITY_CARD,
        "certno": "",
        "psn_name": "",
    }
    return Payload({"data": data}, question.insuplc_admdvs)


def _read_person(question: PersonQuestion, value: object) -> Person:
    answer = Node("output", value)
    base = answer.node("baseinfo")
    rows = tuple(_read_insurance(row) for row in answer.rows("insuinfo"))
    return Person(base.text("psn_no"), base.text_or_empty("psn_name"), base.text_or_empty("certno"), rows)


def _read_insurance(row: Node) -> Insurance:
    return Insurance(
        insutype=row.text("insutype"),
        insuplc_admdvs=row.text("insuplc_admdvs"),
        balance_fen=row.fen("balc"),
        psn_type=row.text_or_empty("psn_type"),
        status=row.text_or_empty("psn_insu_stas"),
    )


def _write_sign_in(profile: Profile, question: None) -> Payload:
    return Payload({"signIn": {"opter_no": profile.opter, "mac": profile.mac, "ip": profile.ip}})


def _read_sign_in(question: None, value: object) -> str:
    return Node("output", value).node("signinoutb").text("sign_no")


def _write_sign_out(profile: Profile, question: None) -> Payload:
    return Payload({"signOut": {"opter_no": profile.opter, "sign_no": profile.sign_no}})


PERSON = enveloped(Operation.PERSON, _write_person, _read_person)
SIGN_IN = enveloped(Operation.SIGN_IN, _write_sign_in, _read_sign_in)
SIGN_OUT = enveloped(Operation.SIGN_OUT, _write_sign_out, no_output)
