"""The work list: everything that is unknown, before a person, overdue, frozen or refused. The oldest comes first.

It is made of three queries over partial indexes (`settlement_open`, `trial_away`, `refund_refused`): what is finished
is not looked at, however much there is of it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now

from hospital.stateful import Journal
from insurance.desk import advice, coming, facts
from insurance.desk.coming import Coming
from insurance.desk.facts import INSURER_LEGS, collected_fen
from insurance.desk.overdue import LIMIT_SECONDS, limit_seconds
from insurance.ledger import entries
from insurance.payment.models import Refund
from insurance.settlement.models import Settlement
from insurance.states import RefundState, SettlementState, TrialState
from insurance.trial.models import Trial

Rows = QuerySet[Any, Any]
Balances = Mapping[str, Mapping[str, int]]


class Kind(StrEnum):
    SETTLEMENT = "settlement"
    TRIAL = "trial"
    REFUND = "refund"


class Choice(StrEnum):
    """A part of the list. One word each, as it stands in an address."""

    PERSON = "person"  # nothing goes on by itself
    UNKNOWN = "unknown"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Money:
    """Fen: what was agreed on, what stands at the insurer and what was collected, by the ledger. `known`: where the
    insurer's last word is missing, an empty ledger does not say that nothing stands there."""

    agreed_fen: int
    insurer: Mapping[str, int]
    collected_fen: int
    known: bool = True

    @property
    def insurer_fen(self) -> int:
        return sum(self.insurer.values())


@dataclass(frozen=True, slots=True)
class Case:
    """`settlement_id` is where its story is told; a frozen trial has a page of its own. `means` says in people's words
    why it stands here, `reason` in the system's. `since`: in its state."""

    kind: Kind
    pk: int
    number: str
    settlement_id: int | None
    appointment_id: int
    state: str
    means: str
    reason: str
    since: datetime
    money: Money | None
    coming: Coming


Found = Mapping[str, Any]
"""kind, pk, state, since."""


def found(choice: str = "", insurer: str = "") -> Rows:
    """The cases, the oldest first: where each is, and no more. Of all insurers unless one is named."""
    parts = [_settlements(choice, insurer)]
    if choice in ("", Choice.PERSON):
        parts += [_trials(insurer), _refunds(insurer)]
    first, *others = (part.values("kind", "pk", "state", "since").order_by() for part in parts)
    return first.union(*others, all=True).order_by("since", "kind", "pk")


def counts(insurer: str = "") -> Counter[str]:
    """How many there are, by choice. Of all insurers unless one is named."""
    counted: Counter[str] = Counter()
    for part in (_settlements("", insurer), _trials(insurer), _refunds(insurer)):
        for kind, state, count in part.order_by().values_list("kind", "state").annotate(Count("pk")):
            counted[choice_of(kind, state)] += count
    return counted


def choice_of(kind: str, state: str) -> Choice:
    if kind != Kind.SETTLEMENT or state == SettlementState.MANUAL:
        return Choice.PERSON
    return Choice.UNKNOWN if state == SettlementState.UNKNOWN else Choice.OVERDUE


def shown(rows: Sequence[Found]) -> list[Case]:
    """These cases with everything that is said of them, in as many queries as there are kinds."""
    pks = {kind: [row["pk"] for row in rows if row["kind"] == kind] for kind in Kind}
    trials = Trial.objects.in_bulk(pks[Kind.TRIAL])
    refunds = Refund.objects.select_related("order__settlement__payment").in_bulk(pks[Kind.REFUND])
    settlements = Settlement.objects.select_related("payment").in_bulk(pks[Kind.SETTLEMENT])
    told = [*settlements.values(), *(refund.order.settlement for refund in refunds.values())]
    balances = entries.balances([settlement.number for settlement in told])
    came_from = facts.all_came_from(settlements.values())
    cases = {
        **{(Kind.SETTLEMENT, pk): _of_settlement(row, balances, came_from[pk]) for pk, row in settlements.items()},
        **{(Kind.REFUND, pk): _of_refund(row, balances) for pk, row in refunds.items()},
        **{(Kind.TRIAL, pk): _of_trial(row) for pk, row in trials.items()},
    }
    keys = ((Kind(row["kind"]), row["pk"], row["since"]) for row in rows)
    return [replace(cases[kind, pk], since=since) for kind, pk, since in keys if (kind, pk) in cases]


def of_settlement(settlement: Settlement) -> Case:
    """A settlement as a case, whether it stands on the list or not."""
    return _of_settlement(settlement, entries.balances([settlement.number]), facts.came_from(settlement))


