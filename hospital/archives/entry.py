"""Into the filing queue and out of it again, from the side of the booking; and what may be asked about it."""

from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hospital import wake, worklist
from hospital.archives import queue
from hospital.archives.models import TAIL, Archive, tail
from hospital.errors import Conflict
from hospital.identity import InsuranceCard
from hospital.notices.models import Kind, Notice
from hospital.prepared import Prepared
from hospital.privacy import blind_index, blind_indexes, encrypt
from hospital.states import ArchiveState, NoticeState

if TYPE_CHECKING:
    from hospital.models import Appointment

EXACT_AHEAD = 200
"""So many in front are counted one by one; whoever has more in front need not know whether some of them have left."""

_AHEAD = f"""
    SELECT CASE WHEN count(*) < {EXACT_AHEAD} THEN count(*)
                ELSE {{archive}} - (SELECT min(id) FROM hospital_archive WHERE state = 'queued') END
      FROM (SELECT FROM hospital_archive before WHERE before.state = 'queued' AND before.id < {{archive}}
             LIMIT {EXACT_AHEAD}) near
"""
"""However long the queue is, it costs the same."""


class Given(NamedTuple):
    """What `QUEUE_UP` must know besides the patient's row: fingerprints to find the archive by, the card, and the name
    of the insurer that it leads to. `card_number` is encrypted."""

    id_index: str
    card_type: str
    card_number: str
    card_index: str
    card_tail: str
    card_region: str
    insurer: str


QUEUE_UP = f"""
    archive AS (
        INSERT INTO hospital_archive (appointment_id, state, attempt, last_error, rejection, name, id_number, phone,
                                      {", ".join(Given._fields)})
        SELECT appointment.id, 'queued', 0, '', '', asker.name, asker.id_number, asker.phone,
               {", ".join(f"seat.{name}" for name in Given._fields)}
          FROM appointment JOIN seat USING (patient_id, session_id) JOIN asker ON asker.id = patient_id
         ORDER BY appointment.id
        RETURNING id, appointment_id)"""
"""Step 2: the information of the `ASKERS` joins the filing queue, as it is encrypted in the patient's row."""

ASKERS = """
    asker AS (
        SELECT id, name, id_number, phone FROM hospital_patient WHERE id = ANY($1) AND id_number <> ''
         ORDER BY id FOR KEY SHARE{held})"""
"""The patients, $1, held until the commit and as of now: whoever was erased a moment ago books no more. `held`: what
becomes of those whom another transaction holds."""

AHEAD_OF_NEW = _AHEAD.format(archive="archive.id")

AHEAD_OF_FIRST = _AHEAD.format(archive="(SELECT min(id) FROM archive)")
"""Of those that a statement queues up. What it does not see is no more than in front of them."""

_ahead = Prepared("archive_ahead", ["bigint"], _AHEAD.format(archive="$1"))


def given(id_number: str, card: InsuranceCard, insurer: str) -> Given:
    """Of a patient with this ID number and this card."""
    return Given(
        id_index=blind_index(id_number),
        card_type=card.type,
        card_number=encrypt(card.number, "card_number"),
        card_index=blind_index(card.number),
        card_tail=tail_index(card.number),
        card_region=card.region,
        insurer=insurer,
    )


def announce(archive_id: int) -> None:
    """Its message to the filing queue follows the commit."""
    wake.after_commit(queue.put, archive_id)


def tail_index(number: str) -> str:
    """By the last four of a card staff find an archive; only their fingerprint is kept."""
    return blind_index(tail(number))


def by_tail(text: str, way: str = "") -> Q:
    """The archives whose card ends so; `way`: from the asked rows to the archive. A whole number finds nothing."""
    return Q(**{f"{way}card_tail__in": blind_indexes(tail(text))}) if len(text) == TAIL else Q(pk=None)


def withdraw(appointment: "Appointment") -> None:
    """Leave the queue when the appointment goes. A filed archive stays filed."""
    archive = Archive.objects.select_for_update().get(appointment=appointment)
    if archive.state == ArchiveState.QUEUED:
        worklist.move(archive, ArchiveState.CANCELLED, reason="appointment cancelled")


def ahead(archive: Archive) -> int:
    """How many archives are filed before this one; from `EXACT_AHEAD` on: at the most."""
    row = _ahead.row(archive.pk) if archive.state == ArchiveState.QUEUED else None
    return int(row[0]) if row else 0


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
