"""Carry out what staff want: at once where it only reads or reports, else when a second person has approved.

The appointment is locked first, then the settlement, then anything else of it. What was seen must still be so: whoever
acts on an old page is told to look again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple, Self

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital import changes, wake, worklist
from hospital.changes import Who
from hospital.errors import Conflict
from hospital.models import Appointment
from insurance.desk import facts, rules
from insurance.desk.actions import AT_ONCE, EVENTS, Action
from insurance.desk.facts import Facts
from insurance.ledger import entries
from insurance.ledger.entries import BY_STAFF
from insurance.payment import orders, refunds
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.settlement.heard import Heard
from insurance.settlement.models import Settlement
from insurance.settlement.recording import BY_PLAN, COLLECT_TASK, record
from insurance.states import SettlementState

_MOVED_ON = _("The case has moved on since you looked: look again before you act.")


class Seen(NamedTuple):
    """A settlement as whoever acts on it has seen it."""

    pk: int
    state: str
    attempt: int

    @classmethod
    def of(cls, settlement: Settlement) -> Self:
        return cls(settlement.pk, settlement.state, settlement.attempt)


def at_once(seen: Seen, action: Action, *, who: Who, why: str) -> None:
    """Ask again, tell again, or do now what would be done later.

    Raises `Conflict("moved_on" | "another_settlement" | …)` as in `rules`, `Invalid("no_reason" | "personal_data")`.
    """
    if action not in AT_ONCE:
        raise Conflict("needs_two", _("This needs a second person: propose it."))
    with deciding():
        known = facts.of(locked(seen))
        require_unnamed(known.settlement, why)
        rules.require(action, known)
        carry_out(action, known, who=who, why=changes.clean(why))


def carry_out(action: Action, known: Facts, *, who: Who, why: str) -> None:
    """It happens now, in the caller's transaction, and is written down. The row must be locked."""
    settlement = known.settlement
    before = settlement.state
    _ACT.get(action, _happen)(action, known, f"{action.value}: {why}")
    changes.record(f"settlement {settlement.pk}", action.value, before, settlement.state, who=who, why=why)


def require_unnamed(settlement: Settlement, *texts: str) -> None:
    """What staff write of a case is kept in clear. Raises `Invalid("personal_data")` where it names the patient."""
    changes.require_unnamed(settlement.appointment.archive.name, *texts)


def locked(seen: Seen) -> Settlement:
    """The row, for us alone until the transaction ends. Raises `Conflict("moved_on")`."""
    row = lock(seen.pk)
    if Seen.of(row) != seen:
        raise Conflict("moved_on", _MOVED_ON)
    return row


def lock(settlement_id: int) -> Settlement:
    """The appointment first, then the settlement, as `recording.record` does and whoever opens one or gives one up."""
    appointment_id = Settlement.objects.values_list("appointment_id", flat=True).get(pk=settlement_id)
    Appointment.objects.select_for_update().get(pk=appointment_id)
    return Settlement.objects.select_for_update(of=("self",)).get(pk=settlement_id)


@contextmanager
def deciding() -> Iterator[None]:
    """One transaction. Raises `Conflict("another_settlement")` where it would make a second live settlement, and
    `Conflict("moved_on")` where something that hangs on it was moved by somebody else."""
    try:
        with transaction.atomic():
            yield
    except worklist.Overtaken as error:
        raise Conflict("moved_on", _MOVED_ON) from error
    except IntegrityError as error:
        if "one_live_settlement" not in str(error):
            raise
        raise Conflict(
            "another_settlement", _("Another settlement of this appointment is under way: it must end first.")
        ) from error


def _happen(action: Action, known: Facts, reason: str) -> None:
    record(known.settlement, Heard(EVENTS[action], reason=reason))


def _void(action: Action, known: Facts, reason: str) -> None:
    """Nothing of it stands: where the ledger says otherwise, it is put right by entries that name the staff."""
    if known.is_paid and known.order is not None:
        refunds.all_given_otherwise(known.order, reason)
    undone = tuple(replace(one, by=BY_STAFF) for one in entries.still_settled(known.settlement.number))
    record(known.settlement, Heard(EVENTS[action], reason=reason, booked=undone))


def _returned(action: Action, known: Facts, reason: str) -> None:
    if known.order is not None:
        refunds.given_otherwise(known.order, reason)


def _now(action: Action, known: Facts, reason: str) -> None:
    """Due now, and by the plan from its beginning. Nothing is sent from here: a turn takes it, under a permit."""
    settlement = known.settlement
    if settlement.state == SettlementState.PAYING and settlement.payment is not None:
        orders.ask_now(settlement.payment)
    elif settlement.state == SettlementState.REFUNDING and known.order is not None:
        refunds.hasten(known.order, reason)
    else:
        again = {"asked": 0} if settlement.state in BY_PLAN else {}
        worklist.move(settlement, settlement.state, reason=reason, due_at=Now(), **again)
        if lane := _TURN.get(settlement.state):
            lanes.ask_for_turn(lane, settlement.insurer)
        else:
            wake.task(COLLECT_TASK)


_TURN: dict[str, Lane] = {SettlementState.WAITING: Lane.SETTLEMENT, **dict.fromkeys(BY_PLAN, Lane.RECOVERY)}
"""Who goes on; a self-pay settlement that waits is found by the sweep within seconds."""

_ACT = {Action.NOW: _now, Action.VOID: _void, Action.RETURNED: _returned}
