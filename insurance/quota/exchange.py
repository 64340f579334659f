"""One exchange with the insurer under one permit: the only place where a client is made.

What leaves is written down first (`InterfaceCall`), with the permit it travels under. Nothing leaves after the permit's
time, and a permit carries one metered message only.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from django.db.models.functions import Now

from hospital import tuning
from insurance.calls.models import InterfaceCall
from insurance.calls.msgid import next_msgid
from insurance.interface.calling import Outcome
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import NotSent, NotSignedIn, Throttled
from insurance.interface.exchange import Dialect
from insurance.interface.profile import Operation, Profile
from insurance.interface.transport import Transport
from insurance.quota import (
    adapting,
    circuit,
    clock,
    connection,
    directory,
    gateway_clock,
    insurers,
    permits,
    signing_in,
)
from insurance.quota.directory import DEFAULT
from insurance.quota.lanes import Lane
from insurance.quota.permits import Held

log = logging.getLogger(__name__)

METERED = (Operation.TRIAL, Operation.SETTLE)
"""The transactions that the insurer counts. On a shared quota everything counts, and one permit stands for one turn."""

TURN_TIMEOUTS = 3
"""A turn may take so many time limits of a single call: the preparatory calls travel under the same permit."""

SIGNING_IN = "signing in"
"""The purpose of a sign-in: it is everybody's, not of whoever came first."""

LEAST_SECONDS = 0.5
"""With less than this left, a message is not worth sending."""


def timeout_seconds() -> int:
    """The time limit of a single call."""
    return tuning.value("INSURANCE_TIMEOUT_SECONDS")


def turn_seconds() -> float:
    """The time limit for sending within one turn."""
    return float(timeout_seconds() * TURN_TIMEOUTS)


def lease_seconds() -> float:
    """How long a row stays with its turn: until its last answer can have come, and recorded."""
    return turn_seconds() + timeout_seconds() + 10


def new_msgid(insurer: str = DEFAULT) -> str:
    """A message id that was never used."""
    return next_msgid(directory.terms(insurer).institution_code)


def look_at_the_clock() -> int:
    """The tick: this host's witness of the database's clock stays young also while nothing is sent."""
    clock.look(permits.quiet_seconds(turn_seconds()))
    return 0


@contextmanager
def exchange(held: Held, lane: Lane, purpose: str, about: str = "", *, sign_no: str = "") -> Iterator[InsuranceClient]:
    """A client that may speak under this permit, and under the day's sign-in unless another is named. The permit is
    freed when the exchange is over, however it ends.

    `about`: the name of the patient, which what the insurer says in refusing is freed of before it is kept."""
    said = profile(held.insurer)
    try:
        if not sign_no and signs_in(held.insurer):
            sign_no = signing_in.number(held.insurer_id, _client(held, lane, SIGNING_IN, said, "").sign_in)
        yield _client(held, lane, purpose, replace(said, sign_no=sign_no) if sign_no else said, about)
    except NotSignedIn:
        signing_in.forget(held.insurer_id, sign_no)
        raise
    except Throttled as error:
        adapting.throttled(held.quota_id, error.retry_after_seconds)
        raise
    finally:
        permits.free(held)


@cache
def profile(insurer: str = DEFAULT) -> Profile:
    """What is particular to this insurer, from the settings."""
    return directory.terms(insurer).profile()


def infnos() -> set[str]:
    """What our messages are called, at any of the insurers."""
    return {profile(name).infno(operation) for name in directory.names() for operation in Operation}


@cache
def dialect(insurer: str = DEFAULT) -> Dialect:
    """How one speaks to it."""
    return connection.dialect(directory.terms(insurer))


def signs_in(insurer: str) -> bool:
    """Whether its messages name the day's sign-in: always in its dialect, or where it is."""
    return dialect(insurer).signs_in or profile(insurer).signs_in


def sign_no_of(insurer: str, day: date) -> str:
    """The day's sign-in, where every message names one; "" where there was none."""
    about = dialect(insurer)
    return signing_in.number_of(insurer, day, about, profile(insurer)) if about.signs_in else ""


def _client(held: Held, lane: Lane, purpose: str, said: Profile, about: str) -> InsuranceClient:
    insurer, journal = held.insurer, _Journal(held, lane, purpose)
    return InsuranceClient(said, dialect(insurer), _transport(insurer), journal, _now, about)


