"""Many cases at once, after an outage: each is made due now, and nothing is sent from here.

Turns take them as permits come free, so however many they are, n holds; those who have begun go first (`lanes`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes
from hospital.changes import Who
from hospital.errors import Conflict, Invalid, Refusal
from insurance.desk import acting, facts
from insurance.desk.acting import Seen
from insurance.desk.actions import HASTENED, Action
from insurance.desk.cases import Kind
from insurance.payment import refunds
from insurance.payment.models import Refund
from insurance.quota import insurers
from insurance.settlement.models import Settlement
from insurance.states import RefundState, SettlementState
from insurance.trial import frozen
from insurance.trial.models import Trial

STATES = (*HASTENED, SettlementState.MANUAL)
"""What may be driven again. MANUAL ones are asked or told again, and only when they are asked for by name."""


@dataclass(slots=True)
class Redriven:
    """How many are due now, and what stood against the others: (case, why)."""

    count: int = 0
    refused: list[tuple[str, Refusal]] = field(default_factory=list)

    def by_reason(self) -> dict[str, list[str]]:
        """What stood against which cases."""
        told: dict[str, list[str]] = {}
        for case, refusal in self.refused:
            told.setdefault(str(refusal.detail), []).append(case)
        return told


def selected(states: Iterable[str], older_than_minutes: int = 0, insurer: str = "") -> QuerySet[Settlement]:
    """Settlements that have been in one of these states for so long; of all insurers unless one is named.

    Raises `Invalid("no_such_state" | "no_such_insurer")`.
    """
    states = list(states)
    if unknown := sorted(set(states) - set(STATES)):
        told = {"states": ", ".join(unknown), "possible": ", ".join(STATES)}
        raise Invalid("no_such_state", _("Cannot be driven again: %(states)s. Possible: %(possible)s.") % told)
    if insurer and insurer not in (known := insurers.names()):
        told = {"insurer": insurer, "possible": ", ".join(sorted(known))}
        raise Invalid("no_such_insurer", _("There is no insurer %(insurer)s. Possible: %(possible)s.") % told)
    since = Now() - timedelta(minutes=older_than_minutes)
    found = Settlement.objects.filter(state__in=states, since__lte=since).order_by("since", "pk")
    return found.filter(insurer=insurer) if insurer else found


def redrive(cases: Iterable[tuple[str, int]], *, who: Who, why: str) -> Redriven:
    """Each of these (kind, id) goes on now, as soon as the limit allows. Raises `Invalid("no_reason" | …)`."""
    why = changes.clean(why)
    if not why:
        raise Invalid("no_reason", _("Say why: it is kept with the change."))
    done = Redriven()
    for kind, pk in cases:
        try:
            _again(Kind(kind), pk, who, why)
            done.count += 1
        except Refusal as refusal:
            done.refused.append((f"{kind} {pk}", refusal))
    return done


def try_again(refund: Refund, *, who: Who, why: str) -> None:
    """A refused refund is asked for once more. Raises `Conflict("not_refused")`, `Invalid("no_reason")`."""
    with transaction.atomic():
        acting.lock(refund.order.settlement.pk)  # as everybody: it first
        row = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        if row.state != RefundState.REFUSED:
            raise Conflict("not_refused", _("This refund is not refused any more."))
        changes.record(f"refund {row.refund_no}", "state", row.state, RefundState.DUE, who=who, why=why)
        refunds.try_again(row, changes.clean(why))


def action_again(settlement: Settlement) -> Action:
    """What "again" means for it: the report, where that was missing; else the question; else the next attempt."""
    if settlement.state != SettlementState.MANUAL:
        return Action.NOW
    return Action.TELL if facts.came_from(settlement) == SettlementState.CONFIRMING else Action.ASK


def _again(kind: Kind, pk: int, who: Who, why: str) -> None:
    match kind:
        case Kind.TRIAL:
            frozen.back_into_the_line(Trial.objects.get(pk=pk), who=who, why=why)
        case Kind.REFUND:
            try_again(Refund.objects.get(pk=pk), who=who, why=why)
        case Kind.SETTLEMENT:
            settlement = Settlement.objects.get(pk=pk)
            acting.at_once(Seen.of(settlement), action_again(settlement), who=who, why=why)
