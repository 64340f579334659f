"""The archives for staff: found, looked at, and, with a reason, seen whole."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from hospital import badges, words
from hospital.archives import entry, revealing
from hospital.archives.filing import REASONS
from hospital.changes_admin import ButtonPages
from hospital.errors import Refusal
from hospital.models import Archive
from hospital.privacy import masked
from hospital.read_only import ReadOnly, one_of

REVEAL = "hospital.reveal_archive"


class ArchiveAdmin(ButtonPages, ReadOnly):
    """Shown masked. To see somebody's numbers whole is an action of its own, and is written down."""

    list_display = ("id", "number", "badge", "card", "rejection", "created_at", "filed_at")
    list_filter = ("state", ("rejection", one_of(lambda: REASONS)))
    search_fields = ("number",)
    search_help_text = _("archive number, or the last four of the card")
    change_form_outer_after_template = "admin/hospital/archive/reveal.html"
    badge = badges.column(words.ARCHIVE, words.TONES)
    fields = ("appointment", "number", "state", "card", "rejection", "created_at", "filed_at")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.reveal_view))
        return [path("<int:pk>/reveal/", view, name="hospital_archive_reveal"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(Q(number=text) | entry.by_tail(text)) if text else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {**(extra_context or {}), "may_reveal": request.user.has_perm(REVEAL), "archive_id": object_id}
        return super().change_view(request, object_id, form_url, shown)

    def reveal_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The numbers whole, on a page that nobody keeps."""
        self.require(request, REVEAL)
        archive = get_object_or_404(Archive, pk=pk)
        back = reverse("admin:hospital_archive_change", args=[pk])
        try:
            shown = revealing.reveal(archive, who=request.user, why=request.POST.get("why", ""))
        except Refusal as refusal:
            self.message_user(request, str(refusal.detail), messages.ERROR)
            return HttpResponseRedirect(back)
        shown_at = {"shown": shown, "back": back}
        answer = self.page(request, "admin/hospital/archive/revealed.html", str(archive), shown_at)
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.display(description=_("card"))
    def card(self, archive: Archive) -> str:
        return f"{archive.card_type} {masked(archive.card_number)}"
