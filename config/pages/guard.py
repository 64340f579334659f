"""What every page has: who asks, what the browser may load, and a refusal in words."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from rest_framework.request import Request

from config import errors
from config.pages.steps import Story
from hospital.errors import Forbidden, HeldBack, NotFound, Refusal
from hospital.models import Appointment, Patient

SIGN_IN = "/sign-in/"

View = Callable[..., HttpResponseBase]


def only_our_own() -> str:
    """The content security policy: nothing inline, nothing from elsewhere; news from where we push them."""
    pushed_from = f" {'/'.join(settings.PUSH_URL.split('/')[:3])}" if "://" in settings.PUSH_URL else ""
    return (
        f"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'{pushed_from}; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def page(view: View) -> View:
    """A page for anybody. It is kept by no cache: it may be somebody's own."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except (NotFound, Http404):
            response = sorry(request, 404, _("There is nothing here."))
        except Forbidden as error:
            response = sorry(request, 403, str(error.detail))
        except HeldBack as error:
            response = sorry(request, 429, str(error.detail))
            response.headers["Retry-After"] = str(error.retry_after_seconds)
        response.headers["Content-Security-Policy"] = only_our_own()
        response.headers["Referrer-Policy"] = "same-origin"
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response

    return shown


def patients_page(view: View) -> View:
    """A page for a patient who is signed in; the view gets the patient."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path() if request.method == "GET" else "/", SIGN_IN)
        patient = patient_of(request)
        if patient is None:
            raise Forbidden("patients_only", _("Only a patient's account may do this."))
        return view(request, patient, *args, **kwargs)

    return page(shown)


def patient_of(request: HttpRequest) -> Patient | None:
    """The patient who is signed in."""
    if not request.user.is_authenticated:
        return None
    return Patient.objects.select_related("user").filter(user_id=request.user.pk).first()


def own(patient: Patient, pk: int) -> Appointment:
    """The patient's own appointment; of anybody else's there is none. Raises `Http404`."""
    seats = Appointment.objects.select_related("session__doctor__department", "patient")
    appointment = seats.filter(patient=patient, pk=pk).first()
    if appointment is None:
        raise Http404
    return appointment


def unless_known(request: HttpRequest, shown: Story, make: Callable[[], HttpResponse]) -> HttpResponse:
    """What is made of the story for the script that shows it in place; 304 while the same is shown."""
    etag = f'"{shown.version}-{get_language()}"'
    known = request.headers.get("If-None-Match") == etag
    response = HttpResponse(status=304) if known else make()
    response.headers["ETag"] = etag
    response.headers["X-Poll-After"] = str(shown.poll_after_seconds or "")
    return response


def counted(request: HttpRequest) -> Request:
    """The request as the limits of the API count it: page and API share one account."""
    asked = Request(request)
    asked.user = request.user
    return asked


def tell(request: HttpRequest, error: Refusal, step: str) -> None:
    """Say at this step of the story what was refused, once the page is loaded again."""
    messages.error(request, str(error.detail), extra_tags=step)


def sorry(request: HttpRequest, status: int, words: str) -> HttpResponse:
    """A page that says why there is none."""
    return render(request, "pages/sorry.html", {"words": words, "status": status}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """An address that we do not have: a page for people, a problem for programs."""
    if request.path.startswith("/api/"):
        return errors.not_found(request, exception)
    return page(sorry)(request, 404, _("There is nothing here."))


@page
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is older than the session, or somebody else's."""
    return sorry(request, 403, _("This form has grown too old. Go back, load the page again and send it once more."))
