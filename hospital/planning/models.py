"""What the sessions of a week are, and the days on which there are none."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Weekday(models.IntegerChoices):
    """As ISO 8601 counts them."""

    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class WeeklyPlan(models.Model):
    """A doctor's session that comes again each week, from one day until another. Its sessions are made by `plans`."""

    doctor = models.ForeignKey("hospital.Doctor", models.PROTECT, verbose_name=_("doctor"))
    price_list = models.ForeignKey("hospital.PriceList", models.PROTECT, verbose_name=_("price list"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    begins = models.TimeField(_("begins"))
    ends = models.TimeField(_("ends"))
    seats = models.PositiveIntegerField(_("seats"), validators=[MinValueValidator(1)])
    from_day = models.DateField(_("from day"))
    until_day = models.DateField(_("until day"), help_text=_("The last day on which there may be one."))

    class Meta:
        app_label = "hospital"
        verbose_name = _("weekly plan")
        verbose_name_plural = _("weekly plans")
        ordering = ("weekday", "begins", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("begins")),
                name="plan_ends_after_begin",
                violation_error_message=_("It must end after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(until_day__gte=F("from_day")),
                name="plan_until_after_from",
                violation_error_message=_("The last day lies before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.doctor} {self.get_weekday_display()} {self.begins:%H:%M}"


class Holiday(models.Model):
    """A day without sessions."""

    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=50)

    class Meta:
        app_label = "hospital"
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
