"""What filing needs to know of the archives that wait: of a large batch nothing else is read, decrypted or made."""

from dataclasses import dataclass, field, fields

from django.db.models import QuerySet

from hospital.archives.models import Archive


@dataclass(slots=True)
class Record:
    """One archive that waits, as it was given with the booking."""

    pk: int
    attempt: int
    appointment_id: int
    name: str = field(repr=False)
    id_number: str = field(repr=False)
    id_index: str
    card_type: str
    card_number: str = field(repr=False)
    card_index: str


_COLUMNS = [column.name for column in fields(Record)]


def locked(waiting: QuerySet[Archive]) -> list[Record]:
    """These, which nobody else can move until the transaction is over."""
    return [Record(*row) for row in waiting.select_for_update(of=("self",)).values_list(*_COLUMNS)]
