"""Whose record is it? Archives of one batch are merged into the patients' master records by ID number."""

from collections.abc import Sequence

from django.utils import timezone

from hospital.archives.models import Archive, Card, MasterRecord
from hospital.identity import InsuranceCard, is_card, is_id_number


def merge(rows: Sequence[Archive]) -> dict[int, str]:
    """Why each row (by its id) cannot be filed, "" where it can; new people and cards are written.

    Call inside the filing transaction. Rejections: `bad_id_number`, `bad_card`, `card_not_own` (an identity card of
    somebody else), `contradictory_identity` (the ID number is filed under another name), `card_of_another`.
    """
    known = {one.id_index: one for one in MasterRecord.objects.filter(id_index__in={row.id_index for row in rows})}
    cards = Card.objects.filter(index__in={row.card_index for row in rows})
    owners = dict(cards.values_list("index", "master__id_index"))
    names = {index: person.name for index, person in known.items()}
    new_cards = {row.card_index for row in rows} - owners.keys()
    rejections = {row.pk: _impossible(row) or _contradiction(row, names, owners) for row in rows}
    accepted = [row for row in rows if not rejections[row.pk]]
    people = known | _new_people([row for row in accepted if row.id_index not in known])
    _write_cards([row for row in accepted if row.card_index in new_cards], people)
    return rejections


def _impossible(row: Archive) -> str:
    today = timezone.localdate()
    if not is_id_number(row.id_number, today=today):
        return "bad_id_number"
    if not is_card(InsuranceCard(row.card_type, row.card_number), today=today):
        return "bad_card"
    if row.card_type == "02" and row.card_index != row.id_index:
        return "card_not_own"
    return ""


def _contradiction(row: Archive, names: dict[str, str], owners: dict[str, str]) -> str:
    """Who comes first in the queue gives the name of a new person and the owner of a new card; a rejected row, none."""
    if names.get(row.id_index, row.name) != row.name:
        return "contradictory_identity"
    if owners.get(row.card_index, row.id_index) != row.id_index:
        return "card_of_another"
    names[row.id_index], owners[row.card_index] = row.name, row.id_index
    return ""


def _new_people(rows: Sequence[Archive]) -> dict[str, MasterRecord]:
    """One master record for each of these people, however often they are in the batch."""
    new = {
        row.id_index: MasterRecord(id_index=row.id_index, id_number=row.id_number, name=row.name, phone=row.phone)
        for row in reversed(rows)
    }
    MasterRecord.objects.bulk_create(new.values())
    return new


def _write_cards(rows: Sequence[Archive], people: dict[str, MasterRecord]) -> None:
    new = {
        row.card_index: Card(
            master=people[row.id_index], index=row.card_index, type=row.card_type, number=row.card_number
        )
        for row in reversed(rows)
    }
    Card.objects.bulk_create(new.values())
