"""Lists and pages of the admin to look at only."""

from django.db.models import Model
from django.http import HttpRequest

from hospital.theme import ModelAdmin


class ReadOnly(ModelAdmin):
    """To look at, never to write. Large tables are not counted whole for a number that nobody needs."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
