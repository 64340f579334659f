"""The settings that staff may change: what is in force, where it comes from, and a form that asks why."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hospital import tuning
from hospital.changes_admin import ReasonAdmin, ReasonForm, at_the_field
from hospital.tuning import Tuning


class TuningForm(ReasonForm):
    class Meta:
        model = Tuning
        fields = ("value",)
        help_texts = {"value": _("Empty: as the environment says.")}

    def clean_value(self) -> int | None:
        wanted: int | None = self.cleaned_data["value"]
        with at_the_field():
            tuning.check(self.instance.name, wanted)
        return wanted


class TuningAdmin(ReasonAdmin):
    form = TuningForm
    asked = ("value", "why")
    list_before_template = "admin/hospital/tuning/explained.html"
    list_display = ("name", "meaning", "in_force", "unit", "comes_from", "bounds")
    readonly_fields = ("name", "meaning", "unit", "bounds", "comes_from", "in_force")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tuning]:
        """A row for every setting: one that nobody has changed yet gets an empty one."""
        rows = Tuning.objects.filter(name__in=settings.TUNABLE)
        missing = set(settings.TUNABLE) - set(rows.values_list("name", flat=True))
        Tuning.objects.bulk_create([Tuning(name=name) for name in missing], ignore_conflicts=True)
        return rows

    def save_model(self, request: HttpRequest, obj: Tuning, form: Any, change: bool) -> None:
        tuning.change(obj.name, obj.value, who=request.user, why=form.cleaned_data["why"])

    @admin.display(description=_("meaning"))
    def meaning(self, row: Tuning) -> str:
        return str(settings.TUNABLE_TEXTS[row.name][0])

    @admin.display(description=_("unit"))
    def unit(self, row: Tuning) -> str:
        return str(settings.TUNABLE_TEXTS[row.name][1])

    @admin.display(description=_("in force"))
    def in_force(self, row: Tuning) -> int:
        return row.in_force

    @admin.display(description=_("comes from"))
    def comes_from(self, row: Tuning) -> str:
        return str(_("environment") if row.value is None else _("staff"))

    @admin.display(description=_("bounds"))
    def bounds(self, row: Tuning) -> str:
        least, most = settings.TUNABLE[row.name]
        return f"{least} – {most}"
