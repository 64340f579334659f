"""All models of the app in one place, where Django looks for them."""

from insurance.calls.models import InterfaceCall, MessageCounter
from insurance.payment.models import PaymentOrder
from insurance.quota.days import ProofDay
from insurance.quota.models import ClockStep, ClockWitness, Insurer, LimitChange, MaintenanceWindow, Permit, Quota, Slot
from insurance.settlement.models import Settlement
from insurance.trial.models import Line, LineDay, LineNode, Trial, Visit

__all__ = [
    "ClockStep",
    "ClockWitness",
    "Insurer",
    "InterfaceCall",
    "LimitChange",
    "Line",
    "LineDay",
    "LineNode",
    "MaintenanceWindow",
    "MessageCounter",
    "PaymentOrder",
    "Permit",
    "ProofDay",
    "Quota",
    "Settlement",
    "Slot",
    "Trial",
    "Visit",
]
