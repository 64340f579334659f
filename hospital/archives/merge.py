"""Whose record is it? Archives of one batch are merged into the patients' master records by ID number."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import connection
from django.utils import timezone

from hospital.archives.models import Archive, Card, MasterRecord
from hospital.identity import InsuranceCard, is_card, is_id_number

REJECTIONS = ("bad_id_number", "bad_card", "card_not_own", "contradictory_identity", "card_of_another")
"""Why a record is rejected: impossible, an identity card of somebody else, filed under another name, another's card."""

_NEW_PEOPLE = """
    INSERT INTO hospital_masterrecord (id_index, id_number, name, phone)
    SELECT id_index, id_number, name, phone FROM hospital_archive WHERE id = ANY(%s) ORDER BY id
"""
_NEW_CARDS = """
    INSERT INTO hospital_card (master_id, "index", type, number)
    SELECT person.id, archive.card_index, archive.card_type, archive.card_number
      FROM hospital_archive archive JOIN hospital_masterrecord person ON person.id_index = archive.id_index
     WHERE archive.id = ANY(%s) ORDER BY archive.id
"""


def merge(rows: Sequence[Archive]) -> dict[int, str]:
    """Why each row (by its id) cannot be filed, "" where it can; new people and cards are written.

    Call inside the filing transaction.
    """
    today = timezone.localdate()
    people = MasterRecord.objects.filter(id_index__in={row.id_index for row in rows})
    names = dict(people.values_list("id_index", "name"))
    cards = Card.objects.filter(index__in={row.card_index for row in rows})
    owners = dict(cards.values_list("index", "master__id_index"))
    known, known_cards = set(names), set(owners)
    rejections = {row.pk: _impossible(row, today) or _contradiction(row, names, owners) for row in rows}
    accepted = [row for row in rows if not rejections[row.pk]]
    _write(_NEW_PEOPLE, {row.id_index: row.pk for row in reversed(accepted) if row.id_index not in known})
    _write(_NEW_CARDS, {row.card_index: row.pk for row in reversed(accepted) if row.card_index not in known_cards})
    return rejections


def _impossible(row: Archive, today: date) -> str:
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


def _write(new: str, firsts: Mapping[str, int]) -> None:
    """One row for each of these, however often it is in the batch, from the archive that came first: as it is stored
    there, so that nothing is encrypted anew."""
    with connection.cursor() as cursor:
        cursor.execute(new, [sorted(firsts.values())])
