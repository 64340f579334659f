"""Erasing a patient in the admin: found, looked at, proposed, decided on. Every rule lies in `decisions`."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from hospital import badges, held, words
from hospital.changes_admin import ButtonPages, account
from hospital.erasure import decisions
from hospital.erasure.models import Erasure
from hospital.errors import NotFound
from hospital.models import Patient
from hospital.privacy import masked
from hospital.read_only import ReadOnly
from hospital.states import ErasureState

_DECIDE: dict[str, Callable[..., Erasure]] = {
    "approve": decisions.approve,
    "reject": decisions.reject,
    "withdraw": decisions.withdraw,
}


class ErasureAdmin(ButtonPages, ReadOnly):
    """What was proposed, and by patient the page on which it is proposed and decided on."""

    list_display = ("id", "patient", "badge", "asked_by", "created_at", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("patient", "asked_by", "decided_by")
    list_before_template = "admin/hospital/erasure/find.html"
    badge = badges.column(words.ERASURE, words.TONES)

    def get_urls(self) -> list[URLPattern]:
        own = (
            ("find/", require_POST(self.find), "find"),
            ("patient/<int:pk>/", self.patient_view, "patient"),
            ("patient/<int:pk>/propose/", require_POST(self.propose), "propose"),
            ("<int:pk>/decide/", require_POST(self.decide), "decide"),
        )
        urls = [
            path(where, self.admin_site.admin_view(view), name=f"hospital_erasure_{name}") for where, view, name in own
        ]
        return [*urls, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its patient's page."""
        erasure = self.get_object(request, object_id)
        if erasure is None:
            raise Http404
        return self.patient_view(request, erasure.patient_id)

    def find(self, request: HttpRequest) -> HttpResponse:
        """By the id or the user name, which is nobody's business but the form's: an address is kept in logs."""
        self.require(request, decisions.LOOK)
        try:
            patient = held.named(request.POST.get("who", "").strip())
        except NotFound:
            self.message_user(request, _("There is no patient with this number or user name."), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:hospital_erasure_changelist"))
        return HttpResponseRedirect(_page_of(patient.pk))

    def patient_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What stands against it, what is proposed, and what was decided before."""
        self.require(request, decisions.LOOK)
        if request.method == "POST":
            raise PermissionDenied
        patient = get_object_or_404(Patient.objects.select_related("user"), pk=pk)
        shown = _shown(patient, account(request))
        return self.page(request, "admin/hospital/erasure/patient.html", str(patient), shown)

    def propose(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put it before somebody else."""
        self.require(request, decisions.PROPOSE)
        patient, who = get_object_or_404(Patient, pk=pk), account(request)
        told, why = _("Proposed. Somebody else must approve it."), request.POST.get("why", "")
        return self.do(request, _page_of(pk), told, lambda: decisions.propose(patient, who=who, why=why))

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve, reject or withdraw. Who of the two may do which, `decisions` says."""
        self.require(request, decisions.APPROVE, decisions.PROPOSE)
        erasure = get_object_or_404(Erasure, pk=pk)
        decide = _DECIDE.get(request.POST.get("decide", ""))
        if decide is None:
            raise Http404
        who, answer, back = account(request), request.POST.get("answer", ""), _page_of(erasure.patient_id)
        return self.do(request, back, _("Decided."), lambda: decide(erasure, who=who, answer=answer))


def _shown(patient: Patient, who: User) -> dict[str, Any]:
    """What the second person must see before deciding, and whoever proposes it as well."""
    rows = list(patient.erasures.select_related("asked_by", "decided_by").order_by("-pk"))
    proposed = next((row for row in rows if row.state == ErasureState.PROPOSED), None)
    erased = not patient.id_number
    own = proposed is not None and proposed.asked_by_id == who.pk
    return {
        "patient": patient,
        "identity": masked(patient.id_number),
        "appointments": len(held.appointments(patient)),
        "erased": erased,
        "against": [] if erased else decisions.objections(patient),
        "proposed": proposed,
        "own": own,
        "may_decide": who.has_perm(decisions.APPROVE) and not own,
        "may_propose": who.has_perm(decisions.PROPOSE) and not erased and proposed is None,
        "past": [(row, _badge(row)) for row in rows if row is not proposed],
    }


def _badge(row: Erasure) -> str:
    return badges.badge(words.ERASURE[row.state], words.TONES.get(row.state, badges.Tone.PLAIN))


def _page_of(pk: int) -> str:
    return reverse("admin:hospital_erasure_patient", args=[pk])
