"""All models of the app in one place, where Django looks for them."""

from hospital.appointments.models import Appointment, Charge, Department, Doctor, Patient, PriceItem, PriceList, Session
from hospital.archives.models import Archive, Card, MasterRecord
from hospital.idempotency import IdempotentRequest
from hospital.notices.models import Notice
from hospital.worklist import Journal

__all__ = [
    "Appointment",
    "Archive",
    "Card",
    "Charge",
    "Department",
    "Doctor",
    "IdempotentRequest",
    "Journal",
    "MasterRecord",
    "Notice",
    "Patient",
    "PriceItem",
    "PriceList",
    "Session",
]
