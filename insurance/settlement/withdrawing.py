"""Orders that nobody needs any more (6201) are asked about (6301) and withdrawn (6401): no late message pays them then.

A trial that opens another order gives up the one before (`trial.orders`). Here are those that no other follows: the
patient has gone, pays by himself, or the settlement came to nothing. It is tidying up, so it comes after everything
else, a few at a time, under a permit of the recovery lane; what cannot be withdrawn expires there.
"""

import logging
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from hospital import worklist
from hospital.models import Appointment
from insurance.interface.client import InsuranceClient
from insurance.interface.errors import InterfaceError, Refusal, Refused
from insurance.interface.messages import Bill, Insured
from insurance.quota import directory, insurers, lanes, permits
from insurance.quota.exchange import dialect, exchange, lease_seconds
from insurance.quota.lanes import Lane
from insurance.quota.models import Quota
from insurance.settlement.models import Mode, Settlement
from insurance.states import SettlementState, TrialState, WithdrawalState
from insurance.trial import conversation, orders
from insurance.trial.models import InsurerOrder, Trial, Withdrawal

log = logging.getLogger(__name__)

BATCH = 200
GIVEN_UP_AFTER = timedelta(hours=24)
"""So long after it was due an order is left to expire, whatever was or was not heard of it."""
LONGEST_WAIT_SECONDS = 3600
TURNS_A_SWEEP = 5
"""So many at most are asked for at each insurer, and no turn asks for another: many that are left at once load nobody.
"""

_SETTLEMENTS = Settlement.objects.filter(appointment=OuterRef("order__visit__appointment"))
_PAID = Exists(_SETTLEMENTS.filter(state=SettlementState.COMPLETED, mode=Mode.INSURANCE))
_ERASED = "what speaks for it was erased"

_MAY_YET = (TrialState.WAITING, TrialState.CALLING, TrialState.PRICED, TrialState.FROZEN)
"""Its bill may be accepted, or another order is opened and gives this one up."""
_ENDED = (SettlementState.REFUSED, SettlementState.REVERSED, SettlementState.COMPLETED)


def find_left(most: int = BATCH) -> int:
    """Orders that nothing can pay any more are due to be withdrawn, and turns are asked for; what was due too long is
    left. How many were found."""
    found = _moved(_over_age()[:most], WithdrawalState.DONE, "left to expire")
    opening = [name for name in directory.names() if dialect(name).opens_orders]
    if not opening:
        return found
    found += _moved(_paid()[:most], WithdrawalState.DONE, "it was settled")
    found += _moved(_left()[:most], WithdrawalState.DUE, "nobody needs it any more")
    for name in opening:
        for _ in range(_due(name)[:TURNS_A_SWEEP].count()):
            lanes.ask_for_turn(Lane.RECOVERY, name)
    return found


def withdraw_one(held: permits.Held, insurer: str) -> bool:
    """The next order that is left, under this permit, which is freed; only when nobody waits at this insurer.
    True when there was one."""
    row = _taken(insurer) if _may_tidy_up(insurer) else None
    if row is None:
        permits.free(held)
        return False
    try:
        _record(row, held)
    except worklist.Overtaken:
        log.info("order %s was given up meanwhile by the trial that opened another", row.order_id)
    return True


def _moved(rows: QuerySet[Withdrawal], to: WithdrawalState, why: str) -> int:
    moved = 0
    for row in rows:
        try:
            worklist.move(row, to, reason=why, due_at=Now(), since=Now())
            moved += 1
        except worklist.Overtaken:
            continue  # a trial has opened another order
    return moved


def _over_age() -> QuerySet[Withdrawal]:
    """Nobody has it in hand: also what no turn ever took."""
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    return Withdrawal.objects.filter(free, state=WithdrawalState.DUE, since__lt=Now() - GIVEN_UP_AFTER).order_by("pk")


def _paid() -> QuerySet[Withdrawal]:
    return _kept().filter(_PAID)


