"""Who may read the metrics. They hold no personal data, but they say how the hospital's business goes."""

from enum import StrEnum
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare


class Access(StrEnum):
    GRANTED = "granted"
    NO_TOKEN = "no_token"  # a token is set and was not shown
    ELSEWHERE = "elsewhere"  # no token is set, and the caller is not on this machine


def of(request: HttpRequest) -> Access:
    """By METRICS_TOKEN where it is set; else this machine alone, or anybody with DEBUG."""
    if settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "")
        right = constant_time_compare(shown, f"Bearer {settings.METRICS_TOKEN}")
        return Access.GRANTED if right else Access.NO_TOKEN
    return Access.GRANTED if settings.DEBUG or _from_this_machine(request) else Access.ELSEWHERE


def _from_this_machine(request: HttpRequest) -> bool:
    """What a proxy on this machine passes on comes from elsewhere."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
