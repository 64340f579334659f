"""What can be booked: sessions that are not over and have a free seat."""

from datetime import date as Date

from django.db.models import QuerySet
from django.utils import timezone

from hospital.appointments.models import Department, Session


def still_to_come() -> QuerySet[Session]:
    """The sessions that are not over, full ones too."""
    return Session.objects.filter(ends_at__gt=timezone.now()).select_related("doctor__department")


def free_sessions(department: str = "") -> QuerySet[Session]:
    """Those with a free seat; of a department (its code), or all."""
    sessions = still_to_come().filter(free__gt=0)
    return sessions.filter(doctor__department__code=department) if department else sessions


def departments() -> QuerySet[Department]:
    """Those with a free seat."""
    return Department.objects.filter(pk__in=free_sessions().values("doctor__department")).order_by("code")


def days(department: str = "") -> list[Date]:
    """The days with a free seat, in the hospital's time zone."""
    starts = free_sessions(department).datetimes("starts_at", "day", tzinfo=timezone.get_current_timezone())
    return [start.date() for start in starts]
