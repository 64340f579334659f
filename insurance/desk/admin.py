"""The desk in the admin: the work list, the file of a case, and what is done there. Every rule lies in the functions
that are called from here."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from hospital import badges
from hospital.changes_admin import ButtonPages, account
from hospital.read_only import ReadOnly
from insurance.desk import acting, decisions, pages, redrive, words
from insurance.desk.acting import Seen
from insurance.desk.actions import AT_ONCE, Action
from insurance.desk.cases import Kind
from insurance.desk.models import CaseFile, Decision
from insurance.payment.models import Refund
from insurance.settlement.models import Settlement
from insurance.trial import frozen
from insurance.trial.models import Trial
from insurance.words import DECISION, TONES

TEMPLATES = "admin/insurance/casefile"
NAMED = 20
"""So many cases are named when something stood against all of them."""

_TRIALS: dict[str, Callable[..., None]] = {"back": frozen.back_into_the_line, "cancel": frozen.cancel}
_DECIDE: dict[str, Callable[..., Decision]] = {
    "approve": decisions.approve,
    "reject": decisions.reject,
    "withdraw": decisions.withdraw,
}


class CaseFileAdmin(ButtonPages, ReadOnly):
    """Whoever may look at settlements may look at cases."""

    def has_view_permission(self, request: HttpRequest, obj: CaseFile | None = None) -> bool:
        return request.user.has_perm(pages.LOOK)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        own = (
            ("trial/<int:pk>/", self.trial_view, "trial"),
            ("trial/<int:pk>/act/", require_POST(self.act_on_trial), "act_on_trial"),
            ("refund/<int:pk>/act/", require_POST(self.act_on_refund), "act_on_refund"),
            ("decision/<int:pk>/decide/", require_POST(self.decide), "decide"),
            ("<int:pk>/act/", require_POST(self.act), "act"),
        )
        urls = [
            path(where, self.admin_site.admin_view(view), name=f"insurance_casefile_{name}")
            for where, view, name in own
        ]
        return [*urls, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The work list; posted to, the cases that were ticked go on now."""
        self.require(request, pages.LOOK)
        if request.method == "POST":
            return self._redrive(request)
        asked = request.GET
        page = int(asked["page"]) if asked.get("page", "").isdecimal() else 0
        part = pages.Part.asked(asked.get("choice", ""), asked.get("insurer", ""))
        shown = pages.listed(request.user, part, min(page, 10_000), asked.get("q", "").strip())
        return self.page(request, f"{TEMPLATES}/list.html", capfirst(str(self.opts.verbose_name_plural)), shown)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The file of one settlement."""
        self.require(request, pages.LOOK)
        if request.method == "POST":
            raise PermissionDenied
        if not object_id.isdecimal():
            raise Http404
        settlements = Settlement.objects.select_related("payment", "trial")
        settlement = get_object_or_404(settlements, pk=int(object_id))
        return self.page(
            request, f"{TEMPLATES}/file.html", settlement.number, pages.of_settlement(settlement, request.user)
        )

    def trial_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file of one trial."""
        self.require(request, pages.LOOK)
        trial = get_object_or_404(Trial, pk=pk)
        title = f"{words.kind('trial')} {trial.pk}"
        return self.page(request, f"{TEMPLATES}/trial.html", title, pages.of_trial(trial, request.user))

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Done at once, or proposed to a second person."""
        said = request.POST
        action = Action(said["action"]) if said.get("action") in Action.values else None
        if action is None or not said.get("attempt", "").isdecimal():
            raise Http404
        seen = Seen(pk, said.get("state", ""), int(said["attempt"]))
        why = said.get("why", "")
        if action in AT_ONCE:
            self.require(request, pages.ACT)
            told = _("Done: %(action)s.") % {"action": action.label}
            return self.do(request, _case(pk), told, lambda: acting.at_once(seen, action, who=request.user, why=why))
        who, evidence = account(request), said.get("evidence", "")
        told = _("Proposed: %(action)s. Somebody else must approve it.") % {"action": action.label}
        return self.do(
            request, _case(pk), told, lambda: decisions.propose(seen, action, who=who, why=why, evidence=evidence)
        )

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve, reject or withdraw a proposal. Who of the two may do which, `decisions` says."""
        self.require(request, decisions.APPROVE, decisions.PROPOSE)
        decision = get_object_or_404(Decision, pk=pk)
        decide = _DECIDE.get(request.POST.get("decide", ""))
        if decide is None:
            raise Http404
        who, answer, back = account(request), request.POST.get("answer", ""), _case(decision.settlement_id)
        return self.do(request, back, _("Decided."), lambda: decide(decision, who=who, answer=answer))

    def act_on_refund(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try a refused refund again."""
        self.require(request, pages.ACT)
        refund = get_object_or_404(Refund.objects.select_related("order__settlement"), pk=pk)
        who, why, back = request.user, request.POST.get("why", ""), _case(refund.order.settlement.pk)
        return self.do(request, back, _("It is tried again."), lambda: redrive.try_again(refund, who=who, why=why))

    def act_on_trial(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a frozen trial go on, or end it."""
        self.require(request, pages.ACT)
        trial, act = get_object_or_404(Trial, pk=pk), _TRIALS.get(request.POST.get("action", ""))
        if act is None:
            raise Http404
        why = request.POST.get("why", "")
        back = reverse("admin:insurance_casefile_trial", args=[pk])
        return self.do(request, back, _("Done."), lambda: act(trial, who=request.user, why=why))

    def _redrive(self, request: HttpRequest) -> HttpResponse:
        self.require(request, pages.ACT)
        chosen = _whole_part(request) if "all" in request.POST else _ticked(request)

        def act() -> None:
            done = redrive.redrive(chosen, who=request.user, why=request.POST.get("why", ""))
            for told, refused in done.by_reason().items():
                self.message_user(request, f"{told} ({', '.join(refused[:NAMED])})", messages.ERROR)
            due = _("Due now: %(count)s. They go on as the limit allows.") % {"count": done.count}
            self.message_user(request, due, messages.SUCCESS if done.count else messages.WARNING)

        return self.do(request, request.get_full_path(), "", act)


def _ticked(request: HttpRequest) -> list[tuple[str, int]]:
    """Kind and id of each case that was ticked."""
    ticked = (each.partition("-") for each in request.POST.getlist("case"))
    return [(kind, int(pk)) for kind, _dash, pk in ticked if kind in set(Kind) and pk.isdecimal()]


def _whole_part(request: HttpRequest) -> list[tuple[str, int]]:
    """All that stood on the list; with several pages, more than was seen."""
    return pages.all_of(pages.Part.asked(request.POST["all"], request.POST.get("insurer", "")))


def _case(pk: int) -> str:
    return reverse("admin:insurance_casefile_change", args=[pk])


class DecisionAdmin(ReadOnly):
    """To look at. What is proposed is decided on the case's page, where the whole story stands."""

    list_display = ("id", "case", "action", "badge", "asked_by", "created_at", "decided_by", "decided_at")
    list_filter = ("state", "action")
    badge = badges.column(DECISION, TONES)
    list_select_related = ("settlement", "asked_by", "decided_by")
    fields = (
        *("settlement", "action", "reason", "evidence", "of_state", "of_attempt"),
        *("state", "asked_by", "decided_by", "decided_at", "answer"),
    )

    @admin.display(description=_("case"))
    def case(self, decision: Decision) -> str:
        return format_html('<a href="{}">{}</a>', _case(decision.settlement_id), decision.settlement.number)
