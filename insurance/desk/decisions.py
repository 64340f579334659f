"""What moves money or is final: one person proposes it, another one approves, and only then is it carried out.

The database refuses a second person who is the first (`decided_by_another`). A proposal stands for the settlement as
it was: once that has moved on, it lapses.
"""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes, proposals, worklist
from hospital.changes import Who
from hospital.errors import Conflict
from insurance.desk import acting, facts, rules
from insurance.desk.acting import Seen
from insurance.desk.actions import BY_TWO, Action
from insurance.desk.models import Decision
from insurance.settlement.models import Settlement
from insurance.states import DecisionState

PROPOSE, APPROVE = "insurance.add_decision", "insurance.approve_decision"

_LAPSED = _("The case has moved on since it was proposed, so it lapsed: look again and propose anew.")


def propose(seen: Seen, action: Action, *, who: User, why: str, evidence: str = "") -> Decision:
    """Put it before a second person. Nothing happens yet.

    Raises `Forbidden("not_allowed")`, `Conflict("moved_on" | "already_proposed" | …)` as in `rules`,
    `Invalid("no_reason" | "no_evidence" | "personal_data")`.
    """
    proposals.require_permission(who, PROPOSE)
    if action not in BY_TWO:
        raise Conflict("needs_nobody", _("This needs no second person: do it."))
    why, evidence = changes.clean(why), changes.clean(evidence)
    with transaction.atomic():
        settlement = acting.locked(seen)
        acting.require_unnamed(settlement, why, evidence)
        known = facts.of(settlement)
        rules.require(action, known)
        rules.require_evidence(action, known, evidence)
        _record(settlement.pk, action, settlement.state, "proposed", who=who, why=why)
        return _enter(settlement, action, who, why, evidence)


def approve(decision: Decision, *, who: User, answer: str = "") -> Decision:
    """A second person agrees: it is carried out in the same transaction, or it has lapsed.

    Raises `Forbidden("not_allowed" | "second_person")`, `Conflict("already_decided" | "lapsed" | …)` as in `rules`.
    """
    proposals.require_permission(who, APPROVE)
    answer = changes.clean(answer)
    with acting.deciding():
        open_one = _locked(decision)
        acting.require_unnamed(open_one.settlement, answer)
        proposals.require_another(open_one.asked_by_id, who)
        if _stands(open_one):
            return _carry_out(open_one, who, answer)
        _lapse(open_one)
    raise Conflict("lapsed", _LAPSED)


def reject(decision: Decision, *, who: User, answer: str) -> Decision:
    """A second person does not agree. Raises `Forbidden`, `Conflict("already_decided")`, `Invalid("no_reason")`."""
    proposals.require_permission(who, APPROVE)
    with transaction.atomic():
        open_one = _locked(decision)
        proposals.require_not_own(open_one, who)
        return _close(open_one, DecisionState.REJECTED, who, answer, decided_by=who)


def withdraw(decision: Decision, *, who: User, answer: str) -> Decision:
    """Whoever proposed it thinks better of it. Raises `Forbidden`, `Conflict("already_decided")`, `Invalid`."""
    with transaction.atomic():
        open_one = _locked(decision)
        proposals.require_own(open_one, who)
        return _close(open_one, DecisionState.WITHDRAWN, who, answer)


def lapse_overtaken(most: int = 200) -> int:
    """The tick: proposals whose settlement has moved on. Returns how many."""
    standing = {"settlement__state": F("of_state"), "settlement__attempt": F("of_attempt")}
    overtaken = Decision.objects.filter(state=DecisionState.PROPOSED).exclude(**standing).order_by("pk")[:most]
    return sum(_lapse_one(decision) for decision in overtaken)


def _enter(settlement: Settlement, action: Action, who: User, why: str, evidence: str) -> Decision:
    try:
        with transaction.atomic():
            decision = Decision(
                settlement=settlement,
                action=action,
                reason=why,
                evidence=evidence,
                of_state=settlement.state,
                of_attempt=settlement.attempt,
                asked_by=who,
            )
            return worklist.enter(decision, reason=f"{action.value}: {why}")
    except IntegrityError as error:
        if "one_open_decision" not in str(error):
            raise
        raise Conflict("already_proposed", _("Something is proposed for this case already: decide on that.")) from error


def _carry_out(decision: Decision, who: User, answer: str) -> Decision:
    action = Action(decision.action)
    known = facts.of(decision.settlement)
    rules.require(action, known)
    rules.require_evidence(action, known, decision.evidence)
    worklist.move(decision, DecisionState.APPROVED, reason=answer, decided_by=who, decided_at=Now(), answer=answer)
    said = f"{decision.reason} / {answer}" if answer else decision.reason
    acting.carry_out(action, known, who=who, why=said)
    return worklist.move(decision, DecisionState.CARRIED_OUT)


def _locked(decision: Decision) -> Decision:
    """The settlement's row first, as everybody locks them, then its own. Raises `Conflict("already_decided")`."""
    settlement = acting.lock(decision.settlement_id)
    row = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
    proposals.require_open(row)
    row.settlement = settlement
    return row


def _stands(decision: Decision) -> bool:
    return (decision.settlement.state, decision.settlement.attempt) == (decision.of_state, decision.of_attempt)


def _lapse(decision: Decision) -> None:
    worklist.move(decision, DecisionState.LAPSED, reason=f"the case is {decision.settlement.state} now")


def _lapse_one(decision: Decision) -> int:
    try:
        with transaction.atomic():
            open_one = _locked(decision)
            if _stands(open_one):
                return 0
            _lapse(open_one)
    except (Conflict, worklist.Overtaken):
        return 0  # somebody decided on it meanwhile
    return 1


def _close(decision: Decision, to: DecisionState, who: User, answer: str, **decided: object) -> Decision:
    answer = changes.clean(answer)
    acting.require_unnamed(decision.settlement, answer)
    _record(decision.settlement_id, Action(decision.action), "proposed", to.value, who=who, why=answer)
    return worklist.move(decision, to, reason=answer, decided_at=Now(), answer=answer, **decided)


def _record(settlement_id: int, action: Action, before: str, after: str, *, who: Who, why: str) -> None:
    changes.record(f"settlement {settlement_id}", action.value, before, after, who=who, why=why)
