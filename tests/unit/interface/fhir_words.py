"""Shared by the tests of the FHIR dialect: its questions, and the golden messages."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from insurance.interface.dialects import load
from insurance.interface.exchange import Exchange, Reply, Request
from insurance.interface.messages import FeeLine, PolicySplit, SelfPayReport
from insurance.interface.questions import (
    ChargeBatch,
    ChargeUpload,
    PersonQuestion,
    Pricing,
    Registration,
    RegistrationKey,
    Reversal,
    SettlementKey,
    Settling,
    VisitKey,
    VisitSearch,
    VisitUpload,
)
from insurance.interface.statements import DayDetails, DayTotals
from tests.unit.interface.words import CARD, INSURED, LINE, NOW, SAMPLES, VISIT, profile

FHIR = load("fhir")
GOLDEN = SAMPLES / "fhir"
MDTRT_ID, SETL_ID = "330100202401020900000000000001", "330100202401020901000000000002"
MSGID = "H99999900001202401020900000001"
OMSGID = "H99999900001202401020900000006"
SPLIT = PolicySplit(800, 200, 23, 1429)
LINES = (LINE, FeeLine("2", "XB02", "H02", Decimal("0.5"), Decimal("40.000001"), 2000, NOW))
PRICING = Pricing(INSURED, CARD, MDTRT_ID, "7-1", 2452, "11", use_account=True)
KEY = SettlementKey(INSURED, MDTRT_ID, SETL_ID)
DAY = date(2024, 1, 2)
REPORT = SelfPayReport(
    *("V1", "P20240102000001", 2452, 1000, datetime(2024, 1, 2, 16, 30, tzinfo=UTC)),
    mdtrt_id=MDTRT_ID,
    setl_id=SETL_ID,
    certno=INSURED.certno,
    name=INSURED.name,
)

QUESTIONS: dict[str, tuple[Exchange[Any, Any], Any]] = {
    "eligibility": (FHIR.person, PersonQuestion(replace(CARD, sn="CARD-SN-1"), "330800")),
    "registration": (FHIR.register, Registration(INSURED, CARD, VISIT)),
    "registration-cancelled": (FHIR.cancel_registration, RegistrationKey(INSURED, MDTRT_ID, "V1")),
    "visit": (FHIR.upload_visit, VisitUpload(INSURED, MDTRT_ID, replace(VISIT, dise_codg="M00500", dise_name="慢病"))),
    "charges": (FHIR.upload_charges, ChargeUpload(INSURED, MDTRT_ID, "7-1", VISIT, LINES)),
    "withdrawal": (FHIR.withdraw_charges, ChargeBatch(INSURED, MDTRT_ID, "7-1")),
    "withdrawal-of-all": (FHIR.withdraw_charges, ChargeBatch(INSURED, MDTRT_ID, "0000")),
    "trial": (FHIR.trial, PRICING),
    "settlement": (FHIR.settle, Settling(PRICING, "21", SPLIT, OMSGID)),
    "cancellation": (FHIR.cancel, KEY),
    "reversal": (FHIR.reverse, Reversal(INSURED, OMSGID, "2207A")),
    "find-visits": (FHIR.find_visits, VisitSearch(INSURED, NOW, NOW, "11")),
    "query": (FHIR.query, KEY),
    "settled-ids": (FHIR.settled_ids, VisitKey(INSURED, MDTRT_ID)),
    "self-pay": (FHIR.report_self_pay, REPORT),
    "day-totals": (FHIR.day_totals, DayTotals("310", "11", "330100", DAY, DAY, 2452, 1000, 450, 1)),
    "day-details": (FHIR.day_details, DayDetails("330100", DAY, DAY, 2452, 1000, 1000, 1, "f-1", "11")),
}


def encoded(name: str) -> Request:
    exchange, question = QUESTIONS[name]
    return exchange.encode(profile(), MSGID, NOW, question)


def golden(name: str, status: int = 200, **headers: str) -> Reply:
    """A golden answer."""
    return Reply(status, headers, (GOLDEN / f"{name}-response.json").read_bytes())


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(golden(name).body)
    return found


def replied(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, json.dumps(value, ensure_ascii=False).encode())


def decoded(name: str, reply: Reply) -> Any:
    """What the operation makes of it."""
    exchange, question = QUESTIONS[name]
    return exchange.decode(question, reply)
