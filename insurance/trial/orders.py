"""Orders that the trials of a visit have opened at the insurer, where trials do (6201): kept, carried on, given up."""

from contextlib import suppress

from hospital import worklist
from insurance.interface import messages
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refused
from insurance.quota import directory, insurers
from insurance.quota.exchange import dialect
from insurance.states import WithdrawalState
from insurance.trial.models import InsurerOrder, Visit, Withdrawal


def of(visit: Visit) -> tuple[messages.Order, ...]:
    """Every one, the newest last; none where no insurer's trials open any."""
    if not any(dialect(name).opens_orders for name in directory.names()):
        return ()
    return tuple(map(as_said, visit.orders.order_by("pk")))


def as_said(row: InsurerOrder) -> messages.Order:
    """As the messages about it name it."""
    return messages.Order(row.number, row.token, row.msgid)


def keep(visit: Visit, order: messages.Order) -> None:
    """It was opened just now, and every other was given up before. In the transaction that is open."""
    before = Withdrawal.objects.select_for_update().filter(order__visit=visit).exclude(state=WithdrawalState.DONE)
    for row in before:
        worklist.move(row, WithdrawalState.DONE, reason="given up before another was opened", leased_until=None)
    opened = visit.orders.create(number=order.number, token=order.token, msgid=order.msgid)
    worklist.enter(Withdrawal(order=opened, insurer=insurers.of(visit.appointment_id).name))


def give_up(client: InsuranceClient, insured: messages.Insured, visit: Visit) -> None:
    """6401 for the order that the trial before has opened, so that no message that is late can pay it. One that is over
    is refused. Of an order whose answer was lost nobody knows the token: nobody can pay it either."""
    if insured.orders:
        with suppress(Refused):
            client.withdraw_charges(insured, visit.mdtrt_id)
