"""Staff's view of the hospital. States and what hangs on them are read-only: one door only (design 2, rule 2)."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest

from hospital.models import (
    Appointment,
    Archive,
    Change,
    Department,
    Doctor,
    Journal,
    MasterRecord,
    Notice,
    PriceItem,
    PriceList,
    Session,
    Tuning,
)
from hospital.people_admin import GroupAdmin, UserAdmin
from hospital.privacy import masked
from hospital.theme import ModelAdmin, TabularInline
from hospital.tuning_admin import TuningAdmin

admin.site.register(Tuning, TuningAdmin)
admin.site.unregister((User, Group))
admin.site.register(User, UserAdmin)
admin.site.register(Group, GroupAdmin)


class ReadOnly(ModelAdmin):
    """To look at, never to write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


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
    list_filter = ("department",)


@admin.register(Session)
class SessionAdmin(ModelAdmin):
    """A session is planned with its seats; afterwards only booking changes what is free."""

    list_display = ("doctor", "starts_at", "capacity", "free")
    list_filter = ("doctor__department", "starts_at")
    exclude = ("free",)

    def get_readonly_fields(self, request: HttpRequest, obj: Session | None = None) -> tuple[str, ...]:
        return ("capacity", "free") if obj else ()

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        session = super().save_form(request, form, change)
        if not change:
            session.free = session.capacity
        return session


@admin.register(Appointment)
class AppointmentAdmin(ReadOnly):
    list_display = ("id", "patient", "session", "state", "created_at")
    list_filter = ("state", "session__doctor__department")


@admin.register(Archive)
class ArchiveAdmin(ReadOnly):
    list_display = ("id", "number", "state", "card", "rejection", "created_at", "filed_at")
    list_filter = ("state", "rejection")
    search_fields = ("number",)
    fields = ("appointment", "number", "state", "card", "rejection", "created_at", "filed_at")

    @admin.display(description="card")
    def card(self, archive: Archive) -> str:
        return f"{archive.card_type} {masked(archive.card_number)}"


@admin.register(MasterRecord)
class MasterRecordAdmin(ReadOnly):
    list_display = ("id", "identity")
    fields = ("identity",)

    @admin.display(description="ID number")
    def identity(self, record: MasterRecord) -> str:
        return masked(record.id_number)


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("id", "patient", "kind", "channel", "state", "attempt", "last_error", "sent_at")
    list_filter = ("kind", "channel", "state")


@admin.register(Journal)
class JournalAdmin(ReadOnly):
    list_display = ("at", "kind", "item_id", "from_state", "to_state", "attempt", "reason")
    list_filter = ("kind", "to_state")
    search_fields = ("=item_id",)


@admin.register(Change)
class ChangeAdmin(ReadOnly):
    list_display = ("at", "who_name", "subject", "field", "before", "after", "why")
    list_filter = ("at", "subject", "who_name")
    search_fields = ("subject", "who_name", "before", "after", "why")
