"""Sign up, in and out."""

from typing import Any

from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from config.pages import guard
from config.pages.forms import SignUpForm
from hospital.appointments import accounts
from hospital.errors import HeldBack, Refusal
from hospital.models import Patient
from hospital.rest import limit_address, limit_username

BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@guard.page
def sign_up(request: HttpRequest) -> HttpResponse:
    """As `POST accounts/`; then the patient is signed in."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and (patient := _signed_up(request, form)):
        login(request, patient.user, BACKEND)
        return redirect(_wanted(request) or "/sessions/")
    facts = {"form": form, "next": _wanted(request)}
    return render(request, "pages/sign_up.html", facts, status=422 if form.errors else 200)


def _wanted(request: HttpRequest) -> str:
    """The page of ours that was asked for before signing up, if any."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else ""


def _signed_up(request: HttpRequest, form: SignUpForm) -> Patient | None:
    try:
        limit_address(guard.counted(request), "accounts")
        if form.is_valid():
            return accounts.sign_up(**form.cleaned_data)
    except Refusal as error:
        form.refuse(error)
    return None


@method_decorator(guard.page, "dispatch")
class SignIn(LoginView):
    """With the user name and the password; guesses are held back as at `POST token/`."""

    template_name = "pages/sign_in.html"
    next_page = "/"
    redirect_authenticated_user = True

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "label_suffix": ""}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = guard.counted(request)
        try:
            limit_address(asked, "token")
            limit_username(asked, "token", request.POST.get("username", ""))
        except HeldBack as error:
            return self.render_to_response(self.get_context_data(form=None, held_back=error.detail), status=429)
        return super().post(request, *args, **kwargs)


@require_POST
@guard.page
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out, and back to the front page."""
    logout(request)
    return redirect("/")
