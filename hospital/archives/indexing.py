"""While keys change, one person may be known by the blind index of either key: a batch is brought to the current one.

Every process knows both keys then (docs/privacy.md), but not all have the same current one. So whoever files a batch
first gives the archives in it, and the people and cards that they may belong to, the indexes of its own current key.
Under the filing lock: nobody else compares or makes people meanwhile.
"""

from collections.abc import Sequence

from hospital import keys
from hospital.archives.models import Archive, Card, MasterRecord, tail
from hospital.archives.records import Record
from hospital.privacy import blind_index, blind_indexes


def renew(rows: Sequence[Record]) -> None:
    """Call inside the filing transaction. With one key there is nothing to do."""
    if not keys.ring().others:
        return
    stale = [_as_stored(row) for row in rows if _renewed(row)]
    Archive.objects.bulk_update(stale, ["id_index", "card_index", "card_tail"])
    for old, new in _older({row.id_number for row in rows}).items():
        MasterRecord.objects.filter(id_index=old).update(id_index=new)
    for old, new in _older({row.card_number for row in rows}).items():
        Card.objects.filter(index=old).update(index=new)


def _renewed(row: Record) -> bool:
    before = row.id_index, row.card_index
    row.id_index, row.card_index = blind_index(row.id_number), blind_index(row.card_number)
    return before != (row.id_index, row.card_index)


def _as_stored(row: Record) -> Archive:
    card_tail = blind_index(tail(row.card_number))
    return Archive(pk=row.pk, id_index=row.id_index, card_index=row.card_index, card_tail=card_tail)


def _older(numbers: set[str]) -> dict[str, str]:
    """Of each number, every older index and the current one."""
    return {old: new for number in numbers for new, *others in [blind_indexes(number)] for old in others}
