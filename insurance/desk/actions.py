"""What staff may do to a settlement, by its state; whether the facts allow it is asked of `rules`.

What only reads or reports is done at once, with a reason. What moves money or is final is proposed by one person and
carried out when another approves (`decisions`).
"""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from insurance.settlement import saga
from insurance.settlement.saga import Event
from insurance.states import SettlementState as S


class Action(models.TextChoices):
    """The words of the buttons."""

    NOW = "now", _("Now, and not later")
    ASK = "ask", _("Ask the insurer again")
    TELL = "tell", _("Tell the network again")
    UNDO = "undo", _("Undo at the insurer")
    REFUND = "refund", _("Give the money back")
    COMPLETE = "complete", _("Mark as complete")
    VOID = "void", _("Mark as void")
    RETURNED = "returned", _("Was given back in another way")


EVENTS: Mapping[Action, Event] = {
    Action.ASK: Event.ASK,
    Action.TELL: Event.TELL,
    Action.UNDO: Event.UNDO,
    Action.REFUND: Event.REFUND,
    Action.COMPLETE: Event.COMPLETE,
    Action.VOID: Event.VOID,
}

AT_ONCE = (Action.NOW, Action.ASK, Action.TELL)
BY_TWO = (Action.UNDO, Action.REFUND, Action.COMPLETE, Action.VOID, Action.RETURNED)

HASTENED = (S.WAITING, S.UNKNOWN, S.INSURED, S.PAYING, S.CONFIRMING, S.REVERSING, S.REFUNDING)
"""States in which the next attempt waits for its time; what is PAID is due from the beginning, CLAIMING waits for its
trial."""

WHAT_FOLLOWS: Mapping[Action, object] = {
    Action.NOW: _("The next attempt is made now, as soon as the limit allows. Nothing else changes."),
    Action.ASK: _(
        "The insurer is asked whether it has settled, by the plan from its start. Then it goes on by itself."
    ),
    Action.TELL: _("The insurer's record is compared again and the network is told. Then it is complete."),
    Action.UNDO: _("Whatever stands at the insurer is taken back; then what was collected goes back to the patient."),
    Action.REFUND: _("What was collected goes back to the patient through the payment institution."),
    Action.COMPLETE: _("It is complete: nothing more is sent to anybody. The patient is told."),
    Action.VOID: _(
        "It ends here. Nothing is sent to the insurer and no money is given back by the system: what the ledger still "
        "holds is booked as undone and as given back."
    ),
    Action.RETURNED: _("The refused refund is booked as given back and never tried again."),
}
"""Said beside each button."""


def possible(state: str) -> tuple[Action, ...]:
    """What may be done to a settlement in this state, as far as the state goes."""
    return tuple(action for action in Action if _fits(action, S(state)))


def _fits(action: Action, state: S) -> bool:
    if action is Action.NOW:
        return state in HASTENED
    if action is Action.RETURNED:
        return state != S.MANUAL  # there, VOID books it and ends the case
    return EVENTS[action] in saga.AFTER[state]
