"""The appointments for staff: found by what stands on a paper, and each with its whole story on one page."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from hospital import badges, words
from hospital.archives_admin import REVEAL
from hospital.changes_admin import ButtonPages
from hospital.models import Appointment
from hospital.read_only import ReadOnly
from insurance.desk import patients


class AppointmentAdmin(ButtonPages, ReadOnly):
    list_display = ("id", "patient", "session", "badge", "archive_number", "created_at")
    list_filter = ("state", "session__doctor__department")
    list_select_related = ("patient", "session__doctor", "archive")
    search_fields = ("pk",)
    search_help_text = _("appointment or archive number, last four of the card, setl_id or msgid")
    badge = badges.column(words.APPOINTMENT, words.TONES)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(pk__in=patients.found(text).values("pk")) if text else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The story."""
        appointment = self.get_object(request, object_id)
        if appointment is None:
            raise Http404
        if request.method == "POST" or not self.has_view_permission(request, appointment):
            raise PermissionDenied
        shown = {
            **patients.of(appointment),
            "may_see_case": request.user.has_perm("insurance.view_settlement"),
            "may_reveal": request.user.has_perm(REVEAL),
        }
        return self.page(request, "admin/insurance/appointment/change_form.html", str(appointment), shown)

    @admin.display(description=_("archive number"))
    def archive_number(self, appointment: Appointment) -> str | None:
        return appointment.archive.number
