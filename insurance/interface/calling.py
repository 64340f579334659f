"""One call to the insurer: written down, sent, decoded, recorded."""

import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from insurance.interface.errors import (
    InterfaceError,
    NotSent,
    NotSignedIn,
    NotWritable,
    Refusal,
    Refused,
    Throttled,
)
from insurance.interface.exchange import Answer, Exchange, Question, Reply, Request
from insurance.interface.profile import Operation, Profile
from insurance.interface.transport import Transport

log = logging.getLogger(__name__)

UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What an encoder fails with, of whatever dialect, when it is given something that it cannot write."""


class Outcome(StrEnum):
    """What became of a message, as far as we know."""

    ANSWERED = "answered"
    REFUSED = "refused"
    THROTTLED = "throttled"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class Journal(Protocol):
    """Keeps every message, so that after a crash we know what may have been carried out (protocol 3.10, 4)."""

    def new_msgid(self) -> str:
        """A message id that was never used: institution (12) + yyyyMMddHHmmss + sequence (4)."""
        ...

    def before(self, msgid: str, infno: str, body: bytes) -> float:
        """Commit the record; the seconds that sending may take. Raises NotSent when it must not leave."""
        ...

    def after(self, msgid: str, outcome: Outcome, reply: bytes, note: str) -> None:
        """What became of it: exactly once for every `before` that returned or raised NotSent."""
        ...


class Caller:
    """Makes every call, whatever it asks. None is ever sent twice."""

    def __init__(
        self, profile: Profile, transport: Transport, journal: Journal, clock: Callable[[], datetime], about: str = ""
    ) -> None:
        """`about`: the name of whoever is spoken of, which no error of ours may keep."""
        self.profile = profile
        self._transport = transport
        self._journal = journal
        self._clock = clock
        self._about = about

    def new_msgid(self) -> str:
        """A message id that was never used."""
        return self._journal.new_msgid()

    def call(self, exchange: Exchange[Question, Answer], question: Question, msgid: str | None = None) -> Answer:
        """Encode, write down, send, decode, record; interrupted in between, the outcome is unknown."""
        msgid = msgid or self._journal.new_msgid()
        request = self._encoded(exchange, question, msgid)
        begun_at = time.monotonic()
        seconds = self._written_down(msgid, request)
        outcome, note, received = Outcome.UNKNOWN, "interrupted", b""
        try:
            reply = self._transport.send(request, seconds, begun_at)
            received = reply.kept
            answer = self._decoded(exchange, question, reply)
            outcome, note = Outcome.ANSWERED, ""
        except InterfaceError as error:
            error.forget(self._about)
            outcome, note = _outcome_of(error), str(error)
            raise
        finally:
            self._journal.after(msgid, outcome, received, note)
        return answer

    def _encoded(self, exchange: Exchange[Question, Answer], question: Question, msgid: str) -> Request:
        """Raises NotWritable for whatever the encoder cannot write: a refusal is never ours. Of another library's
        reason its kind alone is kept, as its text may quote the value."""
        try:
            return exchange.encode(self.profile, msgid, self._clock(), question)
        except UNFIT as error:
            reason = str(error) if type(error) is ValueError else _defect(exchange.operation, error)
            unfit = NotWritable(f"{exchange.operation}: {reason}")
        unfit.forget(self._about)
        raise unfit

    def _decoded(self, exchange: Exchange[Question, Answer], question: Question, reply: Reply) -> Answer:
        """A refusal whose text the Profile knows gets our word for it."""
        try:
            return exchange.decode(question, reply)
        except Refused as refused:
            word = self.profile.refusal(exchange.operation, str(refused))
            if not word:
                raise
            if word == Refusal.NOT_SIGNED_IN:
                raise NotSignedIn(str(refused)) from None
            raise Refused(str(refused), code=word) from None

    def _written_down(self, msgid: str, request: Request) -> float:
        """A journal that fails otherwise (say, a msgid used before) is left alone: the older record must stand."""
        try:
            return self._journal.before(msgid, request.infno, request.body)
        except NotSent as error:
            self._journal.after(msgid, Outcome.NOT_SENT, b"", str(error))
            raise


def _defect(operation: Operation, error: Exception) -> str:
    """Our encoder did not foresee it: told with files and lines, and never with what it was given. The kind's name."""
    kind = type(error).__name__
    log.error("%s cannot be written: %s\n%s", operation, kind, "".join(traceback.format_tb(error.__traceback__)))
    return kind


def _outcome_of(error: InterfaceError) -> Outcome:
    match error:
        case NotSent():
            return Outcome.NOT_SENT
        case Throttled():
            return Outcome.THROTTLED
        case Refused():
            return Outcome.REFUSED
        case _:
            return Outcome.UNKNOWN
