"""The patient gives a settlement up: at once where nothing has moved, else by a flag that every later step honours.

Once given up it does not complete by itself: what stands at the insurer is undone, and money that comes all the same
goes back. Who has paid has settled; only a claim that nothing was sent for may still be given up, and then the money,
which is for the service, stays as self-pay.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hospital import wake
from hospital.errors import Conflict
from hospital.models import Appointment
from insurance.payment.models import PaymentOrder
from insurance.quota import lanes
from insurance.quota.lanes import Lane
from insurance.settlement.heard import Heard
from insurance.settlement.models import Mode, Settlement
from insurance.settlement.recording import COLLECT_TASK, record
from insurance.settlement.saga import Event
from insurance.states import PaymentState, SettlementState
from insurance.trial import admission

_OVER = (SettlementState.REFUSED, SettlementState.REFUNDING, SettlementState.REVERSED)
_SETTLED = (SettlementState.PAID, SettlementState.CONFIRMING, SettlementState.COMPLETED)
_CLAIM_NOT_SENT = (SettlementState.CLAIMING, SettlementState.WAITING)

_BY_COLLECTING = (SettlementState.WAITING, SettlementState.INSURED, SettlementState.PAYING)
_BY_A_TURN = (SettlementState.UNKNOWN, SettlementState.REVERSING)
"""Who carries it out."""


def give_up(settlement: Settlement) -> Settlement:
    """As it stands then; asked again, nothing more happens. Raises `Conflict("already_settled")`."""
    with transaction.atomic():
        Appointment.objects.select_for_update().get(pk=settlement.appointment_id)
        rows = Settlement.objects.select_for_update(of=("self",)).select_related("payment", "appointment")
        settlement = rows.get(pk=settlement.pk)
        given_up = not settlement.wanted and settlement.state != SettlementState.COMPLETED
        if not given_up and settlement.state not in _OVER:
            _give_up(settlement)
    return settlement


def _give_up(settlement: Settlement) -> None:
    if _is_paid(settlement) and settlement.claim_later and settlement.state in _CLAIM_NOT_SENT:
        record(settlement, Heard(Event.SELF_PAY, {"wanted": False}, "the claim was given up by the patient"))
        admission.withdraw(settlement.appointment, "the claim was given up")
    elif _is_paid(settlement) or settlement.state in _SETTLED:
        raise Conflict("already_settled", _("This settlement is paid for. To have it taken back, ask the desk."))
    elif settlement.state == SettlementState.WAITING and _nothing_moved(settlement):
        record(settlement, Heard(Event.GIVEN_UP, {"wanted": False}, "given up by the patient"))
    else:
        Settlement.objects.filter(pk=settlement.pk).update(wanted=False)
        settlement.wanted = False
        if settlement.state in _BY_COLLECTING:
            wake.task(COLLECT_TASK)
        elif settlement.state in _BY_A_TURN:
            lanes.ask_for_turn(Lane.RECOVERY, settlement.insurer)


def _is_paid(settlement: Settlement) -> bool:
    """In full and before the claim, or what the bill left to pay."""
    return settlement.payment is not None and settlement.payment.state == PaymentState.PAID


def _nothing_moved(settlement: Settlement) -> bool:
    """Nothing was sent, and nobody can pay: no order was made, nor is anybody about to make one."""
    ordered = PaymentOrder.objects.filter(order_no=settlement.number).exists()
    return not ordered and (settlement.mode == Mode.INSURANCE or settlement.leased_until is None)
