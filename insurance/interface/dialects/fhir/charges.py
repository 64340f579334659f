"""The fee lines: 2204 as a draft Claim, 2205 as that Claim cancelled. Source: protocol 3.5, 3.6, 7."""

from datetime import datetime
from decimal import Decimal

from insurance.interface.dialects.fhir.claims import TRIAL, claim, money, related, response, submit, visit, whole
from insurance.interface.dialects.fhir.exchanges import instant
from insurance.interface.dialects.fhir.reading import CURRENCY, amounts, coded
from insurance.interface.dialects.fhir.vocabulary import Codes, Json, Sid, coding, concept, identifier, logical
from insurance.interface.errors import OutcomeUnknown
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.messages import FeeLine, LineSplit, PolicySplit
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import ChargeBatch, ChargeUpload

EVERY_BATCH = "0000"


def _upload(profile: Profile, msgid: str, now: datetime, question: ChargeUpload) -> Request:
    """The batch's number is a second identifier of the Claim: by it the trial, the settlement and 2205 point here."""
    said = question.visit
    document = claim(
        profile,
        msgid,
        now,
        status="draft",
        use=TRIAL,
        insured=question.insured,
        subType=concept(Codes.MEDICAL, said.med_type),
        careTeam=[{"sequence": 1, "provider": logical("Practitioner", Sid.DOCTOR, said.doctor_code, said.doctor_name)}],
        item=[_item(question, place, line) for place, line in enumerate(question.lines, 1)],
        total=money(sum(line.amount_fen for line in question.lines)),
        **_disease(question),
    )
    document["identifier"].append(identifier(Sid.BATCH, question.chrg_bchno))
    return submit(profile, Operation.UPLOAD_CHARGES, msgid, document)


def _disease(question: ChargeUpload) -> Json:
    if not question.visit.dise_codg:
        return {}
    return {
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": concept(Codes.DISEASE, question.visit.dise_codg)}]
    }


def _item(question: ChargeUpload, place: int, line: FeeLine) -> Json:
    """A line is told by its place; our own number for it (feedetl_sn) has no element in an item, and needs none."""
    return {
        "sequence": place,
        "careTeamSequence": [1],
        "productOrService": {
            "coding": [coding(Codes.ITEM, line.med_list_codg), coding(Codes.HOSPITAL_ITEM, line.medins_list_codg)]
        },
        "servicedPeriod": {"start": instant(line.occurred_at)},
        "locationReference": logical("Location", Sid.DEPARTMENT, question.visit.dept_code, question.visit.dept_name),
        "quantity": {"value": _plain(line.quantity)},
        "unitPrice": {"value": _plain(line.unit_price), "currency": CURRENCY},
        "net": money(line.amount_fen),
        "encounter": [visit(question.mdtrt_id)],
    }


def _plain(value: Decimal) -> Decimal:
    """Not finite is no number on any wire."""
    if not value.is_finite():
        raise ValueError("number out of range")
    return value


def _splits(question: ChargeUpload, reply: Reply) -> tuple[LineSplit, ...]:
    """Each line once: a line that was not answered has no split, and a bill over it could not be checked."""
    answer = response(reply, TRIAL, question.mdtrt_id, binds=True)
    rows = {row["itemSequence"]: row["adjudication"] for row in answer.get("item") or ()}
    if sorted(rows) != list(range(1, len(question.lines) + 1)):
        raise OutcomeUnknown("the items are not those of the Claim")
    return tuple(_split(line, rows[place]) for place, line in enumerate(question.lines, 1))


def _split(line: FeeLine, adjudication: list[Json]) -> LineSplit:
    amount = amounts(adjudication, f"item {line.feedetl_sn}")
    split = PolicySplit(
        fulamt_ownpay_fen=amount("fulamt_ownpay_amt"),
        overlmt_selfpay_fen=amount("overlmt_selfpay"),
        preselfpay_fen=amount("preselfpay_amt"),
        inscp_scp_fen=amount("inscp_scp_amt"),
    )
    level = next((code for code in (coded(row.get("reason"), Codes.LEVEL) for row in adjudication) if code), "")
    return LineSplit(line.feedetl_sn, amount("medfee_sumamt"), split, level)


def _withdraw(profile: Profile, msgid: str, now: datetime, question: ChargeBatch) -> Request:
    """Without a batch, every open one of the visit."""
    items = whole(question.mdtrt_id)
    document = claim(profile, msgid, now, status="cancelled", use=TRIAL, insured=question.insured, item=items)
    if question.chrg_bchno != EVERY_BATCH:
        document["related"] = related("charges", Sid.BATCH, question.chrg_bchno)
    return submit(profile, Operation.WITHDRAW_CHARGES, msgid, document)


def _withdrawn(question: ChargeBatch, reply: Reply) -> None:
    response(reply, TRIAL, question.mdtrt_id, binds=True)


UPLOAD_CHARGES: Exchange[ChargeUpload, tuple[LineSplit, ...]] = Exchange(Operation.UPLOAD_CHARGES, _upload, _splits)
WITHDRAW_CHARGES: Exchange[ChargeBatch, None] = Exchange(Operation.WITHDRAW_CHARGES, _withdraw, _withdrawn)