class _Journal:
    """Writes each message down before it leaves and what became of it after."""

    def __init__(self, held: Held, lane: Lane, purpose: str) -> None:
        self.held, self.lane, self.purpose = held, lane, purpose
        self.metered = {profile(held.insurer).infno(operation) for operation in METERED}
        self.spent, self.infno = False, ""
        self.before_this: float | None = None
        self.left_at: float | None = None

    def new_msgid(self) -> str:
        return new_msgid(self.held.insurer)

    def before(self, msgid: str, infno: str, body: bytes) -> float:
        """Commit the record; how many seconds the call may take. Raises `NotSent` when the permit does not cover it."""
        self.infno, metered = infno, infno in self.metered
        self.before_this, self.left_at = self.held.arrives_until, None
        if metered and self.spent:
            raise NotSent("a permit carries one metered message")
        limit = max(min(self.held.seconds_left(), float(timeout_seconds())), 0.0)
        InterfaceCall.objects.create(
            msgid=msgid,
            infno=infno,
            insurer=self.held.insurer,
            lane=self.lane,
            purpose=self.purpose,
            permit_id=self.held.permit_id,
            taking=self.held.takings or None,
            limit_seconds=limit,
            metered=metered,
            request=body.decode(),
        )
        left = self.held.seconds_left()
        if left < LEAST_SECONDS:
            raise NotSent("the permit's time is over")
        self._leaves(metered, limit)  # what is written down is what the permit rests for
        return min(left, limit)

    def after(self, msgid: str, outcome: Outcome, reply: bytes, note: str) -> None:
        """What became of it, once: an older record of the same id stands as it is."""
        self._arrived(outcome, answered=bool(reply))
        text = reply.decode("utf-8", "replace").replace("\x00", "")
        InterfaceCall.objects.filter(msgid=msgid, outcome="").update(
            outcome=outcome.value, reply=text, note=note[:300], answered_at=Now()
        )
        self._tell(msgid, outcome)
        if self.left_at is not None:
            self._take_its_pulse(msgid, answered=bool(reply), seconds=time.monotonic() - self.left_at)

    def _tell(self, msgid: str, outcome: Outcome) -> None:
        """One line a call. What the insurer said is not in it, as it may name a person: it stands with the record."""
        seconds = None if self.left_at is None else round(time.monotonic() - self.left_at, 3)
        told: dict[str, Any] = {"msgid": msgid, "infno": self.infno, "lane": str(self.lane), "purpose": self.purpose}
        told |= {"outcome": outcome.value, "seconds": seconds}
        level = logging.INFO if outcome is Outcome.ANSWERED else logging.WARNING
        log.log(level, "%s for %s: %s", self.infno, self.purpose, outcome.value, extra=told)

    def _take_its_pulse(self, msgid: str, *, answered: bool, seconds: float) -> None:
        """An answer of whatever kind is a sign of life; a late one a sign of trouble."""
        if not answered:
            if not _was_overtaken(msgid):
                circuit.silent(self.held.insurer_id)
            return
        circuit.alive(self.held.insurer_id)
        gateway_clock.look(self.held.insurer, _transport(self.held.insurer))
        if seconds >= insurers.slow_seconds(self.held.insurer_id):
            adapting.slow(self.held.quota_id, seconds)

    def _leaves(self, metered: bool, seconds: float) -> None:
        """From here on it may arrive, until its time limit and the way on the network are over."""
        self.left_at = time.monotonic()
        self.spent = self.spent or metered
        if metered or directory.terms(self.held.insurer).shared_per_minute:
            self.held.arrives_until = time.monotonic() + seconds + permits.LATE_SECONDS

    def _arrived(self, outcome: Outcome, *, answered: bool) -> None:
        """With an answer it has arrived, even with a gateway's 401; if surely nothing left, it is as before; in silence
        it may still arrive."""
        if outcome is Outcome.NOT_SENT and not answered:
            self.held.arrives_until = self.before_this
        elif outcome is not Outcome.UNKNOWN and self.held.arrives_until is not None:
            self.held.arrives_until = time.monotonic()


def _was_overtaken(msgid: str) -> bool:
    """Whether a later message of its kind was answered there: then this answer was lost, and the interface is not down.

    Lost answers are noticed late, when the time limit is over, and then together.
    """
    sent = InterfaceCall.objects.values("insurer", "infno", "sent_at").get(msgid=msgid)
    later = InterfaceCall.objects.filter(insurer=sent["insurer"], infno=sent["infno"], sent_at__gt=sent["sent_at"])
    return later.exclude(reply="").exists()


def _now() -> datetime:
    return datetime.now(UTC)


@cache
def _transport(insurer: str) -> Transport:
    """One for each: connections that hang at one are none of the others'."""
    return connection.transport(directory.terms(insurer))
