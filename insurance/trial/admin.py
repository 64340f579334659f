"""Staff's view of the lines: who waits, shares of departments, urgent cases, and how good the expected waits were."""

from typing import Any

from django.contrib import admin
from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from hospital import badges
from hospital.changes_admin import ReasonActions, ReasonAdmin, ReasonForm, at_the_field
from hospital.read_only import ReadOnly
from insurance import words
from insurance.quota import insurers
from insurance.states import TrialState
from insurance.trial import departments, line, urgency
from insurance.trial.models import Line, Trial


class LineForm(ReasonForm):
    class Meta:
        model = Line
        fields = ("insurer", "department", "weight")
        help_texts = {"weight": _("Turns as against the other lines. 0: newcomers stand in the common line.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "insurer" in self.fields:  # for a new one; nothing chosen: the default one
            self.fields["insurer"].required = False

    def clean_weight(self) -> int:
        weight: int = self.cleaned_data["weight"]
        with at_the_field():
            departments.check_share(self.cleaned_data.get("department", self.instance.department), weight)
        return weight


class LineAdmin(ReasonAdmin):
    """A line is added by giving a department a share. Urgent cases need none: they go first."""

    form = LineForm
    list_display = ("__str__", "insurer", "weight", "waiting", "oldest_wait")
    list_select_related = ("insurer", "department")
    asked = ("insurer", "department", "weight", "why")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Line]:
        """The common lines are there from the beginning."""
        for insurer in insurers.everyone():
            line.line_of(insurer)
        return super().get_queryset(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Line | None = None) -> tuple[str, ...]:
        return ("insurer", "urgent", "department", "waiting", "oldest_wait") if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.add_line")

    def has_change_permission(self, request: HttpRequest, obj: Line | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.urgent)

    def save_model(self, request: HttpRequest, obj: Line, form: Any, change: bool) -> None:
        insurer = obj.insurer if change else form.cleaned_data.get("insurer") or insurers.default()
        said = {"who": request.user, "why": form.cleaned_data["why"]}
        obj.pk = departments.give_share(insurer, obj.department, form.cleaned_data["weight"], **said).pk

    @admin.display(description=_("waiting"))
    def waiting(self, row: Line) -> int:
        return row.waiting

    @admin.display(description=_("oldest wait"))
    def oldest_wait(self, row: Line) -> str:
        since = row.trials.filter(state=TrialState.WAITING).aggregate(Min("created_at"))["created_at__min"]
        return timesince(since) if since else ""


class TrialAdmin(ReasonActions, ReadOnly):
    list_display = ("id", "appointment", "badge", "line", "number", "attempt", "total_fen", "cash_fen", "last_error")
    list_filter = ("state", "line__insurer", "line")
    list_select_related = ("appointment", "line__department")
    search_fields = ("appointment__id__exact",)
    badge = badges.column(words.TRIAL, words.TONES)
    actions = ("expedite",)

    def has_expedite_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.change_trial")

    @admin.action(description=_("Urgent: to the head of the line"), permissions=["expedite"])
    def expedite(self, request: HttpRequest, rows: QuerySet[Trial]) -> HttpResponse | None:
        return self.do_each(request, rows.order_by("created_at", "pk"), urgency.expedite)


class VisitAdmin(ReadOnly):
    list_display = ("id", "appointment", "mdtrt_id", "ipt_otp_no", "insutype")
    list_select_related = ("appointment",)
    fields = ("appointment", "mdtrt_id", "ipt_otp_no", "insutype", "insuplc_admdvs", "chrg_bchno")


class LineDayAdmin(ReadOnly):
    """Predicted against actual waits."""

    list_display = ("day", "turns", "median_wait_seconds", "median_error", "p90_error", "measured_at")
