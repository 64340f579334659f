"""What filing a batch must read and write, in bare SQL by psycopg2: one transaction, a statement for each table.

Nothing is decrypted, checked or merged: the ciphertext of the queue's row goes into the master record as it is. The
rows are those that `filing.file_batch` leaves behind when every person is a new one.
"""

from typing import Any

from django.db import connection
from psycopg2.extras import execute_values

_OLDEST = """
    SELECT a.id, a.appointment_id, p.patient_id, a.id_index, a.id_number, a.name, a.phone, a.card_index, a.card_type,
           a.card_number, a.attempt
      FROM hospital_archive a JOIN hospital_appointment p ON p.id = a.appointment_id
     WHERE a.state = 'queued' ORDER BY a.id LIMIT %s FOR UPDATE OF a
"""
_MASTERS = "INSERT INTO hospital_masterrecord (id_index, id_number, name, phone) VALUES %s RETURNING id"
_CARDS = 'INSERT INTO hospital_card (master_id, "index", type, number) VALUES %s'
_ARCHIVES = """
    UPDATE hospital_archive a SET state = 'filed', filed_at = now(), number = v.number, master_id = v.master
      FROM (VALUES %s) AS v (id, number, master) WHERE a.id = v.id
"""
_NOTICES = """
    INSERT INTO hospital_notice (patient_id, appointment_id, kind, channel, facts, state, attempt, last_error)
    VALUES %s RETURNING id
"""
_JOURNAL = "INSERT INTO hospital_journal (kind, item_id, from_state, to_state, attempt, reason) VALUES %s"


def file_batch(most: int) -> int:
    """File the `most` oldest waiting archives on a transaction of its own; how many there were."""
    connection.ensure_connection()
    bare = connection.connection  # psycopg2's own: nothing of Django lies between
    bare.autocommit = False
    try:
        with bare, bare.cursor() as cursor:
            return _file(cursor, most)
    finally:
        bare.autocommit = True


def _file(cursor: Any, most: int) -> int:
    cursor.execute(_OLDEST, [most])
    oldest = cursor.fetchall()
    masters = execute_values(cursor, _MASTERS, [row[3:7] for row in oldest], page_size=most, fetch=True)
    paired = [(row, master) for row, (master,) in zip(oldest, masters, strict=True)]
    execute_values(cursor, _CARDS, [(master, *row[7:10]) for row, master in paired], page_size=most)
    filed = [(row[0], f"20260101{row[0]:08d}", master) for row, master in paired]
    execute_values(cursor, _ARCHIVES, filed, page_size=most)
    notices = execute_values(cursor, _NOTICES, [_notice(row) for row in oldest], page_size=most, fetch=True)
    journal = [("archive", row[0], "queued", "filed", row[10], "") for row in oldest]
    journal += [("notice", number, "", "pending", 0, "") for (number,) in notices]
    execute_values(cursor, _JOURNAL, journal, page_size=2 * most)
    return len(oldest)


def _notice(row: tuple[Any, ...]) -> tuple[Any, ...]:
    facts = f'{{"number": "20260101{row[0]:08d}"}}'
    return (row[2], row[1], "filed", "inbox", facts, "pending", 0, "")
