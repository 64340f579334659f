"""What every endpoint shares: strict input, and how often somebody may ask."""

import logging
from io import BytesIO
from ipaddress import ip_address
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_ratelimit.core import get_usage
from drf_spectacular.utils import OpenApiParameter
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from hospital.errors import HeldBack

log = logging.getLogger(__name__)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 100}, OpenApiParameter.HEADER
)


class BoundedJSONParser(JSONParser):
    """Reads no more than `DATA_UPLOAD_MAX_MEMORY_SIZE`, whatever length was announced. Raises `RequestDataTooBig`."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig
        return super().parse(BytesIO(body), media_type, parser_context)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt field must not be ignored where money is at stake."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                message = _("There is no such field.")
                raise serializers.ValidationError({str(name): [message] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


def asker_id(request: Request) -> int:
    """The account that asks; the permission classes have let nobody else through."""
    if request.user.pk is None:
        raise NotAuthenticated
    return int(request.user.pk)


def client_address(request: HttpRequest) -> str:
    """The address that asks: the connection's, or behind TRUSTED_PROXIES what the outermost of them has written."""
    named = BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type]  # reads META alone
    try:
        return str(ip_address(named))
    except ValueError:
        return "0.0.0.0"  # nosec B104  a word, nothing is bound: a socket of this machine, or nonsense: all of them count as one


def limit_address(request: Request, group: str) -> None:
    """Hold back an address that asks too often. Raises `HeldBack("too_many_requests")` with the exact time."""
    _limit(request, group, "ip", settings.RATE_LIMIT_PER_ADDRESS)


def limit_signed_in(request: Request, group: str) -> None:
    """Hold back an account that asks too often, and an address with very many accounts."""
    limit_user(request, group)
    _limit(request, group, "ip", settings.RATE_LIMIT_SIGNED_IN_PER_ADDRESS)


def limit_user(request: Request, group: str) -> None:
    """Hold back an account that asks too often."""
    _limit(request, group, "user", settings.RATE_LIMIT_PER_USER, str(request.user.pk))


def limit_username(request: Request, group: str, username: str) -> None:
    """Hold back guesses at one account's password."""
    who = username.lower().encode(errors="replace").decode()
    _limit(request, group, "username", settings.RATE_LIMIT_PER_USERNAME, who)


def _limit(request: Request, group: str, kind: str, rate: str, who: str = "") -> None:
    """Counted apart by kind: the account 7 is not the user name 7."""
    key = "ip" if kind == "ip" else lambda *_: who
    try:
        usage = get_usage(request._request, group=f"{group} {kind}", key=key, rate=rate, increment=True)
    except RedisError as error:
        # Counting needs the cache. A patient is not turned away because it is away; the insurer's limit is elsewhere.
        log.warning("rate of %s not counted: %s", group, type(error).__name__)
        return
    if usage and usage["should_limit"]:
        seconds = int(usage["time_left"]) + 1  # the window's last second counts too
        text = _("Too many requests. Please come back in %(seconds)s seconds.") % {"seconds": seconds}
        raise HeldBack("too_many_requests", text, retry_after_seconds=seconds)
