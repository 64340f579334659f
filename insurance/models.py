"""All models of the app in one place, where Django looks for them."""

from insurance.calls.models import InterfaceCall, MessageCounter
from insurance.payment.models import PaymentOrder
from insurance.quota.models import Permit, Quota
from insurance.settlement.models import Settlement
from insurance.trial.models import Trial, Visit

__all__ = ["InterfaceCall", "MessageCounter", "PaymentOrder", "Permit", "Quota", "Settlement", "Trial", "Visit"]
