"""Replace the fee lines of an appointment: what the hospital's own system or staff do after the consultation."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import hooks
from hospital.appointments.models import Appointment, Charge, amount_fen
from hospital.errors import Conflict
from hospital.states import AppointmentState


class Line(TypedDict):
    """One fee line as given; `unit_price` in yuan."""

    med_list_codg: str
    medins_list_codg: str
    name: str
    quantity: Decimal
    unit_price: Decimal


def replace(appointment: Appointment, lines: Sequence[Line]) -> list[Charge]:
    """New fee lines in place of the old; a trial that was made with the old ones is superseded. Raises `Conflict`."""
    with transaction.atomic():
        locked = Appointment.objects.select_for_update().get(pk=appointment.pk)
        if locked.state != AppointmentState.BOOKED:
            raise Conflict("appointment_over", _("This appointment is over or cancelled; its charges stand."))
        locked.charges.all().delete()
        now = timezone.now()
        charges = [_charge(locked, line, now) for line in lines]
        Charge.objects.bulk_create(charges)
        hooks.tell("charges_changed", locked)
    return charges


def _charge(appointment: Appointment, line: Line, now: datetime) -> Charge:
    amount = amount_fen(line["unit_price"], line["quantity"])
    return Charge(appointment=appointment, amount_fen=amount, occurred_at=now, **line)
