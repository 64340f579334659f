"""Book and cancel. One transaction each: seat, appointment, fee lines and the place in the filing queue together."""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import hooks, worklist
from hospital.appointments.models import Appointment, Charge, Patient, PriceItem, Session, amount_fen
from hospital.archives import entry
from hospital.errors import Conflict, Invalid, NotFound
from hospital.identity import InsuranceCard, is_card
from hospital.notices import writing
from hospital.notices.models import Kind
from hospital.states import AppointmentState


def book(patient: Patient, session_id: int, card: InsuranceCard) -> Appointment:
    """Step 1 and 2 of the method: a seat or a plain no, at once; with the seat a place in the filing queue.

    Raises `Invalid("bad_card" | "no_insurer")`, `NotFound("no_such_session")`, `Conflict("session_full" |
    "session_over" | "already_booked")`.
    """
    if not is_card(card, today=timezone.localdate()):
        raise Invalid("bad_card", _("This card number cannot exist. Check the type and the number."))
    insurer = next(hooks.call("insured_in", card.region), "")
    try:
        with transaction.atomic():
            session = _take_seat(session_id)
            appointment = worklist.enter(Appointment(patient=patient, session=session))
            _charge(appointment, session)
            entry.queue_up(appointment, card, insurer)
    except IntegrityError as error:
        if "one_live_appointment" in str(error):
            raise Conflict("already_booked", _("You already have an appointment in this session.")) from error
        raise
    return appointment


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


def complete(appointment: Appointment) -> None:
    """Everything is paid for and told: nothing waits any more."""
    worklist.move(appointment, AppointmentState.COMPLETED)


def _take_seat(session_id: int) -> Session:
    """The guarded decrement: `free` never falls below zero, however many come at once."""
    session = Session.objects.select_related("price_list").filter(pk=session_id).first()
    if session is None:
        raise NotFound("no_such_session", _("There is no such session."))
    if session.free == 0:  # known to be full: no need to queue for the hot row
        raise Conflict("session_full", _("No seat is free in this session."))
    if not Session.objects.filter(pk=session_id, free__gt=0, ends_at__gt=Now()).update(free=F("free") - 1):
        if session.ends_at <= timezone.now():
            raise Conflict("session_over", _("This session is over."))
        raise Conflict("session_full", _("No seat is free in this session."))
    return session


def _charge(appointment: Appointment, session: Session) -> None:
    items = PriceItem.objects.filter(price_list_id=session.price_list_id).order_by("pk")
    now = timezone.now()
    Charge.objects.bulk_create(
        Charge(
            appointment=appointment,
            med_list_codg=item.med_list_codg,
            medins_list_codg=item.medins_list_codg,
            name=item.name,
            quantity=item.quantity,
            unit_price=item.unit_price,
            amount_fen=amount_fen(item.unit_price, item.quantity),
            occurred_at=now,
        )
        for item in items
    )
