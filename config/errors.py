"""Every error of the API as `application/problem+json` (RFC 9457) with a stable `code`."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from config.correlation import request_id
from hospital.errors import Conflict, Forbidden, HeldBack, Invalid, NotFound, Refusal, Unavailable

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

_STATUS: dict[type[Refusal], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    Unavailable: 503,
    HeldBack: 429,
}


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None (a 500 that is logged with its trace) for what nobody foresaw."""
    if isinstance(error, Refusal):
        return _refusal(error)
    if isinstance(error, (Http404, exceptions.NotFound)):
        return _answer(404, "not_found", _("There is nothing here."))
    if isinstance(error, PermissionDenied):
        return _answer(403, "permission_denied", _("You may not do this."))
    if isinstance(error, exceptions.ValidationError):
        return _answer(
            422, "invalid", _("Some fields are wrong; see errors."), errors=_fields(error.get_full_details())
        )
    if isinstance(error, exceptions.ParseError):
        return _answer(400, "malformed", _("The body is not valid JSON."))
    if isinstance(error, RequestDataTooBig):
        return _answer(413, "too_large", _("The body is too large."))
    if isinstance(error, exceptions.APIException):
        return _framework(error)
    if isinstance(error, (OperationalError, InterfaceError)):
        log.error("database: %s", type(error).__name__)
        return _refusal(
            Unavailable("database_away", _("Please try again in a moment."), retry_after_seconds=RETRY_AFTER_SECONDS)
        )
    return None


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Addresses that do not exist."""
    return _plain(404, "not_found", _("There is nothing here."))


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """What is no request to us at all, such as one for another host."""
    return _plain(400, "bad_request", _("This is no request that can be answered here."))


def server_error(request: HttpRequest) -> JsonResponse:
    """What nobody foresaw: it is in the log, not in the answer."""
    return _plain(500, "internal_error", _("Something went wrong on our side. Nothing was lost; please try again."))


def busy(seconds: int) -> Unavailable:
    """More ask than can be answered: come again after so many seconds."""
    detail = _("Very many people are here at this moment. Please try again in a few seconds.")
    return Unavailable("busy", detail, retry_after_seconds=seconds)


def told(error: Refusal) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers, in the language of this moment."""
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, HeldBack) else {}
    return status, body(status, error.code, str(error.detail), **error.more), headers


def _plain(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse(body(status, code, detail), status=status, content_type=CONTENT_TYPE)


def _refusal(error: Refusal) -> Response:
    status, problem, headers = told(error)
    return Response(problem, status=status, headers=headers, content_type=CONTENT_TYPE)


def _framework(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    code = error.get_codes()
    named = code if isinstance(code, str) else str(error.default_code)
    detail = error.detail.get("detail", "") if isinstance(error.detail, dict) else error.detail
    return _answer(error.status_code, named, str(detail), headers=headers)


def _answer(status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    return Response(body(status, code, detail, **more), status=status, headers=headers, content_type=CONTENT_TYPE)


def body(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """A problem (RFC 9457). `request_id` is what the caller tells support: it finds every line of the log
    (`config/correlation.py`)."""
    return {"type": f"urn:problem:{code}", "title": code.replace("_", " "), "status": status, "code": code} | {
        "detail": detail,
        "request_id": request_id(),
        **more,
    }


def _fields(details: Any, path: str = "") -> list[dict[str, str]]:
    """DRF's nested details as a flat list: which field, which code, what to do."""
    if isinstance(details, dict) and "message" in details and "code" in details:
        return [{"field": path, "code": str(details["code"]), "detail": str(details["message"])}]
    pairs = details.items() if isinstance(details, dict) else ((None, one) for one in details)
    found: list[dict[str, str]] = []
    for name, below in pairs:
        here = path if name in (None, "non_field_errors") else f"{path}.{name}".lstrip(".")
        found += _fields(below, here)
    return found
