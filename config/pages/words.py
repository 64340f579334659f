"""States and waits in a patient's words."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from insurance.states import SettlementState
from insurance.trial.later import Later

LATER: Mapping[str, object] = {
    Later.PAUSED: _("the line was stopped for a while"),
    Later.MAINTENANCE: _("the insurance interface is being maintained"),
    Later.DOWN: _("the insurance interface does not answer at the moment"),
    Later.LOWERED: _("the insurance interface takes fewer patients a minute now"),
    Later.PRIORITY: _("an urgent case goes first"),
    Later.SHARE: _("another department has its fair share"),
    Later.LATE: _("the turns before yours take longer than usual"),
}
"""Why a turn comes later than was told."""

SETTLING: Mapping[str, object] = {
    SettlementState.WAITING: _("Your settlement is in preparation."),
    SettlementState.CALLING: _("The insurance is settling your bill."),
    SettlementState.INSURED: _("The insurance has settled its part. Your payment is being prepared."),
    SettlementState.PAYING: _("Please pay your part now. This page goes on by itself once you have paid."),
    SettlementState.CLAIMING: _("You have paid. It is claimed from the insurance when your turn comes."),
    SettlementState.PAID: _("Your payment has arrived. The insurance network is being told."),
    SettlementState.CONFIRMING: _("Your payment has arrived. The insurance network is being told."),
    SettlementState.COMPLETED: _("Settled and paid."),
    SettlementState.REFUSED: _("The insurer did not take the settlement. Nothing was charged."),
    SettlementState.UNKNOWN: _("The insurer's answer is late; we are asking. Nothing is charged twice."),
    SettlementState.REVERSING: _("The settlement is being taken back."),
    SettlementState.REFUNDING: _("Your money is on its way back to you."),
    SettlementState.REVERSED: _("The settlement was taken back. Nothing is owed."),
    SettlementState.MANUAL: _("Our staff are checking this settlement. You need not do anything."),
}
"""What is going on with the money."""


PATTERNS = (
    _("less than a minute"),
    _("up to %(high)s minutes"),
    _("about %(high)s minutes"),
    _("%(low)s to %(high)s minutes"),
)
"""A wait in words, from the shortest; `wait` below and the script of the pages choose alike."""


def wait(low_seconds: int, high_seconds: int) -> str:
    """The expected wait as a range in whole minutes."""
    low, high = low_seconds // 60, -(-high_seconds // 60)
    kind = 0 if high <= 1 else 1 if low == 0 else 2 if low == high else 3
    return str(PATTERNS[kind] % {"low": low, "high": high})
