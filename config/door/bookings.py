"""`POST appointments/`: those who come at the same moment are booked together, by one statement. See docs/adr/0036.

What is plain is answered here; whatever is not (another account than a patient's, a key that was used before, a field
that is wrong, somebody who has a seat) goes the long way and gets the long way's answer. The rules are the same
functions as there.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from config.door import plain
from hospital import idempotency, rates, rest
from hospital.appointments import api, booking, full
from hospital.appointments.models import Appointment, Patient
from hospital.appointments.seats import Wish
from hospital.errors import Refusal
from hospital.identity import CARD_TYPES, InsuranceCard
from hospital.prepared import Prepared
from hospital.rates import Limit
from hospital.tokens import Claims

log = logging.getLogger(__name__)

PATH = "/api/v1/appointments/"
GROUP = "booking"
MOST_BYTES = 2_000
_JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
_REGION = re.compile(r"[0-9]{6}")
_NUMBER = re.compile(r"[\x21-\x7e]{1,50}")
_KEY = re.compile(rf"[\x20-\x7e]{{1,{idempotency.LONGEST_KEY}}}")

Answer = Appointment | Refusal | None
"""None: the long way."""

Seen = dict[int, full.Seen]


@dataclass(frozen=True, slots=True)
class Asked:
    """A plain booking. `context` is that of who asks: what is logged for them stands under their id."""

    meta: dict[str, Any] = field(repr=False)
    claims: Claims
    key: str | None
    session_id: int
    card: InsuranceCard
    context: Context = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """As the long way reads it: a key stands for the same body on both."""
        card = {"type": self.card.type, "number": self.card.number}
        region = {"region": self.card.region} if self.card.region else {}
        return {"session": self.session_id, "insurance_card": card | region}

    @property
    def own_key(self) -> idempotency.Key | None:
        return (self.claims.user_id, self.key) if self.key else None

    def limits(self) -> tuple[HttpRequest, Sequence[Limit]]:
        """What is counted of it; once: the long way, should it come to that, does not count it again."""
        request = HttpRequest()
        request.META = self.meta
        self.meta[rest.COUNTED] = GROUP
        return request, rest.limits_signed_in(self.claims.user_id)


class _Account(NamedTuple):
    user_id: int
    is_active: bool
    password: str
    patient_id: int
    id_number: str


_accounts = Prepared(
    "booking_accounts",
    ["bigint[]"],
    """SELECT account.id, account.is_active, account.password, patient.id, patient.id_number
         FROM auth_user account JOIN hospital_patient patient ON patient.user_id = account.id
        WHERE account.id = ANY($1)""",
)
_id_number = Patient._meta.get_field("id_number")


def read(environ: dict[str, Any]) -> Asked | None:
    """The booking that this request is; None: it is none, or not a plain one."""
    if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != PATH or not _is_json(environ):
        return None
    key, claims = environ.get("HTTP_IDEMPOTENCY_KEY"), plain.claims(environ)
    if claims is None or not plain.is_plain(environ) or not (key is None or _KEY.fullmatch(key)):
        return None
    raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = BytesIO(raw)  # for the long way
    found = _fields(raw)
    return Asked(environ, claims, key, *found, copy_context()) if found else None


def answer_all(asked: Sequence[Asked]) -> list[Answer]:
    """What each is told, in their order; served in their order, too."""
    try:
        answers = _answers(dict(enumerate(asked)))
    except Exception as error:  # noqa: BLE001  each of them meets it again on the long way, which has words for it
        log.warning("bookings: %s", type(error).__name__)
        answers = {}
    return [answers.get(place) for place in range(len(asked))]


def _answers(asked: Mapping[int, Asked]) -> dict[int, Answer]:
    used = idempotency.used({key for one in asked.values() if (key := one.own_key)})
    known = _known({place: one for place, one in asked.items() if one.own_key not in used})
    held = dict(zip(known, rates.held_back(GROUP, [asked[place].limits() for place in known]), strict=True))
    seen = {session_id: full.look(session_id) for session_id in {asked[place].session_id for place in known}}
    answers: dict[int, Answer] = {}
    wishes: dict[int, Wish] = {}
    for place, account in known.items():
        marked = full.refused() if seen[asked[place].session_id].full else None
        told = held[place] or marked or _wish(asked[place], account)
        if isinstance(told, Wish):
            wishes[place] = told
        else:
            answers[place] = told
    return answers | _booked(asked, wishes, seen)


def _known(asked: Mapping[int, Asked]) -> dict[int, _Account]:
    """Those whose account is a patient's and still holds; a second wish for the same seat, or under the same key, is
    left out."""
    rows = _accounts.rows(list({one.claims.user_id for one in asked.values()})) if asked else []
    accounts = {account.user_id: account for account in map(_Account._make, rows)}
    known: dict[int, _Account] = {}
    wished = set[tuple[int, int] | idempotency.Key | None]()
    for place, one in asked.items():
        account = accounts.get(one.claims.user_id)
        if account is not None and one.claims.hold(account.is_active, account.password):
            same: set[tuple[int, int] | idempotency.Key | None] = {(account.patient_id, one.session_id), one.own_key}
            same.discard(None)
            if not same & wished:
                known[place] = account
            wished |= same
    return known


def _wish(one: Asked, account: _Account) -> Wish | Refusal | None:
    try:
        id_number = _id_number.read(account.id_number)
        wish = booking.wish_for(account.patient_id, id_number, one.session_id, one.card)
        return replace(wish, context=one.context)
    except Refusal as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001  the long way meets it again, and nobody else in the round does
        log.warning("booking of account %s: %s", account.user_id, type(error).__name__)
        return None


def _booked(asked: Mapping[int, Asked], wishes: Mapping[int, Wish], seen: Seen) -> dict[int, Answer]:
    """Another transaction may have just given one of them a seat or used a key: it is seen when they try again."""
    for _again in range(booking.TRIES):
        try:
            return _book(asked, wishes, seen)
        except IntegrityError as error:
            log.info("bookings: %s, tried again", type(error).__name__)
    return {}


def _book(asked: Mapping[int, Asked], wishes: Mapping[int, Wish], seen: Seen) -> dict[int, Answer]:
    keyed = {key: place for place in wishes if (key := asked[place].own_key)}
    with transaction.atomic() if keyed else nullcontext():
        ours = idempotency.claim({key: (PATH, asked[place].body) for key, place in keyed.items()}, now=True)
        left = {place: wish for place, wish in wishes.items() if not (key := asked[place].own_key) or key in ours}
        answers = dict(zip(left, booking.book_together(list(left.values()), seen) if left else [], strict=True))
        idempotency.keep({key: _kept(answers[keyed[key]]) for key in ours})
    return answers


def _kept(answer: Answer) -> idempotency.Answer | None:
    return (201, api.booked(answer)) if isinstance(answer, Appointment) else None


def _is_json(environ: Mapping[str, Any]) -> bool:
    """A short body of JSON, as it is, for somebody who takes JSON."""
    accepted, length = environ.get("HTTP_ACCEPT", "*/*"), environ.get("CONTENT_LENGTH") or ""
    return (
        environ.get("CONTENT_TYPE", "").lower() in _JSON
        and length.isascii()
        and length.isdigit()
        and int(length) <= MOST_BYTES
        and ("*/*" in accepted or "application/json" in accepted)
        and not environ.keys() & {"HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING"}
    )


def _fields(raw: bytes) -> tuple[int, InsuranceCard] | None:
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError):
        return None
    match body:
        case {"session": int(session), "insurance_card": dict(card), **rest} if not rest:
            sound = type(session) is int and 1 <= session < 2**63 and _card(card)
            return (session, sound) if sound else None
    return None


def _card(given: dict[str, Any]) -> InsuranceCard | None:
    if given.keys() - {"region"} != {"type", "number"} or not all(isinstance(text, str) for text in given.values()):
        return None
    kind, number, region = given["type"], given["number"], given.get("region")
    sound = kind in CARD_TYPES and _NUMBER.fullmatch(number) and (region is None or _REGION.fullmatch(region))
    return InsuranceCard(kind, number.upper(), region or "") if sound else None
