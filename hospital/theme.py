"""The admin's classes as the theme (django-unfold) dresses them. It has no types: to mypy they are Django's."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django import forms
    from django.contrib import admin
    from django.contrib.admin.helpers import ActionForm

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    Textarea = forms.Textarea
    TextInput = forms.TextInput
    Select = forms.Select
    DateInput = forms.DateInput
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.forms import ActionForm
    from unfold.widgets import UnfoldAdminDateWidget as DateInput
    from unfold.widgets import UnfoldAdminSelectWidget as Select
    from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
    from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

__all__ = ["ActionForm", "DateInput", "ModelAdmin", "Select", "TabularInline", "TextInput", "Textarea"]
