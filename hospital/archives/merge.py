"""Whose record is it? Archives of one batch are merged into the patients' master records by ID number."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from hospital.archives.models import Archive, Card, MasterRecord
from hospital.identity import InsuranceCard, is_card, is_id_number


@dataclass(frozen=True, slots=True)
class Verdict:
    """A master record to file under, or the reason why it cannot be filed."""

    master_id: int | None = None
    rejection: str = ""


def merge(rows: Sequence[Archive]) -> dict[int, Verdict]:
    """A verdict for each row by its id; new people and cards are written. Call inside the filing transaction.

    Rejections: `bad_id_number`, `bad_card`, `card_not_own` (an identity card of somebody else),
    `contradictory_identity` (the ID number is filed under another name), `card_of_another`.
    """
    rejections = {row.pk: _impossible(row) for row in rows}
    people = _people([row for row in rows if not rejections[row.pk]])
    for row in rows:
        if not rejections[row.pk] and people[row.id_index].name != row.name:
            rejections[row.pk] = "contradictory_identity"
    cards = _cards([row for row in rows if not rejections[row.pk]], people)
    for row in rows:
        if not rejections[row.pk] and cards[row.card_index].master_id != people[row.id_index].pk:
            rejections[row.pk] = "card_of_another"
    return {row.pk: Verdict(None if (why := rejections[row.pk]) else people[row.id_index].pk, why) for row in rows}


def _impossible(row: Archive) -> str:
    today = timezone.localdate()
    if not is_id_number(row.id_number, today=today):
        return "bad_id_number"
    if not is_card(InsuranceCard(row.card_type, row.card_number), today=today):
        return "bad_card"
    if row.card_type == "02" and row.card_index != row.id_index:
        return "card_not_own"
    return ""


def _people(rows: Sequence[Archive]) -> dict[str, MasterRecord]:
    """The master records of these rows; who comes first in the queue gives the name of a new one."""
    indexes = {row.id_index for row in rows}
    known = {person.id_index: person for person in MasterRecord.objects.filter(id_index__in=indexes)}
    new: dict[str, MasterRecord] = {}
    for row in rows:
        if row.id_index not in known:
            person = MasterRecord(id_index=row.id_index, id_number=row.id_number, name=row.name, phone=row.phone)
            new.setdefault(row.id_index, person)
    MasterRecord.objects.bulk_create(new.values())
    return known | new


def _cards(rows: Sequence[Archive], people: dict[str, MasterRecord]) -> dict[str, Card]:
    indexes = {row.card_index for row in rows}
    known = {card.index: card for card in Card.objects.filter(index__in=indexes)}
    new: dict[str, Card] = {}
    for row in rows:
        if row.card_index not in known:
            card = Card(master=people[row.id_index], index=row.card_index, type=row.card_type, number=row.card_number)
            new.setdefault(row.card_index, card)
    Card.objects.bulk_create(new.values())
    return known | new
