"""Whose record is it? Archives of one batch are merged into the patients' master records by ID number."""

from collections.abc import Sequence
from datetime import date

from django.db import connection
from django.utils import timezone

from hospital.archives import indexing
from hospital.archives.records import Record
from hospital.identity import InsuranceCard, is_card, is_id_number
from hospital.privacy import decrypt

REJECTIONS = ("bad_id_number", "bad_card", "card_not_own", "contradictory_identity", "card_of_another")
"""Why a record is rejected: impossible, an identity card of somebody else, filed under another name, another's card."""

_NAMES = "SELECT id_index, name FROM hospital_masterrecord WHERE id_index = ANY(%s)"
_OWNERS = """
    SELECT card."index", person.id_index
      FROM hospital_card card JOIN hospital_masterrecord person ON person.id = card.master_id
     WHERE card."index" = ANY(%s)
"""
_NEW = """
    WITH people AS (
        INSERT INTO hospital_masterrecord (id_index, id_number, name, phone)
        SELECT id_index, id_number, name, phone FROM hospital_archive WHERE id = ANY(%s) ORDER BY id
        RETURNING id, id_index
    )
    INSERT INTO hospital_card (master_id, "index", type, number)
    SELECT COALESCE(people.id, (SELECT id FROM hospital_masterrecord known WHERE known.id_index = archive.id_index)),
           archive.card_index, archive.card_type, archive.card_number
      FROM hospital_archive archive LEFT JOIN people ON people.id_index = archive.id_index
     WHERE archive.id = ANY(%s) ORDER BY archive.id
"""
"""One row for each person and each card, from the archive that came first: as it is stored there, so that nothing is
encrypted anew."""


def merge(rows: Sequence[Record]) -> dict[int, str]:
    """Why each row (by its id) cannot be filed, "" where it can; new people and cards are written.

    Call inside the filing transaction.
    """
    today = timezone.localdate()
    indexing.renew(rows)
    names = {index: decrypt(name, "name") for index, name in _found(_NAMES, {row.id_index for row in rows})}
    owners = dict(_found(_OWNERS, {row.card_index for row in rows}))
    known, known_cards = set(names), set(owners)
    rejections = {row.pk: _impossible(row, today) or _contradiction(row, names, owners) for row in rows}
    accepted = [row for row in rows if not rejections[row.pk]]
    people = {row.id_index: row.pk for row in reversed(accepted) if row.id_index not in known}
    cards = {row.card_index: row.pk for row in reversed(accepted) if row.card_index not in known_cards}
    _write(sorted(people.values()), sorted(cards.values()))
    return rejections


def _impossible(row: Record, today: date) -> str:
    if not is_id_number(row.id_number, today=today):
        return "bad_id_number"
    is_identity_card = row.card_type == "02"
    if is_identity_card and row.card_number == row.id_number and row.card_index == row.id_index:
        return ""
    if not is_card(InsuranceCard(row.card_type, row.card_number), today=today):
        return "bad_card"
    return "card_not_own" if is_identity_card and row.card_index != row.id_index else ""


def _contradiction(row: Record, names: dict[str, str], owners: dict[str, str]) -> str:
    """Who comes first in the queue gives the name of a new person and the owner of a new card; a rejected row, none."""
    if names.get(row.id_index, row.name) != row.name:
        return "contradictory_identity"
    if owners.get(row.card_index, row.id_index) != row.id_index:
        return "card_of_another"
    names[row.id_index], owners[row.card_index] = row.name, row.id_index
    return ""


def _found(sql: str, indexes: set[str]) -> list[tuple[str, str]]:
    """By their indexes, as one value: of a large batch Django would look at each."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [sorted(indexes)])
        return list(cursor.fetchall())


def _write(people: list[int], cards: list[int]) -> None:
    """The new ones, by the archives that they come from."""
    if people or cards:
        with connection.cursor() as cursor:
            cursor.execute(_NEW, [people, cards])
