"""Book and cancel. One transaction each: seat, appointment, fee lines and the place in the filing queue together.

Everybody who wants the same session waits for one row. So a booking is one statement: the row is held from the guarded
decrement to the commit, and no round trip lies in between.
"""

from functools import partial
from typing import Any, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import hooks, worklist
from hospital.appointments import full
from hospital.appointments.models import Appointment, Patient, Session
from hospital.archives import entry
from hospital.archives.models import Archive
from hospital.errors import Conflict, Invalid, NotFound, Refusal
from hospital.identity import InsuranceCard, is_card
from hospital.notices import writing
from hospital.notices.models import Kind
from hospital.prepared import Prepared
from hospital.states import AppointmentState, ArchiveState

# `free` never falls below zero, however many come at once: the guard is asked again once the row is ours. Amounts are
# rounded half up, as `models.amount_fen` does.
_BOOK = f"""
    WITH {entry.ASKER}, seat AS (
        UPDATE hospital_session SET free = free - 1
         WHERE id = $2 AND free > 0 AND ends_at > statement_timestamp() AND EXISTS (SELECT FROM asker) AND NOT EXISTS (
               SELECT FROM hospital_appointment WHERE patient_id = $1 AND session_id = $2 AND state = 'booked')
        RETURNING id, price_list_id),
    appointment AS (
        INSERT INTO hospital_appointment (patient_id, session_id, state, attempt)
        SELECT $1, seat.id, 'booked', 0 FROM seat
        RETURNING id, created_at),
    charge AS (
        INSERT INTO hospital_charge (appointment_id, med_list_codg, medins_list_codg, name, quantity, unit_price,
                                     amount_fen, occurred_at)
        SELECT appointment.id, item.med_list_codg, item.medins_list_codg, item.name, item.quantity, item.unit_price,
               round(item.unit_price * item.quantity * 100), statement_timestamp()
          FROM appointment, seat JOIN hospital_priceitem item USING (price_list_id) ORDER BY item.id),
    {entry.QUEUE_UP},
    {worklist.entering(Appointment, Archive)}
    SELECT appointment.id, appointment.created_at, archive.id, ({entry.AHEAD_OF_NEW}) FROM appointment, archive
"""
Row = TypeVar("Row", Appointment, Archive)

_TYPES = ("bigint", "bigint", *["text"] * 7)
TRIES = 3
"""How often it is asked when what was against it was gone a moment later."""

_book = Prepared("book", _TYPES, _BOOK)


def book(patient: Patient, session_id: int, card: InsuranceCard) -> Appointment:
    """Step 1 and 2 of the method: a seat or a plain no, at once; with the seat a place in the filing queue, and in
    `archive.ahead_when_queued` how many have theirs before.

    Raises `Invalid("bad_card" | "no_insurer")`, `NotFound("no_such_session")`, `Conflict("session_full" |
    "session_over" | "already_booked")`.
    """
    if not is_card(card, today=timezone.localdate()):
        raise Invalid("bad_card", _("This card number cannot exist. Check the type and the number."))
    insurer = next(hooks.call("insured_in", card.region), "")
    seen = full.look(session_id)
    if seen.full:
        raise _full()
    for _again in range(TRIES):
        row = _insert(patient, session_id, card, insurer)
        if row is not None:
            return _booked(patient, session_id, row)
        if why := _why_not(patient, session_id, seen):
            raise why
    raise _full()


def cancel(appointment: Appointment) -> None:
    """Give the seat back, and with it everything that still waits. Raises `Conflict`."""
    over = Conflict("not_cancellable", _("This appointment is over or was cancelled before."))
    if appointment.state != AppointmentState.BOOKED:
        raise over
    with transaction.atomic():
        # The seat first, as in booking: a patient who cancels and books at once would else lock himself out.
        Session.objects.select_for_update(no_key=True).get(pk=appointment.session_id)
        try:
            worklist.move(appointment, AppointmentState.CANCELLED)
        except worklist.Overtaken as error:
            raise over from error
        hooks.tell("cancelled", appointment)
        entry.withdraw(appointment)
        writing.announce(appointment.pk, Kind.CANCELLED)
        Session.objects.filter(pk=appointment.session_id).update(free=F("free") + 1)
        transaction.on_commit(partial(full.seat_came_back, appointment.session_id), robust=True)


def complete(appointment: Appointment) -> None:
    """Everything is paid for and told: nothing waits any more."""
    worklist.move(appointment, AppointmentState.COMPLETED)


def _insert(patient: Patient, session_id: int, card: InsuranceCard, insurer: str) -> tuple[int, ...] | None:
    """Everything that a booking writes. None: no seat for this patient."""
    try:
        with worklist.in_one_statement():
            return _book.row(patient.pk, session_id, *entry.given(patient, card, insurer))
    except IntegrityError as error:
        if "one_live_appointment" in str(error):
            raise _already_booked() from error
        raise


def _booked(patient: Patient, session_id: int, row: tuple[int, ...]) -> Appointment:
    pk, created_at, archive_pk, ahead = row
    appointment = _as_read(
        Appointment,
        id=pk,
        attempt=0,
        created_at=created_at,
        patient_id=patient.pk,
        session_id=session_id,
        state=AppointmentState.BOOKED,
    )
    archive = _as_read(Archive, id=archive_pk, attempt=0, appointment_id=pk, state=ArchiveState.QUEUED)
    archive.ahead_when_queued = ahead
    appointment.patient, appointment.archive = patient, archive
    worklist.entered(appointment, archive)
    entry.announce(archive)
    return appointment


def _as_read(kind: type[Row], **fields: Any) -> Row:
    """The row as if read with these fields alone. They stand in the model's order, as `from_db` takes them."""
    return kind.from_db(connection.alias, list(fields), list(fields.values()))


def _why_not(patient: Patient, session_id: int, seen: full.Seen) -> Refusal | None:
    """As it stands now; None when nothing is against it any more, such as the patient's own booking that was cancelled
    at the same moment: then it is asked again, and not called full."""
    session = Session.objects.filter(pk=session_id).first()
    if session is None:
        return NotFound("no_such_session", _("There is no such session."))
    if session.free and session.ends_at <= timezone.now():
        return Conflict("session_over", _("This session is over."))
    if not session.free:
        full.remember(session_id, seen)
        return _full()
    booked = Appointment.objects.filter(patient=patient, session=session, state=AppointmentState.BOOKED)
    return _already_booked() if booked.exists() else None


def _full() -> Conflict:
    return Conflict("session_full", _("No seat is free in this session."))


def _already_booked() -> Conflict:
    return Conflict("already_booked", _("You already have an appointment in this session."))
