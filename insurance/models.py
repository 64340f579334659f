"""All models of the app in one place, where Django looks for them."""

from insurance.archiving.models import Archiving
from insurance.calls.models import InterfaceCall, MessageCounter
from insurance.desk.models import Alert, CaseFile, Decision
from insurance.ledger.models import LedgerEntry
from insurance.payment.models import PaymentOrder, Refund
from insurance.quota.days import ProofDay
from insurance.quota.gateway_clock import GatewayClock
from insurance.quota.models import ClockStep, ClockWitness, Insurer, LimitChange, MaintenanceWindow, Permit, Quota, Slot
from insurance.reconciliation.models import DayBook, Difference
from insurance.settlement.models import Credential, Settlement
from insurance.trial.models import InsurerOrder, Line, LineDay, LineNode, Trial, Visit, Withdrawal

__all__ = [
    "Alert",
    "Archiving",
    "CaseFile",
    "ClockStep",
    "ClockWitness",
    "Credential",
    "DayBook",
    "Decision",
    "Difference",
    "GatewayClock",
    "Insurer",
    "InsurerOrder",
    "InterfaceCall",
    "LedgerEntry",
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
    "Refund",
    "Settlement",
    "Slot",
    "Trial",
    "Visit",
    "Withdrawal",
]
