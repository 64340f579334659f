"""What happens next by itself, and when: said in words, so that nobody acts who only has to wait."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from insurance.payment.models import Refund
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.recording import BY_PLAN
from insurance.states import RefundState
from insurance.states import SettlementState as S

_ATTEMPTS: Mapping[str, object] = {
    S.UNKNOWN: _("The insurer is asked (%(next)s of %(most)s)."),
    S.REVERSING: _("It is undone at the insurer (%(next)s of %(most)s)."),
    S.CONFIRMING: _("The network is told (%(next)s of %(most)s)."),
}
_STEPS: Mapping[str, object] = {
    S.WAITING: _("It is settled when its turn comes."),
    S.CALLING: _("It is being settled."),
    S.INSURED: _("The payment order is opened."),
    S.PAYING: _("The payment institution is asked whether it was paid."),
    S.CLAIMING: _("It waits for its trial."),
    S.PAID: _("The network is told when its turn comes."),
    S.REFUNDING: _("The payment institution is asked to give the money back."),
}
_TO_COLLECT = _("The payment order is opened.")
_UNDER_WAY = _("It is being worked on at this moment.")
_THEN_A_PERSON = _("Then a person must decide.")
_NOTHING = _("Nothing: a person must decide.")
_ENDED = _("Nothing: it has ended.")


@dataclass(frozen=True, slots=True)
class Coming:
    """`at`: not before then. None: at once, or never."""

    text: str
    at: datetime | None = None


def by_a_person() -> Coming:
    """Nothing goes on by itself."""
    return Coming(str(_NOTHING))


def of(settlement: Settlement) -> Coming:
    """What happens to this settlement if nobody does anything."""
    state = settlement.state
    if settlement.leased_until and settlement.leased_until > timezone.now():
        return Coming(str(_UNDER_WAY))
    if state == S.MANUAL:
        return by_a_person()
    if state in BY_PLAN:
        return Coming(_attempt(settlement), _ahead(settlement.due_at))
    if state not in _STEPS:
        return Coming(str(_ENDED))
    collects = state == S.WAITING and settlement.mode == Mode.SELF_PAY
    return Coming(str(_TO_COLLECT if collects else _STEPS[state]), _ahead(_due_at(settlement)))


def _attempt(settlement: Settlement) -> str:
    """The plan of attempts, and what comes after the last."""
    most = len(settings.SETTLEMENT_ATTEMPTS_SECONDS)
    number = min(settlement.asked + 1, most)
    text = str(_ATTEMPTS[settlement.state]) % {"next": number, "most": most}
    return f"{text} {_THEN_A_PERSON}" if number == most else text


def _due_at(settlement: Settlement) -> datetime | None:
    """When the money is looked after, or the row itself."""
    order = settlement.payment
    if settlement.state == S.CLAIMING:
        return None
    if settlement.state == S.PAYING:
        return order.due_at if order else None
    if settlement.state == S.REFUNDING:
        due = Refund.objects.filter(order_id=settlement.payment_id, state=RefundState.DUE).order_by("due_at")
        return due.values_list("due_at", flat=True).first()
    return settlement.due_at


def _ahead(moment: datetime | None) -> datetime | None:
    return moment if moment and moment > timezone.now() else None