def of_trial(trial: Trial) -> Case:
    """A trial as a case, whether it stands on the list or not."""
    row = _trials().filter(pk=trial.pk).values("since").first()
    return replace(_of_trial(trial), since=row["since"] if row else trial.created_at)


def search(text: str) -> Rows:
    """Settlements by number, by the appointment's number, by the insurer's or the message's id; also finished ones."""
    text = text.strip()
    asked = Q(setl_id=text) | Q(settle_msgid=text)
    digits = text.removeprefix("S").lstrip("0")
    if digits.isdecimal() and len(digits) <= 18:
        asked |= Q(appointment_id=int(digits)) | Q(pk=int(digits))
    rows = Settlement.objects.filter(asked) if text else Settlement.objects.none()
    return _kinded(rows, Kind.SETTLEMENT).values("kind", "pk", "state", "since").order_by("-pk")


def entered(kind: str, state: str) -> QuerySet[Journal]:
    """The journal's entry with which each row came into this state, for a subquery: the latest."""
    came = Journal.objects.filter(kind=str(kind), item_id=OuterRef("pk"), to_state=state)
    return came.exclude(from_state=state).order_by("-pk")


def _settlements(choice: str, insurer: str) -> Rows:
    overdue = Q()
    for state in LIMIT_SECONDS:
        if choice in ("", choice_of(Kind.SETTLEMENT, state)):
            overdue |= Q(state=state, since__lte=Now() - timedelta(seconds=limit_seconds(state)))
    live = Settlement.objects.filter(state__in=[state.value for state in LIMIT_SECONDS])
    return _kinded(live.filter(overdue, _at(insurer, "insurer")), Kind.SETTLEMENT)


def _trials(insurer: str = "") -> Rows:
    frozen = Trial.objects.filter(_at(insurer, "line__insurer__name"), state=TrialState.FROZEN)
    return _kinded(frozen, Kind.TRIAL, since=_since(Kind.TRIAL, TrialState.FROZEN))


def _refunds(insurer: str) -> Rows:
    """Refused ones; not those whose settlement is a case for the same reason."""
    refused = Refund.objects.filter(_at(insurer, "order__settlement__insurer"), state=RefundState.REFUSED)
    alone = refused.exclude(order__settlement__state=SettlementState.MANUAL)
    return _kinded(alone, Kind.REFUND, since=_since(Kind.REFUND, RefundState.REFUSED))


def _at(insurer: str, field: str) -> Q:
    return Q(**{field: insurer}) if insurer else Q()


def _kinded(rows: Rows, kind: Kind, **more: Any) -> Rows:
    kinded: Rows = rows.annotate(kind=Value(kind.value), **more)
    return kinded


def _since(kind: Kind, state: str) -> Coalesce:
    return Coalesce(Subquery(entered(kind, state).values("at")[:1]), F("created_at"))


def _of_settlement(row: Settlement, balances: Balances, came_from: str) -> Case:
    money = _money(row, balances, came_from)
    told = advice.of(row.state, came_from, stands=any(money.insurer.values()))
    return Case(
        kind=Kind.SETTLEMENT,
        pk=row.pk,
        number=row.number,
        settlement_id=row.pk,
        appointment_id=row.appointment_id,
        state=row.state,
        means=str(told.means) if told else "",
        reason=row.last_error,
        since=row.since,
        money=money,
        coming=coming.of(row),
    )


def _of_refund(row: Refund, balances: Balances) -> Case:
    settlement = row.order.settlement
    return Case(
        kind=Kind.REFUND,
        pk=row.pk,
        number=row.refund_no,
        settlement_id=settlement.pk,
        appointment_id=settlement.appointment_id,
        state=row.state,
        means=str(advice.REFUSED_REFUND.means),
        reason=row.last_error,
        since=row.created_at,
        money=_money(settlement, balances),
        coming=coming.by_a_person(),
    )


def _of_trial(row: Trial) -> Case:
    return Case(
        kind=Kind.TRIAL,
        pk=row.pk,
        number=str(row),
        settlement_id=None,
        appointment_id=row.appointment_id,
        state=row.state,
        means=str(advice.FROZEN.means),
        reason=row.last_error,
        since=row.created_at,
        money=None,
        coming=coming.by_a_person(),
    )


def _money(settlement: Settlement, balances: Balances, came_from: str = "") -> Money:
    legs = balances[settlement.number]
    insurer = {leg: fen for leg, fen in legs.items() if leg in INSURER_LEGS}
    known = bool(insurer) or not facts.in_doubt(settlement.state, came_from)
    return Money(settlement.total_fen, insurer, collected_fen(legs), known)
