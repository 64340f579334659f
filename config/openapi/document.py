"""Makes the generated schema whole: examples, every error with its code, headers, and the webhook.

A post-processing hook of drf-spectacular: the shapes come from the serializers, the rest from the tables beside this.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from config.errors import CONTENT_TYPE, body
from config.openapi import examples
from config.openapi.codes import CODES
from config.openapi.operations import TOLD, Told

Schema = dict[str, Any]

ANY_CALL = ("internal_error", "busy", "database_away")
WITH_BODY = ("malformed", "too_large", "unsupported_media_type", "invalid")
SIGNED_IN = ("not_authenticated", "token_not_valid", "authentication_failed")
LENIENT = ("SignInInput", "NotifyInput")
"""Inputs that take more fields than they name."""

PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` is stable and for programs, `detail` is for people and in their language.",
    "properties": {
        "type": {"type": "string", "pattern": "^urn:problem:"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": ["string", "null"], "description": "tell it to support: every line of the log has it"},
        "errors": {
            "type": "array",
            "description": "with the code `invalid`: which fields are wrong, and why",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
                "required": ["field", "code", "detail"],
            },
        },
        "retry_after_seconds": {"type": "integer", "description": "as in the header Retry-After"},
        "reason": {"type": "string", "description": "with the code `archive_rejected`: why"},
    },
    "required": ["type", "title", "status", "code", "detail"],
}
HEADERS: Schema = {
    "ETag": {"description": "send it back as If-None-Match: 304 while nothing has changed"},
    "Link": {"description": 'the next page, rel="next"; absent on the last'},
    "Location": {"description": "where it is now"},
    "Retry-After": {"description": "after so many seconds it is let through", "schema": {"type": "integer"}},
}
MORE: Schema = {
    "invalid": {"errors": [{"field": "phone", "code": "invalid", "detail": "输入的值不匹配要求的格式。"}]},
    "archive_rejected": {"reason": "bad_card"},
    "too_many_requests": {"retry_after_seconds": 37},
    "line_full": {"retry_after_seconds": 37},
    "busy": {"retry_after_seconds": 3},
    "database_away": {"retry_after_seconds": 5},
}


def complete(result: Schema, generator: Any, request: Any, public: bool) -> Schema:
    """The hook."""
    schemas = result["components"]["schemas"]
    schemas["Problem"] = PROBLEM
    _tell_the_story(schemas["AppointmentOutput"])
    for name, schema in schemas.items():
        if name.endswith("Input") and name not in LENIENT:
            schema["additionalProperties"] = False
    for path, operation in operations(result):
        if told := TOLD.get(operation["operationId"]):
            _complete(operation, path, told)
    result["webhooks"] = {"notice": {"post": _webhook()}}
    return result


def operations(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every call there is, with its path."""
    for path, calls in schema["paths"].items():
        for operation in calls.values():
            yield path, operation


def codes_of(operation: Schema, path: str, told: Told) -> list[str]:
    """Every code with which this call may be refused."""
    codes = [*told.codes, *ANY_CALL]
    codes += WITH_BODY if "requestBody" in operation else ()
    codes += SIGNED_IN if any(operation.get("security", ())) else ()
    codes += ("not_found",) if "{" in path else ()
    codes += ("too_many_requests",) if told.limited else ()
    return sorted(set(codes))


def _complete(operation: Schema, path: str, told: Told) -> None:
    if "requestBody" in operation:
        _only_json(operation["requestBody"])["examples"] = {"example": {"value": told.sent}}
    for status, answer in told.answers.items():
        response = operation["responses"][str(status)]
        response["description"] = response["description"] or "As asked."
        if answer is not None:
            response["content"]["application/json"]["examples"] = {"example": {"value": answer}}
        response["headers"] = {name: _header(name) for name in told.headers}
    if "ETag" in told.headers:
        operation["responses"]["304"] = {"description": "Nothing has changed (If-None-Match)."}
    operation["responses"] |= _errors(codes_of(operation, path, told))


def _only_json(request_body: Schema) -> Schema:
    content: Schema = request_body["content"]["application/json"]
    request_body["content"] = {"application/json": content}
    return content


def _errors(codes: list[str]) -> Schema:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[CODES[code][0]].append(code)
    return {str(status): _error(status, codes) for status, codes in sorted(by_status.items())}


def _error(status: int, codes: list[str]) -> Schema:
    narrowed = {"properties": {"code": {"enum": codes}, "status": {"const": status}}}
    content = {
        "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]},
        "examples": {code: {"value": _problem(status, code)} for code in codes},
    }
    response: Schema = {"description": ", ".join(f"`{code}`" for code in codes), "content": {CONTENT_TYPE: content}}
    if status in (429, 503):
        response["headers"] = {"Retry-After": _header("Retry-After")}
    return response


def _problem(status: int, code: str) -> Schema:
    more = MORE.get(code, {})
    told = body(status, code, str(CODES[code][1]) % {"seconds": more.get("retry_after_seconds")})
    return {**told, "request_id": examples.REQUEST_ID, **more}


def _header(name: str) -> Schema:
    return {"schema": {"type": "string"}, **HEADERS[name]}


def _tell_the_story(appointment: Schema) -> None:
    """The hospital does not know what others tell of an appointment; here both are known."""
    for name, shape in (("notices", "NoticeOutput"), ("trials", "TrialOutput"), ("settlements", "SettlementOutput")):
        appointment["properties"][name]["items"] = {"$ref": f"#/components/schemas/{shape}"}


def _webhook() -> Schema:
    """To the hospital's own app (docs/notices.md)."""
    shapes = {name: {"type": "integer" if isinstance(value, int) else "string"} for name, value in _event().items()}
    signed = ("X-Notice-Timestamp", "X-Notice-Signature")
    return {
        "operationId": "notice",
        "summary": "An event, to the hospital's own patient app",
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in signed
        ],
        "requestBody": {
            "content": {
                "application/json": {
                    "schema": {"type": "object", "properties": shapes},
                    "examples": {"example": {"value": _event()}},
                }
            }
        },
        "responses": {"2XX": {"description": "Taken; anything else is tried again."}},
    }


def _event() -> Schema:
    return {**examples.EVENT, "trial": examples.TRIAL["id"]}
