"""By what sessions and appointments may be narrowed down, and in which order they come."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from hospital.appointments.models import Appointment, Session
from hospital.lists import Pages
from hospital.states import AppointmentState

YES, NO = "true", "false"


class SoonestFirst(Pages):
    order = ("starts_at", "pk")


class NewestFirst(Pages):
    newest_first = True


class MomentField(IsoDateTimeField):  # type: ignore[misc]  # django-filter has no types
    """In UTC: ISO 8601 knows offsets that the database does not."""

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    field_class = MomentField


class SessionFilter(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """`free` is true unless something else is said: a full session is no help to most."""

    date = filters.DateFilter(field_name="starts_at", lookup_expr="date")
    starts_after = MomentFilter(field_name="starts_at", lookup_expr="gte")
    starts_before = MomentFilter(field_name="starts_at", lookup_expr="lt")
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
