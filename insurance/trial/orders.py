"""Orders that the trials of a visit have opened at the insurer, where trials do (6201): kept, carried on, given up."""

from contextlib import suppress

from insurance.interface import messages
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import Refused
from insurance.quota import directory
from insurance.quota.exchange import dialect
from insurance.trial.models import Visit


def of(visit: Visit) -> tuple[messages.Order, ...]:
    """Every one, the newest last; none where no insurer's trials open any."""
    if not any(dialect(name).opens_orders for name in directory.names()):
        return ()
    return tuple(messages.Order(row.number, row.token, row.msgid) for row in visit.orders.order_by("pk"))


def keep(visit: Visit, order: messages.Order) -> None:
    """It was opened just now."""
    visit.orders.create(number=order.number, token=order.token, msgid=order.msgid)


def give_up(client: InsuranceClient, insured: messages.Insured, visit: Visit) -> None:
    """6401 for the order that the trial before has opened, so that no message that is late can pay it. One that is over
    is refused. Of an order whose answer was lost nobody knows the token: nobody can pay it either."""
    if insured.orders:
        with suppress(Refused):
            client.withdraw_charges(insured, visit.mdtrt_id)
