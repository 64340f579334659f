"""What every endpoint shares: strict input, and how often somebody may ask."""

from io import BytesIO
from ipaddress import ip_address
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from hospital import rates
from hospital.rates import Limit

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 100}, OpenApiParameter.HEADER
)


COUNTED = "hospital.rest.counted"
"""In the environment of a request that the front door has counted, for which group: it is not counted twice. No header
of a request comes in under such a name."""


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
    rates.hold_back(request._request, group, Limit(rates.ADDRESS, settings.RATE_LIMIT_PER_ADDRESS))


def limit_signed_in(request: Request, group: str) -> None:
    """Hold back an account that asks too often, and an address with very many accounts."""
    if request.META.get(COUNTED) != group:
        rates.hold_back(request._request, group, *limits_signed_in(asker_id(request)))


def limits_signed_in(user_id: int) -> tuple[Limit, Limit]:
    """What `limit_signed_in` counts."""
    return (
        Limit("user", settings.RATE_LIMIT_PER_USER, str(user_id)),
        Limit(rates.ADDRESS, settings.RATE_LIMIT_SIGNED_IN_PER_ADDRESS),
    )


def limit_user(request: Request, group: str) -> None:
    """Hold back an account that asks too often."""
    rates.hold_back(request._request, group, Limit("user", settings.RATE_LIMIT_PER_USER, str(request.user.pk)))


def limit_username(request: Request, group: str, username: str) -> None:
    """Hold back guesses at one account's password."""
    who = username.lower().encode(errors="replace").decode()
    rates.hold_back(request._request, group, Limit("username", settings.RATE_LIMIT_PER_USERNAME, who))
