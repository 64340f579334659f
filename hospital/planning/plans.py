"""Sessions (号源) from weekly plans: looked at first, then made; made again, nothing is doubled."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hospital import changes
from hospital.appointments.models import Doctor, Session
from hospital.changes import Who
from hospital.errors import Conflict, Invalid
from hospital.planning.models import Holiday, WeeklyPlan

MOST_DAYS = 92
"""About a quarter at a time: more could not be looked through."""

Busy = tuple[datetime, datetime, int | None]
"""From when until when, and by which plan."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A session that a plan asks for. `why_not`: why it is not made; empty: it is."""

    plan: WeeklyPlan
    starts_at: datetime
    ends_at: datetime
    why_not: str

    def session(self) -> Session:
        plan = self.plan
        return Session(
            doctor=plan.doctor,
            price_list=plan.price_list,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            capacity=plan.seats,
            free=plan.seats,
            plan=plan,
        )


def preview(first: date, last: date) -> list[Planned]:
    """Every session that the plans ask for in these days, in order. Raises `Invalid("bad_range")`."""
    _check_range(first, last)
    plans = WeeklyPlan.objects.select_related("doctor__department", "price_list")
    return _planned(plans.filter(from_day__lte=last, until_day__gte=first), first, last)


def carry_out(first: date, last: date, *, looked_at: int, who: Who, why: str) -> list[Session]:
    """Make them: those that were looked at, all or none.

    Raises `Invalid` as `preview` and without a reason, `Conflict("plan_changed")` when they are not as many any more.
    """
    with transaction.atomic():
        list(WeeklyPlan.objects.select_for_update().order_by("pk"))  # one at a time
        new = [each.session() for each in preview(first, last) if not each.why_not]
        if len(new) != looked_at:
            raise Conflict("plan_changed", _("The plans have changed since you looked: look again."))
        changes.record("sessions", "planned", f"{first} – {last}", len(new), who=who, why=why)
        return Session.objects.bulk_create(new)


def check(doctor: Doctor, starts_at: datetime, ends_at: datetime, seats: int) -> None:
    """May this session be added? Raises `Invalid` or `Conflict("doctor_is_busy")`."""
    if ends_at <= starts_at:
        raise Invalid("bad_range", _("It must end after it begins."))
    if seats < 1:
        raise Invalid("no_seats", _("It must have at least one seat."))
    if _of(doctor, starts_at, ends_at).exists():
        raise Conflict("doctor_is_busy", _("The doctor has another session then."))


def _of(doctor: Doctor, starts_at: datetime, ends_at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(doctor=doctor, starts_at__lt=ends_at, ends_at__gt=starts_at)


def _check_range(first: date, last: date) -> None:
    if last < first:
        raise Invalid("bad_range", _("The last day lies before the first."))
    if last - first >= timedelta(days=MOST_DAYS):
        raise Invalid("bad_range", _("No more than %(days)s days at a time.") % {"days": MOST_DAYS})


def _planned(plans: QuerySet[WeeklyPlan], first: date, last: date) -> list[Planned]:
    asked = sorted(_asked(plans, first, last), key=lambda each: (each[1], each[0].pk))
    holidays = dict(Holiday.objects.filter(day__range=(first, last)).values_list("day", "name"))
    busy = _busy(first, last)
    planned = []
    for plan, starts_at, ends_at in asked:
        why_not = _why_not(plan, starts_at, ends_at, holidays, busy[plan.doctor_id])
        planned.append(Planned(plan, starts_at, ends_at, why_not))
        if not why_not:
            busy[plan.doctor_id].append((starts_at, ends_at, plan.pk))
    return planned


def _busy(first: date, last: date) -> defaultdict[int, list[Busy]]:
    """The sessions that are there already, by doctor."""
    begin, end = _moment(first), _moment(last + timedelta(days=1))
    taken = Session.objects.filter(starts_at__lt=end, ends_at__gt=begin)
    busy: defaultdict[int, list[Busy]] = defaultdict(list)
    for doctor, begins, ends, of in taken.values_list("doctor_id", "starts_at", "ends_at", "plan_id"):
        busy[doctor].append((begins, ends, of))
    return busy


def _asked(plans: QuerySet[WeeklyPlan], first: date, last: date) -> Iterator[tuple[WeeklyPlan, datetime, datetime]]:
    for plan in plans:
        day = max(first, plan.from_day)
        day += timedelta(days=(plan.weekday - day.isoweekday()) % 7)
        while day <= min(last, plan.until_day):
            yield plan, _moment(day, plan.begins), _moment(day, plan.ends)
            day += timedelta(days=7)


def _why_not(
    plan: WeeklyPlan, starts_at: datetime, ends_at: datetime, holidays: dict[date, str], busy: Sequence[Busy]
) -> str:
    if any((begins, of) == (starts_at, plan.pk) for begins, _ends, of in busy):
        return str(_("there already"))
    if holiday := holidays.get(timezone.localdate(starts_at, timezone.get_default_timezone())):
        return holiday
    if starts_at <= timezone.now():
        return str(_("over already"))
    if any(begins < ends_at and ends > starts_at for begins, ends, _of in busy):
        return str(_("The doctor has another session then."))
    return ""


def _moment(day: date, at: time = time.min) -> datetime:
    """By the hospital's clock on the wall."""
    return timezone.make_aware(datetime.combine(day, at), timezone.get_default_timezone())
