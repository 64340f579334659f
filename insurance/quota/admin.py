"""Staff's view of the interface: pause, calls in flight, maintenance windows, n, and what became of them."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hospital import badges
from hospital.changes_admin import ReasonAdmin, ReasonForm, at_the_field
from hospital.read_only import ReadOnly
from insurance import words
from insurance.quota import gate, insurers, limits, permits
from insurance.quota.models import Insurer, MaintenanceWindow, Quota

LIMITS_SHOWN = 20


class InsurerForm(ReasonForm):
    class Meta:
        model = Insurer
        fields = ("at_once", "slow_seconds")

    def clean_at_once(self) -> int:
        calls: int = self.cleaned_data["at_once"]
        with at_the_field():
            insurers.check_at_once(calls)
        return calls

    def clean_slow_seconds(self) -> int:
        seconds: int = self.cleaned_data["slow_seconds"]
        with at_the_field():
            insurers.check_slow_seconds(seconds)
        return seconds


class InsurerAdmin(ReasonAdmin):
    """Paused and resumed by the actions of the list; windows are planned on a page of their own."""

    form = InsurerForm
    list_display = ("name", "gate", "at_once", "in_flight", "calls_flow", "circuit_failures", "paused_at", "paused_why")
    readonly_fields = (
        "name",
        "gate",
        "paused_at",
        "paused_why",
        "calls_flow",
        "circuit_failures",
        "circuit_opened_at",
        "in_flight",
        "windows",
    )
    asked = ("at_once", "slow_seconds", "why")
    actions = ("pause", "resume")
    calls_flow = badges.column(words.CIRCUIT, words.CIRCUIT_TONES, "circuit", _("circuit"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Insurer]:
        """Those of the environment are there from the beginning."""
        insurers.everyone()
        return Insurer.objects.all()

    def save_model(self, request: HttpRequest, obj: Insurer, form: Any, change: bool) -> None:
        insurers.set_flow(obj, **form.cleaned_data, who=request.user)

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, rows: QuerySet[Insurer]) -> HttpResponse | None:
        return self.do_each(request, rows, insurers.pause)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, rows: QuerySet[Insurer]) -> HttpResponse | None:
        return self.do_each(request, rows, insurers.resume)

    @admin.display(description=_("gate"))
    def gate(self, insurer: Insurer) -> str:
        closed = gate.why_closed(insurer)
        return gate.in_words(closed) if closed else str(_("open"))

    @admin.display(description=_("in flight"))
    def in_flight(self, insurer: Insurer) -> int:
        return insurers.in_flight(insurer)

    @admin.display(description=_("maintenance windows"))
    def windows(self, insurer: Insurer) -> SafeString:
        ahead = insurer.windows.filter(ends_at__gt=timezone.now())
        return format_html_join("", "{} – {}: {}<br>", ((_at(w.starts_at), _at(w.ends_at), w.why) for w in ahead))


class WindowForm(ReasonForm):
    class Meta:
        model = MaintenanceWindow
        fields = ("insurer", "starts_at", "ends_at")

    def clean_ends_at(self) -> datetime:
        ends_at: datetime = self.cleaned_data["ends_at"]
        with at_the_field():
            if "starts_at" in self.cleaned_data:
                insurers.check_window(self.cleaned_data["starts_at"], ends_at)
        return ends_at


class MaintenanceWindowAdmin(ReasonAdmin):
    """Planned and dropped, never rewritten."""

    form = WindowForm
    list_display = ("starts_at", "ends_at", "insurer", "why")
    list_select_related = ("insurer",)
    asked = ("insurer", "starts_at", "ends_at", "why")
    actions = ("drop",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.add_maintenancewindow")

    def has_change_permission(self, request: HttpRequest, obj: MaintenanceWindow | None = None) -> bool:
        return False

    def has_drop_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.delete_maintenancewindow")

    def get_readonly_fields(self, request: HttpRequest, obj: MaintenanceWindow | None = None) -> tuple[str, ...]:
        return self.asked if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"insurer": insurers.default().pk}

    def save_model(self, request: HttpRequest, obj: MaintenanceWindow, form: Any, change: bool) -> None:
        obj.pk = insurers.plan_window(**form.cleaned_data, who=request.user).pk

    @admin.action(description=_("Drop"), permissions=["drop"])
    def drop(self, request: HttpRequest, rows: QuerySet[MaintenanceWindow]) -> HttpResponse | None:
        return self.do_each(request, rows, insurers.drop_window)


class QuotaForm(ReasonForm):
    class Meta:
        model = Quota
        fields = ("per_minute", "least", "adapts", "evenly")
        help_texts = {"per_minute": _("Empty: not limited.")}

    def clean_per_minute(self) -> int | None:
        wanted: int | None = self.cleaned_data["per_minute"]
        with at_the_field():
            limits.check_limit(self.instance, wanted)
        return wanted

    def clean_least(self) -> int:
        least: int = self.cleaned_data["least"]
        with at_the_field():
            if "least" in self.changed_data:
                limits.check_least(least, self.cleaned_data.get("per_minute"))
        return least


class QuotaAdmin(ReasonAdmin):
    form = QuotaForm
    list_before_template = "admin/hospital/tuning/explained.html"
    list_display = ("name", "insurer", "per_minute", "in_force", "least", "adapts", "evenly")
    list_select_related = ("insurer",)
    readonly_fields = ("insurer", "name", "in_force", "free", "history")
    asked = ("per_minute", "least", "adapts", "evenly", "why")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quota]:
        return permits.quotas(*insurers.everyone())

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:
        wanted = form.cleaned_data
        said = {"who": request.user, "why": wanted["why"]}
        if "per_minute" in form.changed_data:
            limits.set_limit(obj, wanted["per_minute"], **said)
        bounds = {field: wanted[field] for field in ("least", "adapts", "evenly")}
        limits.set_bounds(obj, **bounds, **said)

    @admin.display(description=_("free permits"))
    def free(self, quota: Quota) -> int:
        return permits.free_count(quota)

    @admin.display(description=_("limits in force"))
    def history(self, quota: Quota) -> SafeString:
        latest = quota.limits.order_by("-pk")[:LIMITS_SHOWN]
        rows = ((_at(limit.at), "∞" if limit.in_force is None else limit.in_force, limit.why) for limit in latest)
        return format_html_join("", "{}: {} {}<br>", rows)


class LimitChangeAdmin(ReadOnly):
    list_display = ("at", "quota", "per_minute", "in_force", "lowered", "why")
    list_select_related = ("quota",)
    list_filter = ("quota", "lowered", "at")


class PermitAdmin(ReadOnly):
    list_display = ("id", "quota", "free_at", "takings", "retired")
    list_select_related = ("quota",)
    list_filter = ("quota", "retired")


class ClockStepAdmin(ReadOnly):
    list_display = ("at", "seconds", "seen_by")


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"
