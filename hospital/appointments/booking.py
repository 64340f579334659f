"""Book and cancel. One transaction each: seat, appointment, fee lines and the place in the filing queue together."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import hooks, worklist
from hospital.appointments import full, seats
from hospital.appointments.models import Appointment, Patient, Session
from hospital.appointments.seats import Seat, Wish
from hospital.archives import entry
from hospital.archives.models import Archive
from hospital.errors import Conflict, Invalid, NotFound, Refusal
from hospital.identity import InsuranceCard, is_card
from hospital.notices import writing
from hospital.notices.models import Kind
from hospital.states import AppointmentState, ArchiveState

Row = TypeVar("Row", Appointment, Archive)

TRIES = 3
"""How often it is asked when what was against it was gone a moment later."""


def book(patient: Patient, session_id: int, card: InsuranceCard) -> Appointment:
    """Step 1 and 2 of the method: a seat or a plain no, at once; with the seat a place in the filing queue, and in
    `archive.ahead_when_queued` how many have theirs before.

    Raises `Invalid("bad_card" | "no_insurer")`, `NotFound("no_such_session")`, `Conflict("session_full" |
    "session_over" | "already_booked")`.
    """
    wish = wish_for(patient.pk, patient.id_number, session_id, card)
    seen = full.look(session_id)
    if seen.full:
        raise full.refused()
    for _again in range(TRIES):
        if (seat := _seat(wish)) is not None:
            appointment = _booked(wish, seat)
            appointment.patient = patient
            return appointment
        if why := _why_not(patient, session_id, seen):
            raise why
    raise full.refused()


def wish_for(patient_id: int, id_number: str, session_id: int, card: InsuranceCard) -> Wish:
    """What `book_together` serves. Raises `Invalid("bad_card" | "no_insurer")`."""
    if not is_card(card, today=timezone.localdate()):
        raise Invalid("bad_card", _("This card number cannot exist. Check the type and the number."))
    insurer = next(hooks.call("insured_in", card.region), "")
    return Wish(patient_id, session_id, entry.given(id_number, card, insurer))


def book_together(wishes: Sequence[Wish], seen: Mapping[int, full.Seen]) -> list[Appointment | Refusal | None]:
    """As `book`, for many at once, served in their order. `seen`: by session, what was known before.

    None: there is something against it, and `book` has the words. Raises as `seats.take`.
    """
    given = seats.take(wishes, now=True)
    without = {wish.session_id for wish, seat in zip(wishes, given, strict=True) if seat is None}
    sold_out = set(Session.objects.filter(pk__in=without, free=0).values_list("pk", flat=True)) if without else set()
    for session_id in sold_out:
        full.remember(session_id, seen[session_id])
    refused = {session_id: full.refused() for session_id in sold_out}
    return [
        wish.context.run(_booked, wish, seat) if seat else refused.get(wish.session_id)
        for wish, seat in zip(wishes, given, strict=True)
    ]


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


def _seat(wish: Wish) -> Seat | None:
    try:
        return seats.take([wish])[0]
    except IntegrityError as error:
        if "one_live_appointment" in str(error):
            raise _already_booked() from error
        raise


def _booked(wish: Wish, seat: Seat) -> Appointment:
    appointment = _as_read(
        Appointment,
        id=seat.appointment_id,
        attempt=0,
        created_at=seat.created_at,
        patient_id=wish.patient_id,
        session_id=wish.session_id,
        state=AppointmentState.BOOKED,
    )
    archive = _as_read(
        Archive, id=seat.archive_id, attempt=0, appointment_id=seat.appointment_id, state=ArchiveState.QUEUED
    )
    archive.ahead_when_queued = seat.ahead
    appointment.archive = archive
    worklist.entered(appointment, archive)
    entry.announce(seat.archive_id)
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
        return full.refused()
    booked = Appointment.objects.filter(patient=patient, session=session, state=AppointmentState.BOOKED)
    return _already_booked() if booked.exists() else None


def _already_booked() -> Conflict:
    return Conflict("already_booked", _("You already have an appointment in this session."))
