"""Staff change things in the admin through the functions that keep the rules, and are asked why each time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from hospital.errors import Refusal
from hospital.theme import ModelAdmin, Textarea

SHOWN = 50
"""So many of the ticked rows are named before something is done to them."""


class ButtonPages(ModelAdmin):
    """Pages with buttons of their own, behind which stand the functions that keep the rules."""

    def require(self, request: HttpRequest, *permissions: str) -> None:
        """One of these. Raises `PermissionDenied`."""
        if not any(map(request.user.has_perm, permissions)):
            raise PermissionDenied

    def do(self, request: HttpRequest, back: str, told: object, act: Callable[[], object]) -> HttpResponse:
        """Do it, and say on the page `back` what came of it. `told` is empty where `act` says it."""
        try:
            act()
        except Refusal as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
        else:
            if told:
                self.message_user(request, str(told), messages.SUCCESS)
        return HttpResponseRedirect(back)

    def page(self, request: HttpRequest, template: str, title: object, shown: Mapping[str, Any]) -> TemplateResponse:
        """As the admin's own pages are made."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **shown}
        return TemplateResponse(request, template, context)


def account(request: HttpRequest) -> User:
    """Whoever asks: the admin lets nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class ReasonForm(forms.ModelForm):  # type: ignore[type-arg]
    why = forms.CharField(label=_("why"), widget=Textarea(attrs={"rows": 2}))


class ReasonActions(ModelAdmin):
    """A list whose actions are asked about once more, with the reason, before they are done."""

    def do_each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., object]) -> HttpResponse | None:
        """`act(row, who=…, why=…)` for each row that was ticked; what is refused is told row by row."""
        if "why" not in request.POST:
            return self._asked_once_more(request, rows)
        done = 0
        for row in rows:
            try:
                act(row, who=request.user, why=request.POST["why"])
                done += 1
            except Refusal as refusal:
                self.message_user(request, f"{row}: {refusal.detail}", messages.ERROR)
        if done:
            self.message_user(request, _("Done: %(count)s.") % {"count": done}, messages.SUCCESS)
        return None

    def _asked_once_more(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse:
        """Which rows, what is to be done, and why."""
        name = request.POST["action"]
        chosen = self.get_actions(request)[name]
        shown = {"rows": rows[:SHOWN], "more": max(rows.count() - SHOWN, 0), "action": name}
        shown["title"] = chosen[2] if chosen else name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **shown}
        context |= {"ticked": request.POST.getlist(ACTION_CHECKBOX_NAME), "across": request.POST.get("select_across")}
        return TemplateResponse(request, "admin/confirm.html", context)


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