def _left() -> QuerySet[Withdrawal]:
    """Once left, an order is never needed again: whatever is settled later was priced with another."""
    trials = Trial.objects.filter(appointment=OuterRef("order__visit__appointment"), state__in=_MAY_YET)
    live = _SETTLEMENTS.exclude(state__in=_ENDED)
    return _kept().filter(~_PAID, ~Exists(trials), ~Exists(live))


def _kept() -> QuerySet[Withdrawal]:
    return Withdrawal.objects.filter(state=WithdrawalState.KEPT).order_by("pk")


def _due(insurer: str) -> QuerySet[Withdrawal]:
    return Withdrawal.due(WithdrawalState.DUE).filter(insurer=insurer).order_by("due_at", "pk")


def _taken(insurer: str) -> Withdrawal | None:
    return worklist.claim(_due(insurer), WithdrawalState.DUE, lease_seconds=lease_seconds())


def _may_tidy_up(insurer: str) -> bool:
    """Every patient's call goes before this, whatever it draws on, and so do those that are about to come."""
    if not dialect(insurer).opens_orders or any(lanes.count_due(lane, 1, insurer) for lane in lanes.PRECEDENCE):
        return False
    quota = permits.quota_of(Lane.RECOVERY, insurers.named(insurer))
    return quota is None or _half_is_free(quota)


def _half_is_free(quota: Quota) -> bool:
    """Of the permits, with the one in our hand."""
    return (permits.free_count(quota) + 1) * 2 >= (quota.in_force or 0)


def _record(row: Withdrawal, held: permits.Held) -> None:
    appointment = row.order.visit.appointment
    about, purpose = appointment.archive.name, conversation.purpose_of(appointment.trials.latest("pk").pk)
    try:
        with exchange(held, Lane.RECOVERY, purpose, about) as client:
            became = _withdraw(client, row)
    except InterfaceError as error:
        _later(row, f"{type(error).__name__}: {error}")
    else:
        worklist.move(row, WithdrawalState.DONE, reason=became, leased_until=None, last_error="")


def _withdraw(client: InsuranceClient, row: Withdrawal) -> str:
    """What has become of it. Asked about first: what is paid, or not known, is never withdrawn. Raises
    `InterfaceError`."""
    order = _read_anew(row)
    if order is None:
        return _ERASED
    visit = order.visit
    insured = replace(conversation.insured_of(visit), orders=(orders.as_said(order),))  # none that was opened meanwhile
    bill = _bill(client, insured, visit.mdtrt_id, order.number)
    if bill is None:
        return _given_up(client, insured, visit.mdtrt_id) if _read_anew(row) else _ERASED
    if not bill.refunded:
        log.error("order %s is paid at the insurer, and no settlement of ours stands: not withdrawn", row.order_id)
    return "it was taken back" if bill.refunded else "it is paid at the insurer: not withdrawn"


def _read_anew(row: Withdrawal) -> InsurerOrder | None:
    """As it is now, after an erasure that is under way; None: what speaks for it was erased. A later erasure waits for
    this turn (`in_hand`), which was committed before."""
    with transaction.atomic():
        Appointment.objects.select_for_update().get(pk=row.order.visit.appointment_id)
        order = InsurerOrder.objects.select_related("visit__appointment__archive").get(pk=row.order_id)
    return order if order.token and order.visit.psn_no else None


def _bill(client: InsuranceClient, insured: Insured, mdtrt_id: str, number: str) -> Bill | None:
    """What was paid of it; None: surely nothing. Under way or in doubt is `OutcomeUnknown`."""
    try:
        return client.query(insured, mdtrt_id, number)
    except Refused as refused:
        if refused.code != Refusal.NO_SUCH_SETTLEMENT:
            raise
        return None


def _given_up(client: InsuranceClient, insured: Insured, mdtrt_id: str) -> str:
    try:
        client.withdraw_charges(insured, mdtrt_id)
    except Refused as refused:
        return f"it was over: {refused}"
    return "withdrawn"


def _later(row: Withdrawal, why: str) -> None:
    wait = min(30.0 * 2**row.attempt, LONGEST_WAIT_SECONDS)
    worklist.put_back(row, WithdrawalState.DUE, wait_seconds=wait, error=why)
