"""Shared by these tests: a profile, a visit, what may never show, and doubles of the journal and the transport."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.dialects import load
from insurance.interface.exchange import Reply, Request
from insurance.interface.messages import Card, Diagnosis, FeeLine, Insured, PolicySplit, Visit
from insurance.interface.profile import Profile
from insurance.interface.transport import Transport

SAMPLES = Path(__file__).parents[2] / "samples"
NATIONAL = load("national")
NOW = datetime(2024, 1, 2, 1, 0, 0, tzinfo=UTC)

CARD_NUMBER = "999999199001010011"
NAME = "测试人员甲"
CARD = Card("02", CARD_NUMBER)
INSURED = Insured("99990000000000000001", "310", "330100", "1101", certno=CARD_NUMBER, name=NAME)
SPLIT = PolicySplit(0, 0, 23, 429)
VISIT = Visit(
    ipt_otp_no="V1",
    begin_at=NOW,
    med_type="11",
    dept_code="A01",
    dept_name="全科",
    caty="A13",
    doctor_code="D1",
    doctor_name="医生甲",
    complaint="咳嗽三天",
    diagnoses=(Diagnosis("J06.900", "急性上呼吸道感染"), Diagnosis("R05", "咳嗽")),
)
LINE = FeeLine("1", "XA01", "H01", Decimal("2.0000"), Decimal("2.260000"), 452, NOW)


def profile(base_url: str = "http://127.0.0.1:1", **changes: Any) -> Profile:
    return Profile(base_url, "H99999900001", "互联网医院", "330100", **changes)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def ok(output: object = None) -> Reply:
    return answer({"infcode": 0, "err_msg": None, "output": output})


def answer(document: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, headers, json.dumps(document, ensure_ascii=False).encode())


def setlinfo(**changes: object) -> dict[str, object]:
    info = json.loads(sample("2206-response-openhis.json"), parse_float=str)["output"]["setlinfo"]
    return {**info, "mdtrt_id": "M1", **changes}


class Journal:
    """Keeps the calls in memory, and the order of things."""

    def __init__(self, seconds: float = 5.0, refuses: Exception | None = None) -> None:
        self.seconds, self.refuses = seconds, refuses
        self.ids = 0
        self.before_calls: list[tuple[str, str, bytes]] = []
        self.after_calls: list[tuple[str, Outcome, bytes, str]] = []

    def new_msgid(self) -> str:
        self.ids += 1
        return f"H9999990000120240102090000{self.ids:04d}"

    def before(self, msgid: str, infno: str, body: bytes) -> float:
        self.before_calls.append((msgid, infno, body))
        if self.refuses:
            raise self.refuses
        return self.seconds

    def after(self, msgid: str, outcome: Outcome, reply: bytes, note: str) -> None:
        self.after_calls.append((msgid, outcome, reply, note))


class Answering:
    """A transport that answers with what it was given, or raises it."""

    def __init__(self, given: Reply | BaseException, journal: Journal | None = None) -> None:
        self.given, self.journal = given, journal
        self.sent: list[tuple[Request, float]] = []

    def send(self, request: Request, timeout_seconds: float, begun_at: float | None = None) -> Reply:
        if self.journal is not None:
            assert len(self.journal.before_calls) == 1, "written down before it leaves"
        self.sent.append((request, timeout_seconds))
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given


def client(transport: Transport, journal: Journal, **changes: Any) -> InsuranceClient:
    return InsuranceClient(profile(**changes), NATIONAL, transport, journal, lambda: NOW)
