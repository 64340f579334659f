"""May it be done, as the facts stand? A refusal says what to do first."""

from collections.abc import Callable, Mapping

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital.errors import Conflict, Invalid, Refusal
from insurance.desk.actions import Action, possible
from insurance.desk.facts import Facts
from insurance.settlement.models import Mode
from insurance.states import RefundState, SettlementState


def require(action: Action, facts: Facts) -> None:
    """Raises `Conflict` with what speaks against it and what to do first."""
    settlement = facts.settlement
    if action not in possible(settlement.state):
        raise Conflict("not_in_this_state", _("This cannot be done in the present state: look at the case again."))
    if settlement.leased_until and settlement.leased_until > timezone.now():
        raise Conflict("under_way", _("It is being worked on at this moment: look again in a minute."))
    if rule := _RULES.get(action):
        rule(facts)


def refusal(action: Action, facts: Facts) -> Refusal | None:
    """What `require` would raise."""
    try:
        require(action, facts)
    except Conflict as conflict:
        return conflict
    return None


def require_evidence(action: Action, facts: Facts, evidence: str) -> None:
    """Raises `Invalid("no_evidence")` where somebody's word stands against the ledger's, or in place of an answer."""
    if needs_evidence(action, facts) and not evidence:
        raise Invalid("no_evidence", _("Say what shows it: a receipt, a record, who confirmed it and when."))


def needs_evidence(action: Action, facts: Facts) -> bool:
    """Whether it is somebody's word that makes it so."""
    if action is Action.VOID:
        return bool(objections(action, facts))
    return action in (Action.COMPLETE, Action.RETURNED)


def objections(action: Action, facts: Facts) -> tuple[object, ...]:
    """What the records say against it although it may be done: shown to whoever approves."""
    if action is not Action.VOID:
        return ()
    said: list[object] = []
    if facts.insurer:
        said.append(_("By the ledger, the settlement still stands at the insurer."))
    elif facts.in_doubt:
        said.append(_("Nobody knows whether the insurer has settled: the last answer is missing."))
    if facts.collected_fen:
        said.append(_("By the ledger, the patient's money is still with us. The system will not give it back."))
    return tuple(said)


def _ask(facts: Facts) -> None:
    _not_undone(facts)
    settlement = facts.settlement
    if settlement.mode != Mode.INSURANCE or not settlement.settle_msgid:
        raise Conflict("nothing_to_ask", _("The insurer was never asked to settle this: there is nothing to ask."))


def _tell(facts: Facts) -> None:
    _not_undone(facts)
    if not facts.settlement.wanted:
        raise Conflict("given_up", _("The patient has given this up: undo it at the insurer, the money then follows."))
    _nothing_on_its_way_back(facts)
    if facts.settlement.mode == Mode.INSURANCE and not (facts.settlement.setl_id and facts.insurer):
        raise Conflict("ask_first", _("The insurer's settlement is not known yet: ask again first."))
    if not facts.cash_as_agreed:
        raise Conflict("not_paid_as_agreed", _("What was collected is not what was agreed on: it cannot be reported."))


def _not_undone(facts: Facts) -> None:
    """The undoing was seen and the money is to go back: asked again, it might be settled once more."""
    if facts.settlement.state == SettlementState.MANUAL and facts.came_from == SettlementState.REFUNDING:
        raise Conflict("undone_already", _("It is undone at the insurer: only the money is still to be given back."))


def _nothing_on_its_way_back(facts: Facts) -> None:
    """The ledger knows of a refund only when it has been given."""
    if facts.refunds_in(RefundState.DUE):
        raise Conflict("refund_under_way", _("A refund is under way: wait until it is given back or refused."))


def _refund(facts: Facts) -> None:
    if not facts.is_paid:
        raise Conflict("nothing_was_paid", _("There is no money of this patient's with us."))
    if facts.insurer:
        raise Conflict("undo_first", _("It still stands at the insurer: undo it there first; the money then follows."))
    if facts.in_doubt:
        raise Conflict("undo_first", _("The insurer may have settled: undo it there first; the money then follows."))


def _complete(facts: Facts) -> None:
    _nothing_on_its_way_back(facts)
    if not facts.insurer_as_agreed:
        raise Conflict(
            "insurer_not_as_agreed", _("By the ledger, what stands at the insurer is not what was agreed on.")
        )
    if not facts.cash_as_agreed:
        raise Conflict("cash_not_as_agreed", _("By the ledger, what was collected is not what was agreed on."))


def _void(facts: Facts) -> None:
    _nothing_on_its_way_back(facts)


def _returned(facts: Facts) -> None:
    if not facts.refunds_in(RefundState.REFUSED):
        raise Conflict("nothing_refused", _("No refund of this settlement was refused."))


_RULES: Mapping[Action, Callable[[Facts], None]] = {
    Action.ASK: _ask,
    Action.TELL: _tell,
    Action.UNDO: _not_undone,
    Action.REFUND: _refund,
    Action.COMPLETE: _complete,
    Action.VOID: _void,
    Action.RETURNED: _returned,
}
