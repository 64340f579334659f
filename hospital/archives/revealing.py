"""The one place where staff may see somebody's numbers whole: asked for with a reason, and written down each time."""

from dataclasses import dataclass

from django.db import transaction

from hospital import changes
from hospital.archives.models import Archive
from hospital.changes import Who

FIELD = changes.PERSONAL_DATA
"""How it stands among the changes by staff: nothing changes, but somebody has seen it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """As it was given with the booking."""

    name: str
    id_number: str
    phone: str
    card_type: str
    card_number: str


def reveal(archive: Archive, *, who: Who, why: str) -> Shown:
    """Who sees it is written down before it is shown. Raises `Invalid("no_reason")` without a reason."""
    with transaction.atomic():
        changes.record(f"archive {archive.pk}", FIELD, "masked", changes.SHOWN, who=who, why=why)
    return Shown(archive.name, archive.id_number, archive.phone, archive.card_type, archive.card_number)
