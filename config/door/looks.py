"""The looks: `GET line/`, `GET trials/{id}/`, and whether `GET appointments/{id}/` has changed.

What is plain is answered here; whatever is not (no token, a wrong one, somebody else's, an origin elsewhere, another
host) goes the long way and gets the long way's answer. Bodies and validators are made by the same functions as there.
Those who look at the same moment are read together, by one statement a kind.
"""

import json
import logging
import re
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils.http import parse_etags

from config.door import stories
from config.door.plain import VARY, always, claims, is_plain
from hospital import tokens
from insurance.trial import api, glance
from insurance.trial.models import Trial

log = logging.getLogger(__name__)

API = "/api/v1/"
_PATH = re.compile(rf"{API}(?:(line)/|(trials|appointments)/(\d{{1,18}})/)")
LINE_KEPT_SECONDS = 1.0
"""As long as its `max-age` allows everybody else."""


@dataclass(frozen=True, slots=True)
class Look:
    """A plain look: at the line (`kind` "line"), a trial or an appointment, by whom, in which language (its mark)."""

    kind: str
    pk: int
    claims: tokens.Claims | None
    known: tuple[str, ...]
    language: str = "0"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered at once. `status` is 200 or 304."""

    status: int
    etag: str
    body: bytes
    cache: str

    def headers(self, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
        """With what Django's middleware sets on every answer of the API."""
        content = [("Content-Type", "application/json"), ("Content-Length", str(len(self.body)))]
        return [
            *(content if self.status == 200 else []),
            ("ETag", self.etag),
            ("Cache-Control", self.cache),
            ("Vary", VARY),
            *always(environ),
        ]


def look(environ: Mapping[str, Any]) -> Look | None:
    """The look that this request is; None: it is none, or not a plain one."""
    if environ["REQUEST_METHOD"] != "GET":
        return None
    found = _PATH.fullmatch(environ["PATH_INFO"])
    if found is None or not is_plain(environ):
        return None
    known = tuple(parse_etags(environ.get("HTTP_IF_NONE_MATCH", "")))
    if found[1]:
        return Look("line", 0, None, known)
    asker = claims(environ)
    language = f"{zlib.crc32(environ.get('HTTP_ACCEPT_LANGUAGE', '').encode()):x}"
    return Look(found[2], int(found[3]), asker, known, language) if asker else None


Seen = tuple[Answer | None, str]
"""What is answered at once (None: nothing, it goes the long way), and the validator of what the long way answers."""

LONG_WAY: Seen = None, ""


def answer_all(asked: Sequence[Look]) -> list[Seen]:
    """What each of these is told, in their order."""
    trials = iter(glance.of_all(_of_kind("trials", asked)))
    versions = iter(stories.versions(_of_kind("appointments", asked)))
    return [_alone(look, trials, versions) for look in asked]


def _of_kind(kind: str, asked: Sequence[Look]) -> list[tuple[tokens.Claims, int]]:
    return [(look.claims, look.pk) for look in asked if look.kind == kind and look.claims]


def _alone(look: Look, trials: Iterator[Trial | None], versions: Iterator[str | None]) -> Seen:
    """What goes wrong with one look is nobody else's: the long way tells its asker."""
    found = next({"trials": trials, "appointments": versions}.get(look.kind, iter([None])))
    try:
        if look.kind == "line":
            return line.read_for(look), ""
        if isinstance(found, Trial):
            return _trial(look, found), ""
        return _story(look, found) if found else LONG_WAY
    except (DatabaseError, InterfaceError) as error:
        log.warning("a look goes the long way: %s", type(error).__name__)
    except Exception:
        log.exception("a look at %s/%s goes the long way", look.kind, look.pk)
    return LONG_WAY


def _trial(look: Look, found: Trial) -> Answer:
    """The trial as it stands now."""
    told, etag = api.seen(found)
    return _answer(look, etag, lambda: _json(told), "private, no-cache")


def _story(look: Look, version: str) -> Seen:
    """304 for whoever knows the story as it stands now; its validator for all others."""
    etag = f'W/"{version}-{look.language}"'
    return (Answer(304, etag, b"", "private, no-cache") if _is_known(look, etag) else None), etag


class _Line:
    """The line's answer, read again when it is a second old. While it is read, others wait for it."""

    def __init__(self) -> None:
        self.body, self.etag, self.read_at = b"", "", 0.0

    def answer(self, look: Look) -> Answer | None:
        """None: it must be read."""
        if time.monotonic() - self.read_at > LINE_KEPT_SECONDS:
            return None
        return _answer(look, self.etag, lambda: self.body, "max-age=1, public")

    def read_for(self, look: Look) -> Answer | None:
        """Read it, unless somebody has just done so."""
        if time.monotonic() - self.read_at > LINE_KEPT_SECONDS:
            body = _json(api.line_now())
            self.body, self.etag, self.read_at = body, f'"{api.digest(body)}"', time.monotonic()
        return self.answer(look)


line = _Line()


def _answer(look: Look, etag: str, body: Any, cache: str) -> Answer:
    return Answer(304, etag, b"", cache) if _is_known(look, etag) else Answer(200, etag, body(), cache)


def _is_known(look: Look, etag: str) -> bool:
    """Compared weakly (RFC 9110, 13.1.2)."""
    return bool(look.known) and (look.known == ("*",) or etag.removeprefix("W/") in _strong(look.known))


def _strong(etags: Iterable[str]) -> set[str]:
    return {etag.removeprefix("W/") for etag in etags}


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
