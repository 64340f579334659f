"""What it means that a case stands here, what to look at, and what to do first: `docs/desk.md` in short."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from insurance.states import SettlementState as S


@dataclass(frozen=True, slots=True)
class Advice:
    means: object
    do: object


_BEFORE_A_PERSON: Mapping[str, Advice] = {
    S.CALLING: Advice(
        _("Our own data or settings cannot be written for the insurer: nothing was sent, and nobody has refused it."),
        _(
            "Correct what the reason names, then ask again: nothing is found, and it is settled anew; with an"
            " electronic credential the patient scans it again and settles, and keeps the place. Else: undo."
        ),
    ),
    S.WAITING: Advice(
        _("The payment institution refused the order; the insurer was not asked."),
        _("Look at the reason. If nothing was paid: mark as void. If money came all the same: give it back."),
    ),
    S.UNKNOWN: Advice(
        _("The insurer was asked as often as planned, and nobody knows whether it has settled."),
        _("If the interface works again: ask again. If the patient does not want it any more: undo."),
    ),
    S.INSURED: Advice(
        _("The insurer has settled, but the payment institution refused the order or speaks of another amount."),
        _("Clear it up with the payment institution, then ask again: it goes on from there. Else: undo."),
    ),
    S.PAYING: Advice(
        _("The payment institution does not know the order any more, or speaks of another amount."),
        _("Clear it up with the payment institution. Insurance: ask again, then it goes on. Else: undo."),
    ),
    S.CONFIRMING: Advice(
        _("It is settled and paid, but the network did not take the report, or its record says something else."),
        _("Compare the records. If they agree: tell again. If the insurer took it back: undo, the money then follows."),
    ),
    S.REVERSING: Advice(
        _("It was to be undone, and the insurer's answer was missing or unclear as often as planned."),
        _("Undo again. If the insurer says on paper that nothing stands: mark as void, with that as evidence."),
    ),
    S.REFUNDING: Advice(
        _("Nothing stands at the insurer, but the payment institution would not give the money back."),
        _("Clear it up with the institution, then give the money back. If the patient has it in another way: void."),
    ),
}
_SETTLED_OTHERWISE = Advice(
    _("The insurer has settled other amounts than the patient agreed to."),
    _("Undo: the patient then pays nothing and may ask for a new trial. Never mark it as complete."),
)
_OVERDUE = Advice(
    _("It goes on by itself, but takes longer than it should."),
    _("Is the interface closed, or the payment institution away? Then wait. Else: now, and not later."),
)
_UNKNOWN = Advice(
    _("The insurer's answer was lost. It is asked about by itself; the patient's money may have moved."),
    _("Wait for the next question, or ask now. Undo only if the patient does not want it any more."),
)
FROZEN = Advice(
    _(
        "The amounts of the insurer's trial contradict each other, or (NotWritable) our own data cannot be written for"
        " it. Nothing was settled; the patient waits."
    ),
    _("Tell the insurer, or correct our data. Then back into the line: the trial is made anew, at the old place."),
)
REFUSED_REFUND = Advice(
    _("The payment institution would not give the money back."),
    _("Clear it up with the institution, then try again. If the patient has it in another way: say so, with evidence."),
)


def of(state: str, came_from: str, *, stands: bool) -> Advice | None:
    """For a settlement that stands on the desk; None for one that has ended. `stands`: at the insurer."""
    if state == S.MANUAL:
        otherwise = came_from == S.UNKNOWN and stands
        return _SETTLED_OTHERWISE if otherwise else _BEFORE_A_PERSON.get(came_from)
    if state == S.UNKNOWN:
        return _UNKNOWN
    return None if state in (S.COMPLETED, S.REFUSED, S.REVERSED) else _OVERDUE
