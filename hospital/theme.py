"""The admin's classes as the theme (django-unfold) dresses them. It has no types: to mypy they are Django's."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django import forms
    from django.contrib import admin

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    Textarea = forms.Textarea
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea

__all__ = ["ModelAdmin", "TabularInline", "Textarea"]
