"""An insurer to whom one speaks in forms: a dialect as docs/dialects.md says how to write one, outside the package.

`INSURANCE_DIALECT=examples.forms.DIALECT`
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from insurance.interface.amounts import to_fen, to_yuan
from insurance.interface.errors import NotSent, OutcomeUnknown, Refusal, Refused, Throttled
from insurance.interface.exchange import Answer, Dialect, Exchange, Question, Reply, Request
from insurance.interface.masking import MASK, field_name
from insurance.interface.messages import Bill, Insurance, Insured, LineSplit, Person
from insurance.interface.profile import Operation, Profile
from insurance.interface.questions import (
    ChargeUpload,
    MessageKey,
    PersonQuestion,
    Pricing,
    Registration,
    SettlementKey,
    Settling,
)
from insurance.interface.statements import DayTotals, DayTotalsAnswer
from insurance.interface.times import CENTRE_TIME

Fields = Mapping[str, str]


# --- the wire -------------------------------------------------------------------------------------
def answer(reply: Reply) -> dict[str, str]:
    """The fields of a success. Raises the failure that it is."""
    if reply.status == 401:
        raise NotSent("the gateway answered HTTP 401")
    fields = dict(parse_qsl(reply.body.decode("utf-8", "replace"), keep_blank_values=True))
    match reply.status, fields.get("result"):
        case 200, "done":
            return fields
        case 200, "busy":
            raise Throttled(fields.get("why", ""))
        case 200, "no":
            raise Refused(fields.get("why", ""))
    raise OutcomeUnknown(f"HTTP {reply.status} without a form that says how it ended")


def form(
    operation: Operation, write: Callable[[Question], object], read: Callable[[Question, Fields], Answer]
) -> Exchange[Question, Answer]:
    """One operation: the fields of a question, and what the fields of the answer mean."""

    def encode(profile: Profile, msgid: str, now: datetime, question: Question) -> Request:
        about = {"do": profile.infno(operation), "id": msgid, "hospital": profile.institution_code}
        fields = {**about, **dict(write(question))}  # type: ignore[call-overload]
        headers = {"content-type": "application/x-www-form-urlencoded", **profile.headers}
        body = urlencode(fields, doseq=True).encode()
        return Request(profile.infno(operation), profile.path_of(operation), headers, body)

    def decode(question: Question, reply: Reply) -> Answer:
        return read(question, answer(reply))

    return Exchange(operation, encode, decode)


def required(fields: Fields, name: str) -> str:
    """It was carried out, so what is missing leaves the outcome unknown."""
    if not fields.get(name):
        raise OutcomeUnknown(f"{name} is missing")
    return fields[name]


def fen(fields: Fields, name: str) -> int:
    try:
        return to_fen(required(fields, name))
    except ValueError:
        raise OutcomeUnknown(f"{name} is not an amount") from None


# --- the visit ------------------------------------------------------------------------------------
def _read_person(question: PersonQuestion, fields: Fields) -> Person:
    insurance = Insurance(required(fields, "insurance"), required(fields, "region"), fen(fields, "balance"), "", "1")
    return Person(required(fields, "person"), "", "", (insurance,))


def _write_charges(question: ChargeUpload) -> dict[str, object]:
    lines = [f"{line.feedetl_sn}:{line.med_list_codg}:{to_yuan(line.amount_fen)}" for line in question.lines]
    return {"visit": question.mdtrt_id, "line": lines}


def _no_splits(question: ChargeUpload, fields: Fields) -> tuple[LineSplit, ...]:
    return ()


# --- bills ----------------------------------------------------------------------------------------
def _pricing(question: Pricing) -> dict[str, str]:
    return {
        "visit": question.mdtrt_id,
        "total": to_yuan(question.total_fen),
        "account": "yes" if question.use_account else "no",
    }


def bill(mdtrt_id: str, insured: Insured, fields: Fields) -> Bill:
    """What every answer about money says."""
    account_fen, cash_fen, fund_fen = (fen(fields, name) for name in ("from_account", "cash", "fund"))
    at = fields.get("at")
    return Bill(
        mdtrt_id=mdtrt_id,
        psn_no=insured.psn_no,
        insutype=insured.insutype,
        medins_setl_id=fields.get("made_by", ""),
        total_fen=fen(fields, "total"),
        fund_fen=fund_fen,
        person_fen=account_fen + cash_fen,
        account_fen=account_fen,
        shared_account_fen=0,
        cash_fen=cash_fen,
        hospital_fen=0,
        split=None,
        fund_parts=(("fund", fund_fen),),
        clr_type="",
        clr_optins="",
        setl_id=fields.get("number", ""),
        settled_at=datetime.strptime(at, "%Y%m%d%H%M%S").replace(tzinfo=CENTRE_TIME) if at else None,
        refunded=fields.get("taken_back") == "yes",
    )


def _read_settled(question: Settling, fields: Fields) -> Bill:
    required(fields, "number")
    return bill(question.pricing.mdtrt_id, question.pricing.insured, fields)


def _totals(question: DayTotals) -> dict[str, str]:
    return {"day": f"{question.begin:%Y%m%d}", "count": str(question.count), "total": to_yuan(question.total_fen)}


def _read_totals(question: DayTotals, fields: Fields) -> DayTotalsAnswer:
    equal = required(fields, "equal")
    return DayTotalsAnswer(balanced=equal == "yes", stmt_rslt=equal, description=fields.get("why", ""))


NAMES = {
    Operation.PERSON: "who",
    Operation.REGISTER: "visit",
    Operation.UPLOAD_CHARGES: "fees",
    Operation.TRIAL: "price",
    Operation.SETTLE: "pay",
    Operation.CANCEL: "undo",
    Operation.QUERY: "look",
    Operation.DAY_TOTALS: "total",
}
REFUSALS = {
    Operation.QUERY: {Refusal.NO_SUCH_SETTLEMENT: ("no such payment",)},
    Operation.CANCEL: {Refusal.ALREADY_REVERSED: ("taken back already",)},
}

PERSON: Exchange[PersonQuestion, Person] = form(
    Operation.PERSON, lambda question: {"card": question.card.number, "kind": question.card.type}, _read_person
)
REGISTER: Exchange[Registration, str] = form(
    Operation.REGISTER,
    lambda question: {"visit": question.visit.ipt_otp_no, "person": question.insured.psn_no},
    lambda question, fields: question.visit.ipt_otp_no,
)
UPLOAD_CHARGES: Exchange[ChargeUpload, tuple[LineSplit, ...]] = form(
    Operation.UPLOAD_CHARGES, _write_charges, _no_splits
)
TRIAL: Exchange[Pricing, Bill] = form(
    Operation.TRIAL, _pricing, lambda question, fields: bill(question.mdtrt_id, question.insured, fields)
)
SETTLE: Exchange[Settling, Bill] = form(Operation.SETTLE, lambda question: _pricing(question.pricing), _read_settled)
CANCEL: Exchange[SettlementKey, Bill | None] = form(
    Operation.CANCEL, lambda question: {"number": question.setl_id}, lambda question, fields: None
)
QUERY: Exchange[SettlementKey, Bill] = form(
    Operation.QUERY,
    lambda question: {"number": question.setl_id},
    lambda question, fields: bill(question.mdtrt_id, question.insured, fields),
)
BY_MESSAGE: Exchange[MessageKey, Bill] = form(
    Operation.QUERY,
    lambda question: {"made_by": question.omsgid},
    lambda question, fields: bill(question.mdtrt_id, question.insured, fields),
)
DAY_TOTALS: Exchange[DayTotals, DayTotalsAnswer] = form(Operation.DAY_TOTALS, _totals, _read_totals)

OF_NOBODY = ("do", "id", "hospital", "result", "visit", "number", "made_by", "total", "fund", "cash", "at")


def shown(infno: str, text: str) -> str:
    """What staff see of a form; "" for what is none."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return ""
    return "\n".join(f"{field_name(name)} = {value if name in OF_NOBODY else MASK}" for name, value in fields)


DIALECT = Dialect(
    person=PERSON,
    register=REGISTER,
    upload_charges=UPLOAD_CHARGES,
    trial=TRIAL,
    settle=SETTLE,
    cancel=CANCEL,
    query=QUERY,
    by_message=BY_MESSAGE,
    day_totals=DAY_TOTALS,
    one_total=True,
    defaults={"infnos": NAMES, "refusals": REFUSALS, "path": "/desk"},
    masked=shown,
)
