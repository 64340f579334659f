"""The seams: bytes out (Request), bytes in (Reply), one operation of a dialect (Exchange), and a whole Dialect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from insurance.interface import messages, questions
from insurance.interface.profile import Profile

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out: `path` is below the base URL; headers may hold keys and the body a person, so neither is shown."""

    infno: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, as it came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exchange(Generic[Question, Answer]):
    """One operation, pure: encode(profile, msgid, now, question) and decode(question, reply).

    `decode` raises one of the four InterfaceErrors whenever the reply is not a readable success.
    """

    encode: Callable[[Profile, str, datetime, Question], Request]
    decode: Callable[[Question, Reply], Answer]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Every operation of one way to speak to an insurer."""

    sign_in: Exchange[None, str]
    sign_out: Exchange[None, None]
    person: Exchange[questions.PersonQuestion, messages.Person]
    register: Exchange[questions.Registration, str]
    cancel_registration: Exchange[questions.RegistrationKey, None]
    upload_visit: Exchange[questions.VisitUpload, None]
    upload_charges: Exchange[questions.ChargeUpload, tuple[messages.LineSplit, ...]]
    withdraw_charges: Exchange[questions.ChargeBatch, None]
    trial: Exchange[questions.Pricing, messages.Bill]
    settle: Exchange[questions.Settling, messages.Bill]
    cancel: Exchange[questions.SettlementKey, messages.Bill]
    reverse: Exchange[questions.Reversal, None]
    find_visits: Exchange[questions.VisitSearch, tuple[tuple[str, str], ...]]
    query: Exchange[questions.SettlementKey, messages.Bill]
    settled_ids: Exchange[questions.VisitKey, tuple[str, ...]]
    report_self_pay: Exchange[messages.SelfPayReport, None]
    day_totals: Exchange[messages.DayTotals, messages.DayTotalsAnswer]
    day_details: Exchange[messages.DayDetails, messages.ResultFile]
