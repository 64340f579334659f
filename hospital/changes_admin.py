"""Staff change things in the admin through the functions that keep the rules, and are asked why each time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from hospital.errors import Refusal
from hospital.theme import ActionForm, ModelAdmin, Textarea


class ReasonForm(forms.ModelForm):  # type: ignore[type-arg]
    why = forms.CharField(label=_("why"), widget=Textarea(attrs={"rows": 2}))


class ReasonActionForm(ActionForm):
    """Beside the list of actions."""

    why = forms.CharField(label=_("why"), required=False, widget=forms.TextInput(attrs={"class": "action-why"}))


class ReasonActions(ModelAdmin):
    """A list whose actions are done with a reason."""

    action_form = ReasonActionForm

    def do_each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., object]) -> None:
        """`act(row, who=…, why=…)` for each row that was ticked; what is refused is told row by row."""
        done = 0
        for row in rows:
            try:
                act(row, who=request.user, why=request.POST.get("why", ""))
                done += 1
            except Refusal as refusal:
                self.message_user(request, f"{row}: {refusal.detail}", messages.ERROR)
        if done:
            self.message_user(request, _("Done: %(count)s.") % {"count": done}, messages.SUCCESS)


class ReasonAdmin(ReasonActions):
    """Rows that functions of their own change. `asked`: the fields of the form, for who may change something."""

    form = ReasonForm
    asked: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        shown = self.get_readonly_fields(request, obj)
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return (*shown, *(field for field in self.asked if may and field not in shown))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What came between the form and the change, and made it impossible, is told."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


@contextmanager
def at_the_field() -> Iterator[None]:
    """What is refused while a field is cleaned is said at that field."""
    try:
        yield
    except Refusal as refusal:
        raise ValidationError(str(refusal.detail)) from refusal
