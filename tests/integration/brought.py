"""Settlements brought into each state through the saga and the ledger, without the wire; and who sits at the desk."""

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.utils import timezone

from hospital import roles, worklist
from insurance.desk import acting
from insurance.desk.acting import Seen
from insurance.interface.messages import Bill, PolicySplit
from insurance.ledger import entries
from insurance.models import Settlement, Trial, Visit
from insurance.payment import orders, refunds
from insurance.payment.gateway import OrderStatus
from insurance.payment.models import PaymentOrder, Refund
from insurance.quota.exchange import new_msgid
from insurance.settlement import collecting
from insurance.settlement.heard import Heard, of_bill
from insurance.settlement.saga import Event
from insurance.states import PaymentState, SettlementState
from insurance.trial import conversation
from tests import factories

TOTAL, FUND, ACCOUNT, CASH = 3052, 2000, 26, 1026
_numbers = itertools.count(1)


def somebody(role: str) -> User:
    """A person with this role."""
    roles.make()
    user = User.objects.create_user(f"{role}{next(_numbers)}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return User.objects.get(pk=user.pk)


def permissions(*codenames: str) -> QuerySet[Permission]:
    return Permission.objects.filter(codename__in=codenames)


def waiting(mode: str = "insurance", **fields: Any) -> Settlement:
    """Accepted, and waiting for its turn."""
    appointment = factories.booked()
    insured = {"fund_fen": FUND, "account_fen": ACCOUNT, "cash_fen": CASH}
    amounts = {"total_fen": TOTAL, **(insured if mode == "insurance" else {"cash_fen": TOTAL})}
    until = timezone.now() + timedelta(hours=1)
    trial = worklist.enter(Trial(appointment=appointment, state="accepted", valid_until=until, **amounts))
    return worklist.enter(Settlement(appointment=appointment, trial=trial, mode=mode, **amounts, **fields))


def heard(settlement: Settlement, event: Event, **more: Any) -> Settlement:
    """This was heard of it."""
    acting.record(settlement, Heard(event, **more))
    return Settlement.objects.get(pk=settlement.pk)


def calling() -> Settlement:
    taken = worklist.claim(
        Settlement.objects.filter(pk=waiting().pk), SettlementState.CALLING, lease_seconds=60, settle_msgid=new_msgid()
    )
    assert taken is not None
    return taken


def bill(settlement: Settlement, **changed: Any) -> Bill:
    """What the insurer says of it: as agreed."""
    said: dict[str, Any] = {
        "mdtrt_id": "M1",
        "psn_no": "P1",
        "insutype": "310",
        "medins_setl_id": settlement.settle_msgid,
        "total_fen": TOTAL,
        "fund_fen": FUND,
        "person_fen": ACCOUNT + CASH,
        "account_fen": ACCOUNT,
        "shared_account_fen": 0,
        "cash_fen": CASH,
        "hospital_fen": 0,
        "split": PolicySplit(0, 0, 0, TOTAL),
        "fund_parts": (),
        "clr_type": "11",
        "clr_optins": "999900",
        "setl_id": f"SETL{settlement.pk}",
        "settled_at": timezone.now(),
    }
    return Bill(**said | changed)


def insured() -> Settlement:
    settlement = calling()
    theirs = bill(settlement)
    return heard(settlement, Event.SETTLED, learnt=of_bill(theirs), booked=(entries.settled(theirs, "2207"),))


def ordered(settlement: Settlement) -> Settlement:
    order = orders.prepare(settlement.number, settlement.cash_fen)
    return heard(settlement, Event.ORDERED, learnt={"payment": order})


def paying() -> Settlement:
    return ordered(insured())


def money_comes(settlement: Settlement) -> None:
    """The institution says that it was paid."""
    order = PaymentOrder.objects.get(order_no=settlement.number)
    orders.learn(order.order_no, OrderStatus(PaymentState.PAID, order.amount_fen, f"T{order.pk}", ""))


def paid(settlement: Settlement | None = None) -> Settlement:
    settlement = settlement or paying()
    money_comes(settlement)
    collecting.follow()
    return Settlement.objects.get(pk=settlement.pk)


def confirming(settlement: Settlement | None = None) -> Settlement:
    settlement = settlement or paid()
    taken = worklist.claim(Settlement.objects.filter(pk=settlement.pk), SettlementState.CONFIRMING, lease_seconds=60)
    assert taken is not None
    return taken


def completed() -> Settlement:
    return heard(confirming(), Event.TOLD)


def self_paid() -> Settlement:
    """Paid by the patient, and being reported."""
    return confirming(paid(ordered(waiting("self_pay"))))


def unknown() -> Settlement:
    return heard(calling(), Event.SILENCE, reason="OutcomeUnknown: no answer")


def reversing() -> Settlement:
    return heard(unknown(), Event.ABSENT, reason="the insurer shows none")


def refunding() -> Settlement:
    """Undone at the insurer after it was paid: the money goes back."""
    settlement = confirming()
    undone = entries.still_settled(settlement.number)
    return heard(settlement, Event.UNDONE_PAID, reason="undone at the insurer", booked=undone)


def refused_refund(settlement: Settlement) -> Refund:
    """The institution would not give it back."""
    refund = Refund.objects.get(order__order_no=settlement.number, state="due")
    return worklist.move(refund, "refused", reason="HTTP 409", last_error="HTTP 409")


def claiming() -> Settlement:
    settlement = waiting("self_pay", claim_later=True)
    return paid(ordered(settlement))


def manual_from_unknown() -> Settlement:
    """Asked in vain, and nobody knows."""
    return heard(unknown(), Event.EXHAUSTED, reason="OutcomeUnknown: no answer")


def manual_otherwise() -> Settlement:
    """The insurer has settled other amounts."""
    settlement = unknown()
    theirs = bill(settlement, total_fen=TOTAL + 100, fund_fen=FUND + 100)
    booked = (entries.settled(theirs, "2207"),)
    return heard(settlement, Event.SETTLED_OTHERWISE, learnt=of_bill(theirs), reason="total differs", booked=booked)


def manual_from_confirming() -> Settlement:
    """Settled and paid, and the insurer's record says something else."""
    return heard(confirming(), Event.CONTRADICTED, reason="total: agreed 3052 fen, insurer 3152 fen")


def manual_from_reversing() -> Settlement:
    return heard(reversing(), Event.EXHAUSTED, reason="it still stands at the insurer")


def manual_from_refunding() -> Settlement:
    settlement = refunding()
    refused_refund(settlement)
    collecting.follow()
    return Settlement.objects.get(pk=settlement.pk)


def manual_from_calling() -> Settlement:
    """Our own data could not be written for the insurer."""
    return heard(calling(), Event.NOT_WRITABLE, reason="NotWritable: settle: number out of range")


def manual_from_insured() -> Settlement:
    settlement = insured()
    order = orders.prepare(settlement.number, settlement.cash_fen)
    return heard(settlement, Event.REFUSED, learnt={"payment": order}, reason="payment institution: HTTP 409")


def manual_self_pay() -> Settlement:
    """The report of what the patient has paid himself was refused."""
    return heard(self_paid(), Event.REFUSED, reason="Refused: no such visit")


def refused() -> Settlement:
    return heard(calling(), Event.REFUSED, reason="Refused: not insured")


def reversed_() -> Settlement:
    return heard(reversing(), Event.UNDONE, reason="undone at the insurer")


def frozen() -> Trial:
    """A trial whose amounts contradict each other."""
    trial = worklist.enter(Trial(appointment=factories.told()[0]))
    taken = worklist.claim(Trial.objects.filter(pk=trial.pk), "calling", lease_seconds=60)
    assert taken is not None
    return worklist.move(taken, "frozen", reason="fund: parts differ", last_error="fund: parts differ")


def not_paid() -> Settlement:
    """Nobody paid in time: undone at the insurer."""
    settlement = paying()
    order = PaymentOrder.objects.get(order_no=settlement.number)
    orders.learn(order.order_no, OrderStatus(PaymentState.EXPIRED, order.amount_fen, "", ""))
    collecting.follow()
    return heard(Settlement.objects.get(pk=settlement.pk), Event.UNDONE, reason="undone at the insurer")


IN_STATE: Mapping[str, Callable[[], Settlement]] = {
    SettlementState.WAITING: waiting,
    SettlementState.CALLING: calling,
    SettlementState.INSURED: insured,
    SettlementState.PAYING: paying,
    SettlementState.CLAIMING: claiming,
    SettlementState.PAID: paid,
    SettlementState.CONFIRMING: confirming,
    SettlementState.COMPLETED: completed,
    SettlementState.REFUSED: refused,
    SettlementState.UNKNOWN: unknown,
    SettlementState.REVERSING: reversing,
    SettlementState.REFUNDING: refunding,
    SettlementState.REVERSED: reversed_,
    SettlementState.MANUAL: manual_from_confirming,
}


def seen(settlement: Settlement) -> Seen:
    """As it stands now."""
    return Seen.of(Settlement.objects.get(pk=settlement.pk))


def visit(settlement: Settlement) -> Visit:
    """The visit as it was registered."""
    first = conversation.visit_of(settlement.appointment)
    Visit.objects.filter(pk=first.pk).update(psn_no="P1", mdtrt_id="M1", insutype="310", insuplc_admdvs="999900")
    return Visit.objects.get(pk=first.pk)


def refund_due(settlement: Settlement) -> Refund:
    """A part of what was paid is owed back."""
    order = PaymentOrder.objects.get(order_no=settlement.number)
    refunds.owe_difference(order, order.amount_fen - 100)
    return Refund.objects.get(order=order)
