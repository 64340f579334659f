"""Sessions for staff: planned week by week, one at a time, or brought in as a sheet. The rules are in `planning`."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import CSV, XLSX

from hospital.changes_admin import ButtonPages
from hospital.errors import Refusal
from hospital.models import Session
from hospital.planning import plans
from hospital.planning.sheet import SessionSheet
from hospital.theme import ModelAdmin

if TYPE_CHECKING:

    class ImportExport:
        """Its package has no types either."""

        def process_result(self, result: Any, request: HttpRequest) -> HttpResponse: ...

    ExportForm = ImportForm = forms.Form
else:
    from import_export.admin import ImportExportModelAdmin as ImportExport
    from unfold.contrib.import_export.forms import ExportForm, ImportForm

PLAN = "hospital.add_session"


class SessionAdmin(ModelAdmin, ImportExport):
    """A session is planned with its seats; afterwards only booking changes what is free."""

    resource_classes = (SessionSheet,)
    import_form_class, export_form_class = ImportForm, ExportForm
    formats = (CSV, XLSX)
    list_display = ("doctor", "starts_at", "ends_at", "capacity", "free", "plan")
    list_filter = ("doctor__department", "starts_at")
    list_select_related = ("doctor", "plan__doctor")
    date_hierarchy = "starts_at"
    exclude = ("free",)

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """What came between looking and confirming is told; then nothing was done."""
        if not (result.has_errors() or result.has_validation_errors()):
            return super().process_result(result, request)
        self.message_user(request, _("Nothing was brought in."), messages.ERROR)
        for row in result.invalid_rows:
            told = {"row": row.number, "why": " ".join(row.error.messages)}
            self.message_user(request, _("Row %(row)s: %(why)s") % told, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:hospital_session_import"))

    def get_readonly_fields(self, request: HttpRequest, obj: Session | None = None) -> tuple[str, ...]:
        return ("capacity", "free") if obj else ()

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        session = super().save_form(request, form, change)
        if not change:
            session.free = session.capacity
        return session


class RangeForm(forms.Form):
    """From when until when; when it is carried out, what was looked at, and why."""

    first = forms.DateField(label=_("from day"))
    last = forms.DateField(label=_("until day"))
    looked_at = forms.IntegerField(required=False)
    why = forms.CharField(label=_("why"), required=False)


class WeeklyPlanAdmin(ButtonPages):
    """What comes again each week; `make/` shows the sessions of some days and makes them."""

    list_display = ("doctor", "department", "weekday", "begins", "ends", "seats", "from_day", "until_day")
    list_display_links = ("doctor",)
    list_filter = ("weekday", "doctor__department")
    list_select_related = ("doctor__department",)
    list_before_template = "admin/hospital/weeklyplan/range.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.make_view)
        return [path("make/", view, name="hospital_weeklyplan_make"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may = request.user.has_perm(PLAN)
        return super().changelist_view(request, {**(extra_context or {}), "range": RangeForm() if may else None})

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """Look (GET), then make what was looked at (POST)."""
        self.require(request, PLAN)
        form = RangeForm(request.POST or request.GET)
        if not form.is_valid():
            return self._page(request, form, [])
        days = form.cleaned_data
        if request.method == "POST" and self._made(request, days):
            return HttpResponseRedirect(reverse("admin:hospital_session_changelist"))
        return self._page(request, form, self._looked_at(request, days["first"], days["last"]))

    def _made(self, request: HttpRequest, days: dict[str, Any]) -> bool:
        said = {"looked_at": days["looked_at"], "who": request.user, "why": days["why"]}
        try:
            made = len(plans.carry_out(days["first"], days["last"], **said))
        except Refusal as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return False
        self.message_user(request, _("Sessions made: %(count)s.") % {"count": made}, messages.SUCCESS)
        return True

    def _looked_at(self, request: HttpRequest, first: date, last: date) -> list[plans.Planned]:
        try:
            return plans.preview(first, last)
        except Refusal as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return []

    def _page(self, request: HttpRequest, form: RangeForm, planned: list[plans.Planned]) -> HttpResponse:
        shown = {"form": form, "planned": planned, "new": sum(not each.why_not for each in planned)}
        return self.page(request, "admin/hospital/weeklyplan/make.html", _("Make sessions"), shown)

    @admin.display(description=_("department"), ordering="doctor__department")
    def department(self, plan: Any) -> str:
        return str(plan.doctor.department)


class HolidayAdmin(ModelAdmin):
    list_display = ("day", "name")
    date_hierarchy = "day"
