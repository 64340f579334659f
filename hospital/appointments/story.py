"""The whole story of an appointment, as its patient may read it."""

from typing import Any

from hospital import hooks
from hospital.appointments.models import Appointment
from hospital.appointments.serializers import ChargeOutput, SessionOutput
from hospital.archives import entry
from hospital.archives.models import Archive
from hospital.notices import inbox


def of(appointment: Appointment) -> dict[str, Any]:
    """Appointment, archive, notices and charges; what others have to tell comes through the hook `story`."""
    told: dict[str, Any] = {
        "id": appointment.pk,
        "state": appointment.state,
        "session": SessionOutput(appointment.session).data,
        "created_at": appointment.created_at.isoformat(),
        "archive": _archive(appointment),
        "notices": [inbox.shown(notice) for notice in inbox.of_appointment(appointment.pk)],
        "charges": ChargeOutput(appointment.charges.order_by("pk"), many=True).data,
    }
    for more in hooks.call("story", appointment):
        told |= more
    return told


def _archive(appointment: Appointment) -> dict[str, Any]:
    archive = Archive.objects.get(appointment=appointment)
    return {
        "state": archive.state,
        "ahead": entry.ahead(archive),
        "number": archive.number,
        "told": entry.is_told(appointment),
        "rejection": archive.rejection or None,
    }
