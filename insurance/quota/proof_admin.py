"""The proof of the limit for staff: the last hour as a curve against n, the days kept, and each day's statement."""

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import capfirst

from hospital.errors import Invalid
from hospital.read_only import ReadOnly
from insurance.quota import days, paper, permits, picture, proof, statement
from insurance.quota.days import ProofDay
from insurance.quota.models import Quota

SHOWN = timedelta(minutes=60)
TICK = timedelta(minutes=10)
SHOWN_DAYS = 30
REFRESH_SECONDS = 5

ON_ITS_OWN = (
    "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The statement's page brings its own style, which is known by its digest, and needs nothing else."""


class ProofDayAdmin(ReadOnly):
    """Its list is the page. Whoever may look at quotas may look at it."""

    def has_view_permission(self, request: HttpRequest, obj: ProofDay | None = None) -> bool:
        return self.admin_site.get_model_admin(Quota).has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        address = "statement/<str:day>.<str:ending>"
        view = self.admin_site.admin_view(self.statement_view)
        return [path(address, view, name="insurance_proofday_statement"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page, with everything in it; it asks for itself again every few seconds unless told to stand still."""
        self._only_who_may_look(request)
        now = timezone.now()
        shown = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "quotas": [_shown(quota, now) for quota in Quota.objects.select_related("insurer").order_by("name", "pk")],
            "refresh_seconds": None if "still" in request.GET else REFRESH_SECONDS,
            "now": now,
        }
        return TemplateResponse(request, "admin/insurance/proofday/change_list.html", shown)

    def statement_view(self, request: HttpRequest, day: str, ending: str) -> HttpResponse:
        """The signed statement, made now; of a day that is not over: so far."""
        self._only_who_may_look(request)
        try:
            chosen = date.fromisoformat(day)
            signed = statement.signed(chosen, so_far=True)
        except (ValueError, Invalid) as error:
            raise Http404(str(error)) from error
        return _answer(chosen, ending, signed)

    def _only_who_may_look(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _answer(day: date, ending: str, signed: bytes) -> HttpResponse:
    match ending:
        case "json":
            answer = HttpResponse(signed, content_type="application/json")
            disposition = "attachment"
        case "html":
            page = paper.page(signed)
            policy = ON_ITS_OWN.format(style=paper.digest_of_style(page))
            answer = HttpResponse(page, headers={"Content-Security-Policy": policy})
            disposition = "inline"
        case _:
            raise Http404
    answer["Content-Disposition"] = f'{disposition}; filename="{statement.name_of(day)}.{ending}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _shown(quota: Quota, now: datetime) -> dict[str, Any]:
    drawn = picture.of(quota, now, SHOWN, TICK)
    today = timezone.localdate(now, timezone.get_default_timezone())
    kept = ProofDay.objects.filter(quota=quota, day__gt=today - timedelta(days=SHOWN_DAYS))
    return {
        "quota": quota,
        "worst": drawn.worst,
        "holds": proof.holds(drawn.worst),
        "window_seconds": permits.WINDOW_SECONDS,
        "now_standing": drawn.now_standing,
        "drawing": drawn.drawing,
        "days": [{"proof": each, "holds": proof.holds(each), "is_over": days.is_over(each.day)} for each in kept],
    }
