"""The link by which a family member may follow: who makes it, what it is good for, and when it ends.

Whoever has the link sees the place in the line; nothing about health, money, doctor or department. One at a time: a new
one ends the one before. It ends with the visit, at the latest a day after the session.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.appointments.models import Appointment, FollowLink
from hospital.errors import Conflict, NotFound
from hospital.states import AppointmentState

TOKEN_BYTES = 24
"""192 bits: nobody guesses it, so that a plain hash is enough to find it by."""

LASTS = timedelta(days=1)
"""After the end of the session."""


def start(appointment: Appointment) -> str:
    """The token of a new link; it can be read only now. Raises `Conflict("appointment_over")`."""
    if not may_be_followed(appointment):
        raise Conflict("appointment_over", _("This appointment is over or cancelled."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made = {"token_hash": _hash(token), "created_at": timezone.now()}
    FollowLink.objects.update_or_create(appointment=appointment, defaults=made)
    return token


def stop(appointment: Appointment) -> None:
    """Nobody follows any more. Without a link there is nothing to do."""
    FollowLink.objects.filter(appointment=appointment).delete()


def followed(token: str) -> Appointment:
    """Whom the holder of this token follows. Raises `NotFound("no_such_link")`, also when it was ended or is over."""
    links = FollowLink.objects.select_related("appointment__session", "appointment__patient")
    link = links.filter(token_hash=_hash(token)).first()
    if link is None or not may_be_followed(link.appointment):
        raise NotFound("no_such_link", _("There is no such link, or it has ended."))
    return link.appointment


def is_followed(appointment: Appointment) -> bool:
    """Whether there is a link."""
    return FollowLink.objects.filter(appointment=appointment).exists()


def address(token: str) -> str:
    """What is given to the family."""
    return f"{settings.PUBLIC_URL}/follow/{token}/"


def may_be_followed(appointment: Appointment) -> bool:
    """Whether the visit goes on."""
    over = timezone.now() > appointment.session.ends_at + LASTS
    return appointment.state == AppointmentState.BOOKED and not over


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
