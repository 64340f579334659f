"""All models of the app in one place, where Django looks for them."""

from hospital.appointments.models import (
    Appointment,
    Charge,
    Department,
    Doctor,
    FollowLink,
    Patient,
    PriceItem,
    PriceList,
    Session,
)
from hospital.archives.models import Archive, Card, MasterRecord
from hospital.changes import Access, Change
from hospital.erasure.models import Erasure
from hospital.idempotency import IdempotentRequest
from hospital.notices.models import Notice
from hospital.planning.models import Holiday, WeeklyPlan
from hospital.retention import Tidied
from hospital.stateful import Journal
from hospital.ticks import Tick
from hospital.tuning import Tuning

__all__ = [
    "Access",
    "Appointment",
    "Archive",
    "Card",
    "Change",
    "Charge",
    "Department",
    "Doctor",
    "Erasure",
    "FollowLink",
    "Holiday",
    "IdempotentRequest",
    "Journal",
    "MasterRecord",
    "Notice",
    "Patient",
    "PriceItem",
    "PriceList",
    "Session",
    "Tick",
    "Tidied",
    "Tuning",
    "WeeklyPlan",
]
