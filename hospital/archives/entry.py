"""Into the filing queue and out of it again, from the side of the booking; and what may be asked about it."""

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital import wake, worklist
from hospital.archives import queue
from hospital.archives.models import Archive
from hospital.errors import Conflict
from hospital.identity import InsuranceCard
from hospital.notices.models import Kind, Notice
from hospital.privacy import blind_index
from hospital.states import ArchiveState, NoticeState

if TYPE_CHECKING:
    from hospital.models import Appointment

TAIL = 4


def queue_up(appointment: "Appointment", card: InsuranceCard, insurer: str = "") -> Archive:
    """Step 2: the patient's information joins the filing queue; its message follows the commit."""
    patient = appointment.patient
    archive = Archive(
        appointment=appointment,
        name=patient.name,
        id_number=patient.id_number,
        id_index=blind_index(patient.id_number),
        phone=patient.phone,
        card_type=card.type,
        card_number=card.number,
        card_index=blind_index(card.number),
        card_tail=tail_index(card.number),
        card_region=card.region,
        insurer=insurer,
    )
    worklist.enter(archive)
    wake.after_commit(queue.put, archive.pk)
    return archive


def tail_index(number: str) -> str:
    """By the last four of a card staff find an archive; only their fingerprint is kept."""
    return blind_index(f"tail {number[-TAIL:]}")


def by_tail(text: str, way: str = "") -> Q:
    """The archives whose card ends so; `way`: from the asked rows to the archive. A whole number finds nothing."""
    return Q(**{f"{way}card_tail": tail_index(text)}) if len(text) == TAIL else Q(pk=None)


def withdraw(appointment: "Appointment") -> None:
    """Leave the queue when the appointment goes. A filed archive stays filed."""
    archive = Archive.objects.select_for_update().get(appointment=appointment)
    if archive.state == ArchiveState.QUEUED:
        worklist.move(archive, ArchiveState.CANCELLED, reason="appointment cancelled")


def ahead(archive: Archive) -> int:
    """How many archives are filed before this one."""
    if archive.state != ArchiveState.QUEUED:
        return 0
    return Archive.objects.filter(state=ArchiveState.QUEUED, pk__lt=archive.pk).count()


def is_told(appointment: "Appointment") -> bool:
    """Step 4: the archive counts as told when its notice was delivered through one channel."""
    return Notice.objects.filter(appointment=appointment, kind=Kind.FILED, state=NoticeState.SENT).exists()


def require_told(appointment: "Appointment") -> Archive:
    """The filed archive of a patient who was told. Raises `Conflict("archive_rejected" | "not_told_yet")`."""
    archive = Archive.objects.get(appointment=appointment)
    if archive.state == ArchiveState.REJECTED:
        raise Conflict(
            "archive_rejected",
            _("The record could not be filed; see your notices. Correct it and book again."),
            reason=archive.rejection,
        )
    if archive.state != ArchiveState.FILED or not is_told(appointment):
        raise Conflict("not_told_yet", _("The record is not filed yet. You will get a notice; then ask for the trial."))
    return archive
