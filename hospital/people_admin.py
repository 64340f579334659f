"""Accounts and roles, in the theme's dress. A role is a group; whose account it is put into may do what it allows."""

from typing import TYPE_CHECKING

from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin

from hospital.read_only import Pages
from hospital.theme import ModelAdmin

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
else:
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm


class UserAdmin(DjangosUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    show_full_result_count = False
    paginator = Pages
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "is_active", "is_staff", "is_superuser", "last_login")


class GroupAdmin(DjangosGroupAdmin, ModelAdmin):
    """The roles."""
