"""What makes a request plain, so that the door may answer it, and what every answer of the door says."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from config import headers
from config.correlation import own_id, request_id
from hospital import tokens

_BEARER = "Bearer "
VARY = "Accept-Language, origin"

Headers = list[tuple[str, str]]


def is_plain(environ: Mapping[str, Any]) -> bool:
    """For our host, without a query, and from no page elsewhere."""
    if environ.get("QUERY_STRING") or "HTTP_ORIGIN" in environ:
        return False
    return _is_our_host(environ.get("HTTP_HOST", ""))


def claims(environ: Mapping[str, Any]) -> tokens.Claims | None:
    """Of the access token that is shown, if it is sound and has not run out."""
    shown = environ.get("HTTP_AUTHORIZATION", "")
    return tokens.claims_of(shown.removeprefix(_BEARER)) if shown.startswith(_BEARER) else None


def always(environ: Mapping[str, Any]) -> Headers:
    """What Django's middleware sets on every answer of the API."""
    return [
        *headers.always().items(),
        ("Content-Security-Policy", headers.NOTHING),
        ("X-Request-ID", request_id() or own_id(environ)),
    ]


@lru_cache(maxsize=100)
def _is_our_host(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
