"""The link for the family: made and ended by the patient, looked at by whoever has it."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from config.pages import glimpse, guard
from config.pages.steps import Key
from hospital.appointments import following
from hospital.errors import Refusal
from hospital.models import Patient
from hospital.rest import limit_address, limit_user


def unlisted(view: guard.View) -> guard.View:
    """No search engine keeps the page, and nobody learns its address by a link that is followed from it."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = guard.page(view)(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return shown


@require_POST
@guard.patients_page
def start(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """The new link, shown this once: it is not kept."""
    seat = guard.own(patient, pk)
    try:
        limit_user(guard.counted(request), "follow-link")
        address = following.address(following.start(seat))
    except Refusal as error:
        guard.tell(request, error, Key.BOOKED)
        return redirect("pages:appointment", seat.pk)
    return render(request, "pages/follow_link.html", {"appointment": seat, "address": address})


@require_POST
@guard.patients_page
def stop(request: HttpRequest, patient: Patient, pk: int) -> HttpResponse:
    """Nobody follows any more."""
    seat = guard.own(patient, pk)
    following.stop(seat)
    return redirect("pages:appointment", seat.pk)


@require_GET
@unlisted
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Public: the place in the line of whoever gave the link."""
    return render(request, "pages/follow.html", _facts(request, token))


@require_GET
@unlisted
def fragment(request: HttpRequest, token: str) -> HttpResponse:
    """The same for the script; 304 while the same is shown."""
    facts = _facts(request, token)
    return guard.unless_known(request, facts["story"], lambda: render(request, "pages/story.html", facts))


def _facts(request: HttpRequest, token: str) -> dict[str, Any]:
    limit_address(guard.counted(request), "follow")
    seat = following.followed(token)
    return {"story": glimpse.of(seat), "initial": glimpse.initial(seat), "token": token}
