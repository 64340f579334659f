"""Staff's view of the hospital. States and what hangs on them are read-only: one door only (design 2, rule 2)."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from hospital import badges, changes, planning_admin, stateful, words
from hospital.archives import revealing
from hospital.archives_admin import ArchiveAdmin
from hospital.changes_admin import ReasonActions
from hospital.erasure.admin import ErasureAdmin
from hospital.models import (
    Access,
    Archive,
    Change,
    Department,
    Doctor,
    Erasure,
    Holiday,
    Journal,
    MasterRecord,
    Notice,
    PriceItem,
    PriceList,
    Session,
    Tuning,
    WeeklyPlan,
)
from hospital.notices import delivery
from hospital.people_admin import GroupAdmin, UserAdmin
from hospital.privacy import masked
from hospital.read_only import ReadOnly, one_of
from hospital.theme import ModelAdmin, TabularInline
from hospital.tuning_admin import TuningAdmin

admin.site.register(Tuning, TuningAdmin)
# Whoever took a used token off its list would bring it back to life: nobody writes there (hospital/tokens.py).
admin.site.unregister((User, Group, BlacklistedToken, OutstandingToken))
admin.site.register(User, UserAdmin)
admin.site.register(Group, GroupAdmin)


class PriceItems(TabularInline):
    model = PriceItem
    extra = 0


@admin.register(PriceList)
class PriceListAdmin(ModelAdmin):
    inlines = (PriceItems,)


@admin.register(Department)
class DepartmentAdmin(ModelAdmin):
    list_display = ("code", "name", "caty")


@admin.register(Doctor)
class DoctorAdmin(ModelAdmin):
    list_display = ("code", "name", "department")
    list_select_related = ("department",)
    list_filter = ("department",)


@admin.register(MasterRecord)
class MasterRecordAdmin(ReadOnly):
    list_display = ("id", "identity")
    fields = ("identity",)

    @admin.display(description=_("ID number"))
    def identity(self, record: MasterRecord) -> str:
        return masked(record.id_number)


@admin.register(Notice)
class NoticeAdmin(ReasonActions, ReadOnly):
    list_display = ("id", "patient", "kind", "channel", "badge", "attempt", "last_error", "sent_at")
    list_select_related = ("patient",)
    badge = badges.column(words.NOTICE, words.TONES)
    list_filter = ("kind", "channel", "state")
    actions = ("send_again",)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("hospital.change_notice")

    @admin.action(description=_("send again what could not be sent"), permissions=["resend"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Notice]) -> HttpResponse | None:
        return self.do_each(request, rows, delivery.send_again)


@admin.register(Journal)
class JournalAdmin(ReadOnly):
    list_display = ("at", "kind", "item_id", "from_state", "to_state", "attempt", "reason")
    list_filter = (("kind", one_of(stateful.kinds)), ("to_state", one_of(stateful.states)))
    search_fields = ("=item_id",)


class SeenWhole(admin.SimpleListFilter):
    """Who has seen whose personal data whole: for the auditor."""

    title, parameter_name = _("personal data"), "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("whole", _("seen whole"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        return queryset.filter(field=revealing.FIELD) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    list_display = ("at", "who_name", "subject", "field", "before", "after", "why")
    list_filter = ("at", SeenWhole)
    search_fields = ("subject", "who_name", "before", "after", "why")


@admin.register(Access)
class AccessAdmin(ReadOnly):
    """Every view of somebody's data whole, the newest first."""

    list_display = ("at", "who_name", "subject", "after", "why")
    list_display_links = None
    list_filter = ("at", ("after", one_of(lambda: changes.ACCESSES)))
    search_fields = ("subject", "who_name")
    search_help_text = _("archive 12, patient 7, or a user name")
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(Q(subject=text) | Q(who_name=text)) if text else queryset), False


admin.site.register(Archive, ArchiveAdmin)
admin.site.register(Erasure, ErasureAdmin)
admin.site.register(Session, planning_admin.SessionAdmin)
admin.site.register(WeeklyPlan, planning_admin.WeeklyPlanAdmin)
admin.site.register(Holiday, planning_admin.HolidayAdmin)
