"""What can be booked: sessions that are not over and have a free seat."""

from datetime import date as Date

from django.db.models import QuerySet
from django.utils import timezone

from hospital.appointments.models import Department, Session


def free_sessions(date: Date | None = None, department: str | None = None) -> QuerySet[Session]:
    """The soonest first; of a day, of a department (its code), or both."""
    sessions = still_to_come().filter(free__gt=0)
    if date is not None:
        sessions = sessions.filter(starts_at__date=date)
    if department is not None:
        sessions = sessions.filter(doctor__department__code=department)
    return sessions.order_by("starts_at", "pk")


def still_to_come() -> QuerySet[Session]:
    """The sessions that are not over, full ones too."""
    return Session.objects.filter(ends_at__gt=timezone.now()).select_related("doctor__department")


def departments() -> QuerySet[Department]:
    """Those with a free seat."""
    return Department.objects.filter(pk__in=free_sessions().order_by().values("doctor__department")).order_by("code")


def days(department: str | None = None) -> list[Date]:
    """The days with a free seat, in the hospital's time zone."""
    starts = free_sessions(department=department).datetimes("starts_at", "day", tzinfo=timezone.get_current_timezone())
    return [start.date() for start in starts]
