"""Which of the four failures a reply is, or its output. Pure: a function of status, headers and body.

Source: protocol 1.2 (H t3, t4, t6), its three further shapes, and 4 (failure semantics).
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

from insurance.interface.errors import NotSent, OutcomeUnknown, Refused, Throttled, internal_code, scrub
from insurance.interface.exchange import header

Document = Mapping[str, object]

# The only sign of a rate refusal inside a 200 is its text. "超过…次数" also stands in benefit refusals
# (yearly visits, reimbursements), which no waiting cures: those words in between make it a business refusal.
_RATE = re.compile(
    r"频繁|限流|流量|(?:超过|超出|超限)(?:(?!年|月|就诊|门诊|住院|报销|支付|待遇|处方|用药|享受|购药).){0,24}次数"
    r"|(?:请求|访问|调用|交易)次数.{0,8}(?:超|上限|过多)|too many requests|rate limit",
    re.IGNORECASE,
)
_SUCCESS, _FAILURE, _UNAUTHORIZED, _TOO_MANY = 0, -1, 401, 429


def output(status: int, headers: Mapping[str, str], body: bytes) -> object:
    """What stands under `output` (or `data`) of a success; everything else raises one of the four InterfaceErrors."""
    document = _document(body)
    if "infcode" not in document and "code" in document:
        return _unwrapped(status, headers, document)
    code = _code(document.get("infcode"))
    _check_status(status, headers, document, code)
    if document.get("type") == "error" and code != _SUCCESS:
        raise _refusal(document)
    if code is None:
        raise OutcomeUnknown(f"HTTP {status} {_kind(body, document)}")
    if code != _SUCCESS:
        raise _refusal(document)
    if not _is_ok(status):
        raise OutcomeUnknown(f"HTTP {status} although infcode is 0")
    return document.get("output")


def _unwrapped(status: int, headers: Mapping[str, str], document: Document) -> object:
    """The gateway's {code, message} (H t6) and the {code, type, message, data} of Guangzhou and of 42xx."""
    code = _code(document["code"])
    if code == _UNAUTHORIZED:
        raise NotSent(f"the gateway answered 401: {scrub(_text(document))}")
    if code == _TOO_MANY:
        raise Throttled(_text(document), _retry_after(headers))
    _check_status(status, headers, document, code)
    if code == _FAILURE:
        raise _refusal(document)
    if code != _SUCCESS or not _is_ok(status):
        raise OutcomeUnknown(f"HTTP {status} with a wrapper whose code is neither 0 nor -1")
    return document.get("data")


def _check_status(status: int, headers: Mapping[str, str], document: Document, code: int | None) -> None:
    """HTTP statuses that decide. A body that claims success contradicts them, and then nobody knows."""
    if code == _SUCCESS:
        return
    if status == _UNAUTHORIZED:
        raise NotSent(f"the gateway answered HTTP 401: {scrub(_text(document))}")
    if status == _TOO_MANY or (status == 503 and header(headers, "retry-after") is not None):
        raise Throttled(_text(document) or f"HTTP {status}", _retry_after(headers))
    if status >= 500:
        raise OutcomeUnknown(f"HTTP {status}")


def _is_ok(status: int) -> bool:
    return 200 <= status < 300


def _refusal(document: Document) -> Refused | Throttled:
    text = _text(document)
    return Throttled(text) if _RATE.search(text) else Refused(text, code=internal_code(text))


def _text(document: Document) -> str:
    """As the centre wrote it; the exceptions scrub it."""
    for name in ("err_msg", "message"):
        text = document.get(name)
        if isinstance(text, str) and text:
            return text
    return ""


def _document(body: bytes) -> Document:
    """The JSON object of a body; empty when there is none, since every case then hangs on the status alone."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError):  # half JSON, HTML, GBK, 1e99999999999, ten thousand brackets
        return {}
    return document if isinstance(document, dict) else {}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _code(value: object) -> int | None:
    """infcode is a number in H, a string in JL; None for what is neither."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _kind(body: bytes, document: Document) -> str:
    if document:
        return "without a readable infcode"
    return "with a body that is no JSON object" if body.strip() else "with an empty body"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; the date form of Retry-After is left to our own pace."""
    value = header(headers, "retry-after")
    return float(value) if value is not None and re.fullmatch(r"[0-9]{1,6}", value.strip()) else None
