"""What the pages of the desk show, for whoever looks: the list, and the file of one case."""

from dataclasses import dataclass
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.utils import timezone

from insurance.desk import advice, cases, facts, rules, story
from insurance.desk.actions import AT_ONCE, WHAT_FOLLOWS, Action, possible
from insurance.desk.cases import Choice
from insurance.desk.decisions import APPROVE, PROPOSE
from insurance.desk.facts import INSURER_LEGS, Facts, agreed
from insurance.desk.models import Decision
from insurance.ledger.models import Leg
from insurance.payment.models import Refund
from insurance.quota import gate, insurers
from insurance.quota.models import Insurer
from insurance.settlement.models import Settlement
from insurance.states import DecisionState, RefundState, SettlementState, TrialState
from insurance.trial.models import Trial

LOOK, ACT = "insurance.view_settlement", "insurance.change_settlement"
PAGE = 100

MOST_AT_ONCE = 500
"""For more there is `manage.py redrive`."""

Whoever = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Button:
    """An action as its button shows it. `refused`: why not now; `objections`: what the records say against it."""

    action: Action
    follows: object
    by_two: bool
    needs_evidence: bool
    refused: object
    objections: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The cases of a choice, at one insurer; "": of all. What is not known is not asked for."""

    choice: str = ""
    insurer: str = ""

    @classmethod
    def asked(cls, choice: str, insurer: str) -> Self:
        """As it stands in an address or a form."""
        return cls(choice if choice in set(Choice) else "", insurer if insurer in insurers.names() else "")

    def found(self) -> QuerySet[Any, Any]:
        return cases.found(self.choice, self.insurer)


def listed(who: Whoever, part: Part, page: int, asked: str) -> dict[str, Any]:
    """The work list: a part of it, or what was searched for."""
    rows: QuerySet[Any, Any] = cases.search(asked) if asked else part.found()
    some = list(rows[page * PAGE : (page + 1) * PAGE + 1])
    counted, names = cases.counts(part.insurer), sorted(insurers.names())
    return {
        "cases": cases.shown(some[:PAGE]),
        "choice": part.choice,
        "choices": [(one.value, counted[one]) for one in Choice],
        "count": counted.total(),
        "insurer": part.insurer,
        "insurers": names if len(names) > 1 else [],
        "asked": asked,
        "page": page,
        "before": page - 1 if page else None,
        "after": page + 1 if len(some) > PAGE else None,
        "decisions": undecided(),
        "may_act": who.has_perm(ACT),
        **_interface(*([insurers.named(part.insurer)] if part.insurer else insurers.everyone())),
    }


def all_of(part: Part) -> list[tuple[str, int]]:
    """Kind and id of the cases of a part, the oldest first: as many as one request can carry."""
    return [(row["kind"], row["pk"]) for row in part.found()[:MOST_AT_ONCE]]


def undecided() -> QuerySet[Decision]:
    """What waits for a second person, the oldest first."""
    return Decision.objects.filter(state=DecisionState.PROPOSED).select_related("asked_by").order_by("pk")


def of_settlement(settlement: Settlement, who: Whoever) -> dict[str, Any]:
    """Everything on one page."""
    known = facts.of(settlement)
    told = story.of_settlement(known)
    proposed = next((each for each in told.decisions if each.state == DecisionState.PROPOSED), None)
    return {
        "settlement": settlement,
        "case": cases.of_settlement(settlement),
        "advice": advice.of(settlement.state, known.came_from, stands=bool(known.insurer)),
        "legs": _legs(known),
        "facts": known,
        "story": told,
        "proposed": proposed,
        "proposal": _proposal(proposed, known, who) if proposed else None,
        "buttons": _buttons(known, who, undecided=proposed is not None),
        "refunds": [_refund(refund, who) for refund in known.refunds],
        **_interface(insurers.of(settlement.appointment_id)),
    }


def of_trial(trial: Trial, who: Whoever) -> dict[str, Any]:
    """A frozen trial's page."""
    return {
        "trial": trial,
        "case": cases.of_trial(trial),
        "advice": advice.FROZEN if trial.state == TrialState.FROZEN else None,
        "story": story.of_trial(trial),
        "may_act": who.has_perm(ACT) and trial.state == TrialState.FROZEN,
        "claim": trial.settlements.filter(claim_later=True).first(),
        **_interface(insurers.of(trial.appointment_id)),
    }


def _interface(*asked: Insurer) -> dict[str, Any]:
    """Is there anything at one of these that keeps the desk's work from going on?"""
    closed = next(filter(None, map(gate.why_closed, asked)), None)
    return {"closed": gate.in_words(closed) if closed else "", "now": timezone.now()}


@dataclass(frozen=True, slots=True)
class LegLine:
    """A leg on the page. `stands_fen` is the ledger's; None where nobody knows. `differs`: it should be as agreed."""

    label: object
    agreed_fen: int
    stands_fen: int | None
    differs: bool


def _legs(known: Facts) -> list[LegLine]:
    """Leg by leg: what was agreed on, what the ledger holds. While it goes on by itself, a difference is no trouble."""
    wanted, nobody_knows = agreed(known.settlement), known.in_doubt and not known.insurer
    stands = {leg: None if nobody_knows else known.legs.get(leg, 0) for leg in INSURER_LEGS}
    legs = [(leg.label, wanted.get(leg, 0), stands[leg]) for leg in INSURER_LEGS]
    cash = (Leg.CASH.label, known.settlement.cash_fen, known.collected_fen)
    should = known.settlement.state in (SettlementState.MANUAL, SettlementState.COMPLETED)
    return [LegLine(*leg, differs=should and leg[2] is not None and leg[1] != leg[2]) for leg in (*legs, cash)]


def _buttons(known: Facts, who: Whoever, *, undecided: bool) -> list[Button]:
    """At once, or to be proposed: while something is proposed, nothing else can be."""
    buttons = []
    for action in possible(known.settlement.state):
        by_two = action not in AT_ONCE
        refused = rules.refusal(action, known)
        if not who.has_perm(PROPOSE if by_two else ACT) or (by_two and undecided):
            continue
        if action is Action.RETURNED and refused:
            continue  # only where a refund was refused is it worth a word
        buttons.append(
            Button(
                action=action,
                follows=WHAT_FOLLOWS[action],
                by_two=by_two,
                needs_evidence=rules.needs_evidence(action, known),
                refused=refused.detail if refused else "",
                objections=rules.objections(action, known),
            )
        )
    return buttons


def _proposal(decision: Decision, known: Facts, who: Whoever) -> dict[str, Any]:
    """What the second person must see before deciding."""
    action = Action(decision.action)
    own = decision.asked_by_id == who.pk
    refused = rules.refusal(action, known)
    return {
        "follows": WHAT_FOLLOWS[action],
        "objections": rules.objections(action, known),
        "refused": refused.detail if refused else "",
        "may_decide": who.has_perm(APPROVE) and not own,
        "own": own,
    }


def _refund(refund: Refund, who: Whoever) -> dict[str, Any]:
    return {
        "refund": refund,
        "may_try_again": who.has_perm(ACT) and refund.state == RefundState.REFUSED,
    }
