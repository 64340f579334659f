"""By what sessions and appointments may be narrowed down, and in which order they come."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from hospital.appointments.models import Appointment, Session
from hospital.lists import Pages
from hospital.states import AppointmentState

YES, NO = "true", "false"


class SoonestFirst(Pages):
    order = ("starts_at", "pk")


class NewestFirst(Pages):
    newest_first = True


class SessionFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """`free` is true unless something else is said: a full session is no help to most."""

    date = filters.DateFilter(field_name="starts_at", lookup_expr="date")
    starts_after = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="gte")
    starts_before = filters.IsoDateTimeFilter(field_name="starts_at", lookup_expr="lt")
    department = filters.CharFilter(field_name="doctor__department__code", max_length=20)
    doctor = filters.CharFilter(field_name="doctor__code", max_length=30)
    free = filters.ChoiceFilter(choices=[(YES, YES), (NO, NO)], method="with_free_seats")

    class Meta:
        model = Session
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__({"free": YES, **(data.dict() if data else {})}, *args, **kwargs)

    def with_free_seats(self, sessions: QuerySet[Session], name: str, value: str) -> QuerySet[Session]:
        return sessions.filter(free__gt=0) if value == YES else sessions


class AppointmentFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    state = filters.ChoiceFilter(choices=[(state.value, state.value) for state in AppointmentState])
    date = filters.DateFilter(field_name="session__starts_at", lookup_expr="date")

    class Meta:
        model = Appointment
        fields: tuple[str, ...] = ()
