"""Departments and days with free seats, and a seat booked with the card."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from config.pages import guard
from config.pages.forms import BookingForm
from hospital import idempotency
from hospital.appointments import booking, offer
from hospital.appointments.filters import SessionFilter, SoonestFirst
from hospital.errors import Refusal
from hospital.identity import InsuranceCard
from hospital.models import Patient, Session
from hospital.rest import limit_signed_in

MOST = 60
"""So many sessions are shown; a day and a department find the others."""


@require_GET
@guard.page
def sessions(request: HttpRequest) -> HttpResponse:
    """Anybody may look. A choice that cannot be is none."""
    query = SessionFilter(request.GET, offer.still_to_come())
    found, asked = query.qs.order_by(*SoonestFirst.order), query.form.cleaned_data
    department = asked.get("department", "")
    facts = {
        "sessions": found[:MOST],
        "departments": offer.departments(),
        "days": offer.days(department),
        "department": department,
        "date": asked.get("date"),
    }
    return render(request, "pages/sessions.html", facts)


@require_http_methods(["GET", "POST"])
@guard.patients_page
def book(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """As `POST appointments/`; the form's key is the idempotency key."""
    session = Session.objects.select_related("doctor__department", "price_list").filter(pk=pk).first()
    if session is None:
        raise Http404
    form = BookingForm(patient, request.POST or None)
    if request.method == "POST" and (booked := _booked(request, patient, session, form)):
        return redirect("pages:appointment", booked)
    facts = {"form": form, "session": session, "prices": session.price_list.items.order_by("pk")}
    return render(request, "pages/book.html", facts, status=422 if form.errors else 200)


def _booked(request: HttpRequest, patient: Patient, session: Session, form: BookingForm) -> int | None:
    try:
        limit_signed_in(guard.counted(request), "booking")
        if form.is_valid():
            given = form.cleaned_data
            card = InsuranceCard(given["type"], given["number"], given.get("region", ""))
            return _once(patient, session, card, form)
    except Refusal as error:
        form.refuse(error)
    return None


def _once(patient: Patient, session: Session, card: InsuranceCard, form: BookingForm) -> int:
    def act() -> idempotency.Answer:
        return 201, {"id": booking.book(patient, session.pk, card).pk}

    body = {"session": session.pk, "type": card.type, "number": card.number, "region": card.region}
    _, answer = idempotency.once(patient.user_id, form.cleaned_data["key"], "page:book", body, act)
    return int(answer["id"])
