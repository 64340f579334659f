"""What is known of a settlement when somebody decides on it: where it came from, what the ledger holds, the order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import F

from hospital.stateful import Journal
from insurance.ledger import entries
from insurance.ledger.models import Leg
from insurance.payment.models import PaymentOrder, Refund
from insurance.settlement.models import Mode, Settlement
from insurance.states import PaymentState, RefundState, SettlementState

INSURER_LEGS = (Leg.FUND, Leg.ACCOUNT, Leg.OWN, Leg.HOSPITAL)

_NOT_KNOWN = (SettlementState.UNKNOWN, SettlementState.REVERSING)
"""Whoever comes before a person from here has no last word of the insurer's."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`legs` is the ledger's balance in fen, `came_from` the state before this one."""

    settlement: Settlement
    came_from: str
    legs: Mapping[str, int]
    order: PaymentOrder | None
    refunds: tuple[Refund, ...]

    @property
    def insurer(self) -> dict[str, int]:
        """What stands at the insurer by the ledger."""
        return {leg: fen for leg, fen in self.legs.items() if leg in INSURER_LEGS and fen}

    @property
    def collected_fen(self) -> int:
        """What was collected and not given back."""
        return collected_fen(self.legs)

    @property
    def in_doubt(self) -> bool:
        """Nobody knows what stands at the insurer: an empty ledger says nothing."""
        return in_doubt(self.settlement.state, self.came_from)

    @property
    def insurer_as_agreed(self) -> bool:
        """The insurer's leg is exactly what the patient agreed to; of a self-pay settlement: nothing."""
        return self.insurer == {leg: fen for leg, fen in agreed(self.settlement).items() if fen}

    @property
    def cash_as_agreed(self) -> bool:
        return self.collected_fen == self.settlement.cash_fen

    @property
    def is_paid(self) -> bool:
        """An order was paid, and not all of it has gone back."""
        return self.order is not None and self.order.state == PaymentState.PAID

    def refunds_in(self, state: RefundState) -> tuple[Refund, ...]:
        return tuple(refund for refund in self.refunds if refund.state == state)


def of(settlement: Settlement) -> Facts:
    """The facts as they stand now."""
    order = PaymentOrder.objects.filter(order_no=settlement.number).first()
    return Facts(
        settlement=settlement,
        came_from=came_from(settlement),
        legs=entries.balance(settlement.number),
        order=order,
        refunds=tuple(order.refunds.order_by("pk")) if order else (),
    )


def came_from(settlement: Settlement) -> str:
    """The state before the one that it is in; "" when it has been in no other."""
    return all_came_from([settlement])[settlement.pk]


def all_came_from(settlements: Collection[Settlement]) -> dict[int, str]:
    """The state before, of many at once."""
    states = {settlement.pk: settlement.state for settlement in settlements}
    entered = Journal.objects.filter(kind="settlement", item_id__in=states, to_state__in=set(states.values()))
    moves = entered.exclude(from_state=F("to_state")).order_by("pk").values_list("item_id", "from_state", "to_state")
    before = dict.fromkeys(states, "")
    return before | {pk: came for pk, came, state in moves if state == states[pk]}


def in_doubt(state: str, came_from: str) -> bool:
    """Whether the insurer's last word is missing, for a settlement in this state that came from that one."""
    return state in _NOT_KNOWN or (state == SettlementState.MANUAL and came_from in _NOT_KNOWN)


def agreed(settlement: Settlement) -> dict[str, int]:
    """What the insurer's leg was to be, in fen."""
    if settlement.mode == Mode.SELF_PAY:
        return {}
    borne = settlement.total_fen - settlement.fund_fen - settlement.account_fen - settlement.cash_fen
    return {
        Leg.FUND: settlement.fund_fen,
        Leg.ACCOUNT: settlement.account_fen,
        Leg.OWN: settlement.cash_fen,
        Leg.HOSPITAL: borne,
    }


def collected_fen(legs: Mapping[str, int]) -> int:
    """What was collected and not given back, by the ledger."""
    return sum(legs.get(leg, 0) for leg in entries.CASH_LEGS)
