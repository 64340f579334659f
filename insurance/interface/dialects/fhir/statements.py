"""Reconciliation and self-pay reports: 3201, 3202, 4261. Source: protocol 3.11, 3.12, 3.16, 7.

R4 has no operation that compares two statements; ours is `PaymentReconciliation/$reconcile`. In: Parameters, with our
totals. Out: a PaymentReconciliation, complete where the insurer has the same, partial where it has not.
"""

import re
from datetime import date, datetime, time

from insurance.interface.dialects.fhir.claims import money
from insurance.interface.dialects.fhir.exchanges import instant, post
from insurance.interface.dialects.fhir.parties import hospital, insurer, region
from insurance.interface.dialects.fhir.reading import required, text
from insurance.interface.dialects.fhir.replies import outcome, resource
from insurance.interface.dialects.fhir.vocabulary import (
    TOTAL,
    UPDATE,
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
from insurance.interface.messages import SelfPayReport
from insurance.interface.profile import Operation, Profile
from insurance.interface.statements import DayDetails, DayTotals, DayTotalsAnswer, ResultFile
from insurance.interface.times import CENTRE_TIME, centre_time

BALANCED, DIFFERENT = "complete", "partial"
PATH = "/PaymentReconciliation/$reconcile"
BINARY = re.compile(r"Binary/([A-Za-z0-9\-.]{1,64})")


def _totals(profile: Profile, msgid: str, now: datetime, question: DayTotals) -> Request:
    parameters = [
        *_period(question),
        {"name": "insutype", "valueCoding": coding(Codes.INSURANCE, question.insutype)},
        {"name": "account", "valueMoney": money(question.account_fen)},
    ]
    return _reconcile(profile, Operation.DAY_TOTALS, msgid, parameters)


def _details(profile: Profile, msgid: str, now: datetime, question: DayDetails) -> Request:
    parameters = [
        *_period(question),
        {"name": "cash", "valueMoney": money(question.cash_fen)},
        {"name": "statement", "valueReference": {"reference": f"Binary/{question.file_qury_no}"}},
    ]
    return _reconcile(profile, Operation.DAY_DETAILS, msgid, parameters)


def _period(question: DayTotals | DayDetails) -> list[Json]:
    """What both say: the office, the days, inclusive, by the insurer's own time, and the sums."""
    kind = [{"name": "clearing", "valueCoding": coding(Codes.CLEARING, question.clr_type)}] if question.clr_type else []
    days = {"start": question.begin.isoformat(), "end": question.end.isoformat()}
    return [
        {"name": "issuer", "valueReference": region(question.setl_optins)},
        *kind,
        {"name": "period", "valuePeriod": days},
        {"name": "total", "valueMoney": money(question.total_fen)},
        {"name": "fund", "valueMoney": money(question.fund_fen)},
        {"name": "count", "valueInteger": question.count},
    ]


def _reconcile(profile: Profile, operation: Operation, msgid: str, parameters: list[Json]) -> Request:
    asked = {"name": "identifier", "valueIdentifier": identifier(Sid.MESSAGE, msgid)}
    who = {"name": "requestor", "valueReference": hospital(profile)}
    return post(profile, operation, PATH, msgid, {"resourceType": "Parameters", "parameter": [asked, who, *parameters]})


def _compared(question: DayTotals, reply: Reply) -> DayTotalsAnswer:
    """ "partial" is an answer here: the two differ. "error" is a refusal, as everywhere."""
    answer = resource(reply, "PaymentReconciliation")
    said = text(answer.get("outcome"))
    if said != DIFFERENT:
        outcome(answer, binds=False)
    return DayTotalsAnswer(said == BALANCED, said, text(answer.get("disposition")))


def _result(question: DayDetails, reply: Reply) -> ResultFile:
    """Where the insurer has laid out what it says of each settlement: a Binary, kept at least until the day begins."""
    answer = resource(reply, "PaymentReconciliation")
    if answer.get("outcome") != DIFFERENT:
        outcome(answer, binds=False)
    files = [each for each in answer.get("detail") or () if _file(each)]
    if len(files) != 1:
        raise OutcomeUnknown("the PaymentReconciliation names no file, or several")
    last_day = files[0].get("date")
    until = None if last_day is None else _midnight(text(last_day))
    return ResultFile(_file(files[0]), required(text(files[0]["response"].get("display")), "the file's name"), until)


def _file(detail: Json) -> str:
    """The id of a Binary; "" for what is none, which could not be fetched."""
    named = BINARY.fullmatch(text((detail.get("response") or {}).get("reference")))
    return named[1] if named else ""


def _midnight(day: str) -> datetime:
    """When that day begins."""
    try:
        return datetime.combine(date.fromisoformat(day), time(), CENTRE_TIME)
    except ValueError:
        raise OutcomeUnknown("the file's last day is not a day") from None


def _report(profile: Profile, msgid: str, now: datetime, report: SelfPayReport) -> Request:
    """A PaymentNotice, and no Invoice: it tells a payer of a payment that was made; an Invoice asks somebody for one.

    What was paid for is a visit of ours, contained, since the insurer may never have heard of it.
    """
    document: Json = {
        "resourceType": "PaymentNotice",
        "extension": [
            {"url": TOTAL, "valueMoney": money(report.total_fen)},
            {"url": UPDATE, "valueCode": report.up_type},
        ],
        "contained": [_visit(report)],
        "identifier": [identifier(Sid.MESSAGE, msgid)],
        "status": "active",
        "request": {"reference": "#encounter"},
        "created": instant(now),
        "provider": hospital(profile),
        "payment": logical("PaymentReconciliation", Sid.PAYMENT, report.payment_no),
        "paymentDate": centre_time(report.paid_at).date().isoformat(),
        "payee": hospital(profile),
        "recipient": insurer(profile),
        "amount": money(report.cash_fen),
        "paymentStatus": concept(Codes.PAYMENT_STATUS, "paid"),
    }
    if report.setl_id:
        document["response"] = logical("ClaimResponse", Sid.SETTLEMENT, report.setl_id)
    return post(profile, Operation.REPORT_SELF_PAY, "/PaymentNotice", msgid, document)


def _visit(report: SelfPayReport) -> Json:
    numbers = [identifier(Sid.VISIT_NUMBER, report.ipt_otp_no)]
    if report.mdtrt_id:
        numbers.append(identifier(Sid.VISIT, report.mdtrt_id))
    visit: Json = {
        "resourceType": "Encounter",
        "id": "encounter",
        "identifier": numbers,
        "status": "finished",
        "class": coding(Codes.ACT, "VR"),
        "period": {"end": instant(report.paid_at)},
    }
    if report.certno:
        visit["subject"] = logical("Patient", Sid.CERTIFICATE, report.certno, report.name)
    return visit


def _noted(question: SelfPayReport, reply: Reply) -> None:
    """Kept, and shown to be the same."""
    if resource(reply, "PaymentNotice")["status"] != "active":
        raise OutcomeUnknown("the PaymentNotice is not active")


DAY_TOTALS: Exchange[DayTotals, DayTotalsAnswer] = Exchange(Operation.DAY_TOTALS, _totals, _compared)
DAY_DETAILS: Exchange[DayDetails, ResultFile] = Exchange(Operation.DAY_DETAILS, _details, _result)
REPORT_SELF_PAY: Exchange[SelfPayReport, None] = Exchange(Operation.REPORT_SELF_PAY, _report, _noted)
