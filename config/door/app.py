"""The door itself, a WSGI application around Django's: looks first, then everybody else in order."""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import translation
from structlog.contextvars import bound_contextvars

from config import errors
from config.correlation import own_id
from config.door import bookings, looks, plain
from config.door.lanes import Busy, Lane, SharedLane
from hospital.appointments import api
from hospital.appointments.models import Appointment
from hospital.errors import Refusal

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, Any], Any]

NOT_COUNTED = ("/healthz", "/readyz", "/metrics")
"""Whoever watches over us is never told that we are busy: a surge is no reason to be started anew."""

LOOKERS = 3
LOOKED_TOGETHER = 20
BOOKED_TOGETHER = 50
COME_AGAIN_SECONDS = 1, 5
"""Drawn anew for everybody, so that they do not come back together."""

CHECKED_SECONDS = 1.0

_last = threading.local()


class Door:
    """Around Django's application. Its three lanes hold all connections to the database that a web process has, and
    together fewer than its threads: whatever one of them waits for, the others go on, and somebody says no."""

    def __init__(self, django: Application) -> None:
        self.django = django
        self.work = Lane("work", threads=settings.WEB_AT_ONCE, waiting=settings.WEB_WAITING)
        others = settings.WEB_THREADS - self.work.most
        self.looks = SharedLane("look", _look, threads=LOOKERS, most_together=LOOKED_TOGETHER, waiting=others // 4)
        self.bookings = SharedLane("booking", _book, most_together=BOOKED_TOGETHER, waiting=others // 2)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            look = looks.look(environ)
            answer, etag = self._seen(look) if look else looks.LONG_WAY
            if answer is not None:
                start_response(_line(answer.status), answer.headers(environ))
                return [answer.body]
            if environ["PATH_INFO"] == bookings.PATH and (booked := self._booked(environ, start_response)):
                return booked
            return self._passed_on(environ, start_response, etag)
        except Busy:
            return refused(environ, start_response, errors.busy(random.randint(*COME_AGAIN_SECONDS)))  # nosec B311

    def _booked(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes] | None:
        """The answer to a plain booking; None: the long way, under the same id."""
        environ["HTTP_X_REQUEST_ID"] = own = own_id(environ)
        with bound_contextvars(request_id=own):
            asked = bookings.read(environ)
            answer = self.bookings.run(asked) if asked else None
            if isinstance(answer, Refusal):
                return refused(environ, start_response, answer)
            return answer and booked(environ, start_response, answer)

    def _seen(self, look: looks.Look) -> looks.Seen:
        if look.kind == "line" and (answer := looks.line.answer(look)):
            return answer, ""
        try:
            seen: looks.Seen = self.looks.run(look)
        except (DatabaseError, InterfaceError) as error:
            log.warning("look: %s", type(error).__name__)  # the long way has words for it
            return looks.LONG_WAY
        return seen

    def _passed_on(self, environ: Environ, start_response: StartResponse, etag: str) -> Iterable[bytes]:
        answered = partial(_with_etag, start_response, etag) if etag else start_response
        if environ["PATH_INFO"] in NOT_COUNTED:
            unhurried: Iterable[bytes] = self.django(environ, answered)
            return unhurried
        body: Iterable[bytes] = self.work.run(partial(_whole, self.django, environ, answered))
        return body


def booked(environ: Environ, start_response: StartResponse, appointment: Appointment) -> Iterable[bytes]:
    """201, as the long way answers."""
    body = json.dumps(api.booked(appointment), separators=(",", ":")).encode()
    headers = [("Content-Type", "application/json"), ("Location", api.address(appointment.pk))]
    return _answered(environ, start_response, 201, body, headers)


def refused(environ: Environ, start_response: StartResponse, refusal: Refusal) -> Iterable[bytes]:
    """A problem in the asker's language: nothing was begun."""
    with translation.override(translation.get_language_from_request(WSGIRequest(environ))):
        status, problem, headers = errors.told(refusal)
    body = json.dumps(problem, ensure_ascii=False, separators=(",", ":")).encode()
    kind = [("Content-Type", errors.CONTENT_TYPE), ("Cache-Control", "no-store")]
    return _answered(environ, start_response, status, body, [*kind, *headers.items()])


def _answered(
    environ: Environ, start_response: StartResponse, status: int, body: bytes, headers: plain.Headers
) -> Iterable[bytes]:
    every = [("Content-Length", str(len(body))), ("Vary", plain.VARY), *plain.always(environ)]
    start_response(_line(status), [*headers, *every])
    return [body]


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _book(asked: Sequence[bookings.Asked]) -> Sequence[bookings.Answer]:
    _connected()
    return bookings.answer_all(asked)


def _connected() -> None:
    """Looks whether the connection is still good, but not before each look: that would be a statement more."""
    if time.monotonic() - getattr(_last, "checked_at", 0.0) > CHECKED_SECONDS:
        close_old_connections()
        _last.checked_at = time.monotonic()


def _look(asked: Sequence[looks.Look]) -> Sequence[looks.Seen]:
    _connected()
    return looks.answer_all(asked)


def _whole(django: Application, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The answer, made to its end on the thread that has the connection. What is streamed is a file, without any."""
    response: Any = django(environ, start_response)
    whole: Iterable[bytes] = response
    if not getattr(response, "streaming", True):
        whole = [b"".join(response)]
        response.close()
    return whole


def _with_etag(
    start_response: StartResponse, etag: str, status: str, headers: list[tuple[str, str]], *rest: Any
) -> Any:
    """As Django answers, with the validator that was read before: older than the body at most, never younger."""
    if status.startswith("200"):
        headers = [(name, value) for name, value in headers if name.lower() != "etag"] + [("ETag", etag)]
    return start_response(status, headers, *rest)
