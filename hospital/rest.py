"""What every endpoint shares: strict input, who is asking, how often they may."""

import logging
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.request import Request

from hospital.appointments.models import Appointment, Patient
from hospital.errors import Forbidden, HeldBack, NotFound

log = logging.getLogger(__name__)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields it does not know: a misspelt field must not be ignored where money is at stake."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                message = _("There is no such field.")
                raise serializers.ValidationError({str(name): [message] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


class PatientOrDesk:
    """Who is asking: a patient for himself, or staff for anybody."""

    def __init__(self, request: Request) -> None:
        self.user = request.user

    @property
    def patient(self) -> Patient:
        """The patient behind the token. Raises `Forbidden("patients_only")`."""
        patient = Patient.objects.filter(user_id=self.user.pk).first()
        if patient is None:
            raise Forbidden("patients_only", _("Only a patient's account may do this."))
        return patient

    def appointment(self, pk: int) -> Appointment:
        """The appointment, if it may be seen; else there is none. Raises `NotFound("no_such_appointment")`."""
        mine = Appointment.objects.select_related("session", "patient")
        if not self.user.is_staff:
            mine = mine.filter(patient__user_id=self.user.pk)
        found = mine.filter(pk=pk).first()
        if found is None:
            raise NotFound("no_such_appointment", _("There is no such appointment."))
        return found


def limit_address(request: Request, group: str) -> None:
    """Hold back an address that asks too often. Raises `HeldBack("too_many_requests")` with the exact time."""
    _limit(request, group, str(request.META.get("REMOTE_ADDR", "")), settings.RATE_LIMIT_PER_ADDRESS)


def limit_user(request: Request, group: str) -> None:
    """Hold back an account that asks too often."""
    _limit(request, group, str(request.user.pk), settings.RATE_LIMIT_PER_USER)


def limit_username(request: Request, group: str, username: str) -> None:
    """Hold back guesses at one account's password."""
    _limit(request, group, username.lower(), settings.RATE_LIMIT_PER_USERNAME)


def _limit(request: Request, group: str, who: str, rate: str) -> None:
    try:
        usage = get_usage(request._request, group=group, key=lambda *_: who, rate=rate, increment=True)
    except RedisError as error:
        # Counting needs the cache. A patient is not turned away because it is away; the insurer's limit is elsewhere.
        log.warning("rate of %s not counted: %s", group, type(error).__name__)
        return
    if usage and usage["should_limit"]:
        seconds = max(int(usage["time_left"]), 1)
        text = _("Too many requests. Please come back in %(seconds)s seconds.") % {"seconds": seconds}
        raise HeldBack("too_many_requests", text, retry_after_seconds=seconds)
