"""Seats for many by one statement: whoever asks at the same moment is served together, in the order of asking.

Everybody who wants the same session waits for one row. So it is locked once for all of them, from the guarded decrement
to the commit, and no round trip lies in between: a crowd costs the row one transaction, not one for each (ADR 36).
"""

from collections.abc import Iterator, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from datetime import datetime

from hospital import worklist
from hospital.appointments.models import Appointment
from hospital.archives import entry
from hospital.archives.models import Archive
from hospital.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Wish:
    """A patient who wants a seat in a session, with what `entry.given` says of the card."""

    patient_id: int
    session_id: int
    given: entry.Given
    context: Context = field(default_factory=copy_context, repr=False)
    """Of who wishes: what is logged for them stands under their id."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A wish that came true: the new rows, and how many archives are filed before this one."""

    appointment_id: int
    created_at: datetime
    archive_id: int
    ahead: int


# The patients are locked before the sessions, and both in the order of their keys, so that nobody waits in a circle.
# `free` is asked again once the row is ours, so it never falls below zero, however many come at once. Amounts are
# rounded half up, as `models.amount_fen` does. OFFSET 0: each wish is looked up by itself (`hospital/prepared.py`).
_TAKE = f"""
    WITH wish AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY
            AS wish (patient_id, session_id, {", ".join(entry.Given._fields)}, place)),
    {{askers}},
    offered AS (
        SELECT id, price_list_id, free FROM hospital_session
         WHERE id = ANY($2) AND free > 0 AND ends_at > statement_timestamp() AND (SELECT count(*) FROM asker) > 0
         ORDER BY id FOR NO KEY UPDATE),
    served AS (
        SELECT wish.*, offered.price_list_id, offered.free, row_number() OVER (PARTITION BY offered.id ORDER BY place)
               AS nth
          FROM wish JOIN asker ON asker.id = wish.patient_id JOIN offered ON offered.id = wish.session_id
         WHERE NOT EXISTS (SELECT FROM hospital_appointment before WHERE before.patient_id = wish.patient_id
                              AND before.session_id = wish.session_id AND before.state = 'booked' OFFSET 0)),
    seat AS (SELECT * FROM served WHERE nth <= free),
    sold AS (
        UPDATE hospital_session SET free = hospital_session.free - gone.seats
          FROM (SELECT session_id, count(*) AS seats FROM seat GROUP BY session_id) gone
         WHERE hospital_session.id = gone.session_id),
    appointment AS (
        INSERT INTO hospital_appointment (patient_id, session_id, state, attempt)
        SELECT patient_id, session_id, 'booked', 0 FROM seat ORDER BY place
        RETURNING id, patient_id, session_id, created_at),
    charge AS (
        INSERT INTO hospital_charge (appointment_id, med_list_codg, medins_list_codg, name, quantity, unit_price,
                                     amount_fen, occurred_at)
        SELECT appointment.id, item.med_list_codg, item.medins_list_codg, item.name, item.quantity, item.unit_price,
               round(item.unit_price * item.quantity * 100), statement_timestamp()
          FROM appointment JOIN seat USING (patient_id, session_id) JOIN hospital_priceitem item USING (price_list_id)
         ORDER BY appointment.id, item.id),
    {entry.QUEUE_UP},
    {worklist.entering(Appointment, Archive)}
    SELECT seat.place, appointment.id, appointment.created_at, archive.id,
           ({entry.AHEAD_OF_FIRST}) + row_number() OVER (ORDER BY archive.id) - 1
      FROM seat JOIN appointment USING (patient_id, session_id) JOIN archive ON archive.appointment_id = appointment.id
"""
_TYPES = ["bigint[]"] * 2 + ["text[]"] * len(entry.Given._fields)
LONGEST_WAIT = "SET LOCAL lock_timeout = '1s';"

_take = Prepared("take_seats", _TYPES, _TAKE.format(askers=entry.ASKERS.format(held="")))
_take_now = Prepared(
    "take_seats_now", _TYPES, _TAKE.format(askers=entry.ASKERS.format(held=" SKIP LOCKED")), LONGEST_WAIT
)


def take(wishes: Sequence[Wish], *, now: bool = False) -> list[Seat | None]:
    """For each wish, in their order, a seat and all that a booking writes; None where none was given. No patient may
    wish for the same session twice.

    `now`: nobody waits because of another's patient, who may be erased at this moment: such a one has no seat. And all
    of them wait a second for a session at the most. Raises, and then nothing is taken, `IntegrityError` when another
    transaction has just given a patient a seat in the session, `OperationalError` when they would have to wait longer.
    """
    statement = _take_now if now else _take
    given = zip(*(wish.given for wish in wishes), strict=True)
    whose, where = [wish.patient_id for wish in wishes], [wish.session_id for wish in wishes]
    with worklist.in_one_statement():
        found = dict(_seats(statement.rows(whose, where, *map(list, given))))
    return [found.get(place) for place in range(1, len(wishes) + 1)]


def _seats(rows: list[tuple[int, int, datetime, int, int]]) -> Iterator[tuple[int, Seat]]:
    return ((place, Seat(*seat)) for place, *seat in rows)  # type: ignore[arg-type]
