"""One page for each appointment, and everything that is done there."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.pages import guard, story
from config.pages.steps import Key, Story
from hospital import idempotency
from hospital.appointments import booking, following
from hospital.errors import NotFound, Refusal
from hospital.models import Appointment, Patient
from hospital.rest import limit_signed_in
from insurance.models import Settlement
from insurance.settlement import credentials, giving_up, opening
from insurance.states import SettlementState
from insurance.trial import admission

MASKED = "•"


@require_GET
@guard.patients_page
def appointment(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """The whole story."""
    seat = guard.own(patient, pk)
    family = {"may_be_followed": following.may_be_followed(seat), "is_followed": following.is_followed(seat)}
    push = settings.PUSH_URL and f"{settings.PUSH_URL}/appointments/{seat.pk}/"
    return render(request, "pages/appointment.html", _facts(seat, story.of(seat)) | family | {"push": push})


@require_GET
@guard.patients_page
def fragment(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """The story alone, for the script that replaces it in place; 304 while the same is shown."""
    seat = guard.own(patient, pk)
    shown = story.in_line(seat) or story.of(seat)
    return guard.unless_known(request, shown, lambda: render(request, "pages/story.html", _facts(seat, story.of(seat))))


@require_POST
@guard.patients_page
def ask_for_trial(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """As `POST appointments/{id}/trials/`; asked again, the same place."""
    return _do(request, guard.own(patient, pk), "trial", Key.LINE, admission.enter)


@require_POST
@guard.patients_page
def settle(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """As `POST trials/{id}/settlements/`, with the bill that was looked at; the form's key is the idempotency key."""
    way, key, trial, credential = (request.POST.get(name, "") for name in ("way", "key", "trial", "credential"))

    def once(seat: Appointment) -> None:
        bill = seat.trials.filter(pk=int(trial) if trial.isdecimal() and len(trial) < 19 else 0).first()
        if bill is None:
            raise NotFound("no_such_trial", _("There is no such trial."))

        def act() -> idempotency.Answer:
            return 202, {"id": opening.open_settlement(bill, way, credential.strip()).pk}

        idempotency.once(patient.user_id, key or None, f"page:settle:{bill.pk}", {"way": way}, act)

    return _do(request, guard.own(patient, pk), "settlement", Key.BILL, once)


@require_POST
@guard.patients_page
def hand_in(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """As `PUT settlements/{id}/credential/`."""
    code = request.POST.get("credential", "").strip()
    return _do(
        request, guard.own(patient, pk), "settlement", Key.PAY, lambda seat: credentials.hand_in(_latest(seat), code)
    )


@require_http_methods(["GET", "POST"])
@guard.patients_page
def cancel(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """Asked once more before it is done."""
    seat = guard.own(patient, pk)
    if request.method == "POST":
        return _do(request, seat, "booking", Key.BOOKED, booking.cancel)
    facts = {
        "title": _("Cancel this appointment?"),
        "words": _("Your seat goes to somebody else, and your place in the line is given up."),
        "yes": _("Yes, cancel it"),
    }
    return render(request, "pages/confirm.html", facts | {"appointment": seat})


@require_http_methods(["GET", "POST"])
@guard.patients_page
def give_up(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """The same for a settlement."""
    seat = guard.own(patient, pk)
    if request.method == "POST":
        return _do(request, seat, "settlement", Key.PAY, lambda seat: giving_up.give_up(_latest(seat)))
    if _latest(seat).state == SettlementState.CLAIMING:
        words = _("Nothing is claimed from the insurance then; what you paid stays as self-pay.")
    else:
        words = _("What the insurance has settled is taken back. Your appointment stays; you may settle again.")
    facts = {
        "title": _("Give this settlement up?"),
        "words": words,
        "yes": _("Yes, give it up"),
    }
    return render(request, "pages/confirm.html", facts | {"appointment": seat})


@require_GET
@guard.patients_page
def receipt(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """What was settled and paid, on one sheet."""
    seat = guard.own(patient, pk)
    settled = seat.settlements.select_related("payment").filter(state=SettlementState.COMPLETED).last()
    if settled is None:
        raise Http404
    facts = {
        "appointment": seat,
        "settlement": settled,
        "charges": seat.charges.order_by("pk"),
        "hospital_fen": settled.total_fen - settled.fund_fen - settled.account_fen - settled.cash_fen,
        "id_number": MASKED * 4 + patient.id_number[-4:],
        "hospital": settings.INSURANCE_INSTITUTION_NAME,
    }
    return render(request, "pages/receipt.html", facts)


def _do(
    request: HttpRequest, seat: Appointment, group: str, step: Key, act: Callable[[Appointment], Any]
) -> HttpResponse:
    """Do it, say at the step what was refused, and show the story again."""
    try:
        limit_signed_in(guard.counted(request), group)
        act(seat)
    except Refusal as error:
        guard.tell(request, error, step)
    return redirect("pages:appointment", seat.pk)


def _latest(seat: Appointment) -> Settlement:
    settlement = seat.settlements.order_by("pk").last()
    if settlement is None:
        raise NotFound("no_such_settlement", _("There is no such settlement."))
    return settlement


def _facts(seat: Appointment, shown: Story) -> dict[str, Any]:
    trial = seat.trials.order_by("pk").last()
    return {"appointment": seat, "story": shown, "trial": trial, "key": uuid4().hex}
