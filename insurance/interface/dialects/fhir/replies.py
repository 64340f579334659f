"""Which of the four failures a reply is, or the resource it brings. Pure: a function of status, headers and body.

Source: FHIR R4, RESTful API (http.html: status codes, OperationOutcome) and protocol 4. Refused is only what the FHIR
server itself has refused in words; a status alone may be a proxy's, and then nobody knows.
"""

import re
from collections.abc import Iterator, Mapping

from insurance.interface.dialects.fhir.reading import coded, identified, refusal_code
from insurance.interface.dialects.fhir.resources import read
from insurance.interface.dialects.fhir.vocabulary import IN_ERROR, Codes, Json, Sid
from insurance.interface.errors import NotSent, OutcomeUnknown, Refused, Throttled, scrub
from insurance.interface.exchange import Reply, header

OK, CREATED, UNAUTHORIZED, TIMED_OUT, TOO_MANY, UNAVAILABLE = 200, 201, 401, 408, 429, 503
ERRORS = ("fatal", "error")
THROTTLED = "throttled"
UNDECIDED = ("exception", "timeout", "incomplete", "transient", "lock-error", "no-store", "too-costly", "duplicate")
"""Issue types that say that processing broke off, or that it was done before: nobody can call that refused."""


def resource(reply: Reply, kind: str) -> Json:
    """The resource of that kind in a success; everything else raises one of the four InterfaceErrors."""
    found, problem = _resource(reply.body)
    if reply.status not in (OK, CREATED):
        raise _failure(reply, found, kind)
    if found.get("resourceType") != kind:
        raise OutcomeUnknown(f"HTTP {reply.status} {problem or 'with another resource than ' + kind}")
    if found.get("status") == IN_ERROR:
        raise OutcomeUnknown(f"the {kind} was entered in error")
    return found


def outcome(found: Json, *, binds: bool) -> None:
    """Pass a response whose `outcome` is complete. Raises one of the InterfaceErrors otherwise.

    `binds`: what was asked would stand at the insurer. "queued" then may still be carried out; of a question that binds
    nobody, it is a place in somebody else's line: as good as throttled (protocol 7).
    """
    said = found.get("outcome")
    if said == "complete" and not found.get("error"):
        return
    if said == "queued" and not binds:
        raise Throttled("queued at the insurer")
    if said != "error":
        known = said in ("queued", "partial", "complete")
        raise OutcomeUnknown(f"outcome is {said if known else 'not known'}, which is no answer here")
    raise _said(found)


def failure(reply: Reply, kind: str) -> Exception:
    """Which of the four an answer is that does not bring what was asked for, where that is no resource (Binary)."""
    found, problem = _resource(reply.body)
    if reply.status in (OK, CREATED):
        return OutcomeUnknown(f"HTTP {reply.status} {problem or 'without ' + kind}")
    return _failure(reply, found, kind)


def _failure(reply: Reply, found: Json, kind: str) -> Exception:
    """Of a status that is no success. A body that claims success contradicts it, and then nobody knows."""
    status, issues = reply.status, list(_issues(found))
    words = "; ".join(_words(issue) for issue in issues)
    if found.get("resourceType") == kind:
        return OutcomeUnknown(f"HTTP {status} although there is a {kind}")
    if status == UNAUTHORIZED:
        return NotSent(f"the gateway answered HTTP 401: {scrub(words)}")
    if status == TOO_MANY or (status == UNAVAILABLE and header(reply.headers, "retry-after") is not None):
        return Throttled(words or f"HTTP {status}", _retry_after(reply.headers))
    if not 400 <= status < 500 or status == TIMED_OUT or not issues:
        return OutcomeUnknown(f"HTTP {status}")
    return _of_issues(reply, issues, words)


def _of_issues(reply: Reply, issues: list[Json], words: str) -> Exception:
    """A 4xx that the FHIR server has explained."""
    kinds = {issue.get("code") for issue in issues}
    if THROTTLED in kinds:
        return Throttled(words, _retry_after(reply.headers))
    if kinds & set(UNDECIDED):
        return OutcomeUnknown(f"HTTP {reply.status}: {scrub(words)}")
    return Refused(words, code=next((code for code in (_code(issue) for issue in issues) if code), ""))


def _said(found: Json) -> Exception:
    """Of outcome "error". One that nevertheless shows a payment or a settlement's number has not been refused."""
    errors = [each.get("code") or {} for each in found.get("error") or ()]
    words = "; ".join(map(_concept_words, errors)) or str(found.get("disposition") or "")
    kinds = {coded(each, Codes.ISSUE) for each in errors}
    stands = "payment" in found or identified(found.get("identifier") or (), Sid.SETTLEMENT)
    if stands or kinds & set(UNDECIDED):
        return OutcomeUnknown(f"outcome is error, and perhaps it was carried out: {scrub(words)}")
    if THROTTLED in kinds:
        return Throttled(words)
    if not words:
        return OutcomeUnknown("outcome is error, without a reason")
    return Refused(words, code=next((code for code in map(refusal_code, errors) if code), ""))


def _resource(body: bytes) -> tuple[Json, str]:
    """The resource, or an empty one and what is wrong."""
    if not body.strip():
        return {}, "with an empty body"
    try:
        return read(body), ""
    except ValueError as error:  # pydantic's message quotes what was wrong, perhaps a name: only its kind is told
        return {}, f"with a body that is no valid resource ({type(error).__name__})"


def _issues(found: Json) -> Iterator[Json]:
    """The errors of an OperationOutcome; none of anything else."""
    if found.get("resourceType") == "OperationOutcome":
        yield from (issue for issue in found["issue"] if issue.get("severity") in ERRORS)


def _words(issue: Json) -> str:
    """As the insurer wrote it; the exceptions scrub it."""
    return _concept_words(issue.get("details") or {}) or str(issue.get("diagnostics") or issue.get("code") or "")


def _concept_words(concept: Json) -> str:
    shown = (each.get("display") or each.get("code") for each in concept.get("coding") or ())
    return str(concept.get("text") or next(shown, "") or "")


def _code(issue: Json) -> str:
    return refusal_code(issue.get("details"))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; the date form of Retry-After is left to our own pace."""
    value = header(headers, "retry-after")
    return float(value) if value is not None and re.fullmatch(r"[0-9]{1,6}", value.strip()) else None
