"""Day close for staff: the days, a day's three books side by side with what differs, and the differences."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import action, display
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import badges
from hospital.changes_admin import ButtonPages, ReasonActions
from hospital.read_only import ReadOnly
from insurance import words
from insurance.reconciliation import closing, resolving, schedule
from insurance.reconciliation import words as in_words
from insurance.reconciliation.late import booked_late
from insurance.reconciliation.models import DayBook, Difference
from insurance.states import DayBookState, DifferenceState

_TEMPLATE = "admin/insurance/daybook/change_form.html"
_COLUMNS = ("ours_fen", "theirs_fen", "our_row_says", "key", "resolved_by")
_SUMS = (
    ("settled", _("settled")),
    ("undone", _("undone")),
    ("total_fen", _("total (yuan)")),
    ("fund_fen", _("fund (yuan)")),
    ("account_fen", _("account (yuan)")),
    ("paid", _("paid")),
    ("paid_fen", _("paid (yuan)")),
    ("refunded", _("given back")),
    ("refunded_fen", _("given back (yuan)")),
)


class DayBookAdmin(ReasonActions, ButtonPages, ReadOnly):
    """A day is compared and closed on its own page."""

    list_display = (
        "day",
        "badge",
        "open_differences",
        "reconciled_at",
        "last_error",
        "closed_at",
        "closed_by",
        "verdict",
    )
    list_filter = ("state",)
    badge = badges.column(words.DAY_BOOK, words.TONES)
    date_hierarchy = "day"
    actions = ("reconcile",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DayBook]:
        left = Count("differences", filter=~Q(differences__state=DifferenceState.RESOLVED))
        return DayBook.objects.annotate(left=left)

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:pk>/reconcile/",
                self.admin_site.admin_view(self.reconcile_view),
                name="insurance_daybook_reconcile",
            ),
            path("<int:pk>/close/", self.admin_site.admin_view(self.close_view), name="insurance_daybook_close"),
            *super().get_urls(),
        ]

    def has_reconcile_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.change_daybook")

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.close_daybook")

    @action(description=_("Compare now"), permissions=["reconcile"])
    def reconcile(self, request: HttpRequest, rows: QuerySet[DayBook]) -> HttpResponse | None:
        return self.do_each(request, rows, schedule.ask_for)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        book = self.get_object(request, object_id)
        if book is None:
            raise Http404
        if request.method == "POST" or not self.has_view_permission(request, book):
            raise PermissionDenied
        shown = {
            **_shown(book),
            "may_reconcile": self.has_reconcile_permission(request),
            "may_close": self.has_close_permission(request),
        }
        return self.page(request, _TEMPLATE, str(book), shown)

    def reconcile_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have it compared now; the workers do it."""
        details = "details" in request.POST
        return self._act(request, pk, may=self.has_reconcile_permission(request), act=_asking(details=details))

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._act(request, pk, may=self.has_close_permission(request), act=closing.close)

    @display(description=_("open differences"))
    def open_differences(self, book: Any) -> int:
        return int(book.left)

    def _act(self, request: HttpRequest, pk: int, *, may: bool, act: Callable[..., object]) -> HttpResponse:
        """What is refused is told on the page."""
        if request.method != "POST" or not may:
            raise PermissionDenied
        book, why = get_object_or_404(DayBook, pk=pk), request.POST.get("why", "")
        back = reverse("admin:insurance_daybook_change", args=[pk])
        return self.do(request, back, _("Done."), lambda: act(book, who=request.user, why=why))


class DifferenceAdmin(ReasonActions, ReadOnly):
    """Resolved with evidence: the reason."""

    list_display = ("day", "badge", "age", "class_", "movement_", "remedy_", "appointment", "number", *_COLUMNS)
    list_filter = ("state", "classed", "movement", "remedy", "book")
    search_fields = ("key", "msgid")
    badge = badges.column(words.DIFFERENCE, words.TONES)
    list_select_related = ("book", "settlement")
    actions = ("resolve",)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("insurance.change_difference")

    @action(description=_("Resolve, with the evidence as reason"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, rows: QuerySet[Difference]) -> HttpResponse | None:
        return self.do_each(request, rows.order_by("pk"), resolving.resolve)

    @display(description=_("day"), ordering="book__day")
    def day(self, row: Difference) -> str:
        return str(row.book)

    @display(description=_("appointment"))
    def appointment(self, row: Difference) -> int | None:
        return row.settlement.appointment_id if row.settlement else None

    @display(description=_("settlement"))
    def number(self, row: Difference) -> str | None:
        return row.settlement.number if row.settlement else None

    @display(description=_("our row says"))
    def our_row_says(self, row: Difference) -> object:
        return in_words.SAYS.get(row.said, row.said)

    @display(description=_("class"), ordering="classed")
    def class_(self, row: Difference) -> object:
        return in_words.CLASSES.get(row.classed, row.classed)

    @display(description=_("movement"), ordering="movement")
    def movement_(self, row: Difference) -> object:
        return in_words.MOVEMENTS.get(row.movement, row.movement)

    @display(description=_("remedy"), ordering="remedy")
    def remedy_(self, row: Difference) -> object:
        return in_words.REMEDIES.get(row.remedy, row.remedy)

    @display(description=_("age (days)"), ordering="first_seen")
    def age(self, row: Difference) -> int:
        return row.age_days


def _asking(*, details: bool) -> Callable[..., None]:
    def ask(book: DayBook, **said: Any) -> None:
        schedule.ask_for(book, details=details, **said)

    return ask


def _sum(name: str, label: object, values: list[int | None]) -> dict[str, Any]:
    """A line of the three books; a book that knows nothing of it has None."""
    told = {value for value in values if value is not None}
    return {"label": label, "values": values, "is_money": name.endswith("_fen"), "differs": len(told) > 1}


def _shown(book: DayBook) -> dict[str, Any]:
    books = (book.ours, book.insurer, book.payments)
    return {
        "book": book,
        "sums": [_sum(name, label, [each.get(name) for each in books]) for name, label in _SUMS],
        "differences": book.differences.select_related("settlement").order_by("state", "classed", "pk"),
        "late": booked_late(book),
        "stands": closing.standing(book, timezone.now()),
        "is_closed": book.state == DayBookState.CLOSED,
    }
