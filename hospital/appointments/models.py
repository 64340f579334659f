"""Departments, doctors, sessions (号源), patients, appointments and their fee lines."""

from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital.privacy import EncryptedText
from hospital.stateful import Stateful
from hospital.states import APPOINTMENT_MOVES, AppointmentState


class Department(models.Model):
    """A department; `caty` is the insurer's specialty code (protocol 3.2).

    The insurer takes no visit without a diagnosis (protocol 3.4): the department's stands until the doctor writes one.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    caty = models.CharField(_("specialty code"), max_length=10, default="A03")
    diag_code = models.CharField(_("diagnosis code"), max_length=20, default="Z71.900")
    diag_name = models.CharField(_("diagnosis"), max_length=100, default="咨询")

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")

    def __str__(self) -> str:
        return self.name


class Doctor(models.Model):
    """A doctor; `code` is the national doctor code sent to the insurer."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=50)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name=_("department"))

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")

    def __str__(self) -> str:
        return self.name


class PriceList(models.Model):
    """What a session costs before anything is prescribed: registration and consultation fee."""

    name = models.CharField(_("name"), max_length=50, unique=True)

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")

    def __str__(self) -> str:
        return self.name


class Fee(models.Model):
    """One thing that costs money. `unit_price` is in yuan with six places (protocol 3.5: `pric` N16,6)."""

    med_list_codg = models.CharField(_("national catalogue code"), max_length=50)
    medins_list_codg = models.CharField(_("hospital code"), max_length=150)
    name = models.CharField(_("name"), max_length=100)
    quantity = models.DecimalField(_("quantity"), max_digits=16, decimal_places=4, default=1)
    unit_price = models.DecimalField(_("unit price (yuan)"), max_digits=16, decimal_places=6)

    class Meta:
        abstract = True


class PriceItem(Fee):
    price_list = models.ForeignKey(PriceList, models.CASCADE, related_name="items", verbose_name=_("price list"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")

    def __str__(self) -> str:
        return self.name


class Session(models.Model):
    """A doctor's session with a number of seats. Only `booking` changes `free`."""

    doctor = models.ForeignKey(Doctor, models.PROTECT, verbose_name=_("doctor"))
    price_list = models.ForeignKey(PriceList, models.PROTECT, verbose_name=_("price list"))
    starts_at = models.DateTimeField(_("starts at"), db_index=True)
    ends_at = models.DateTimeField(_("ends at"))
    capacity = models.PositiveIntegerField(_("seats"))
    free = models.PositiveIntegerField(_("free seats"))
    plan = models.ForeignKey(
        "hospital.WeeklyPlan", models.SET_NULL, null=True, editable=False, verbose_name=_("weekly plan")
    )

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.CheckConstraint(condition=Q(free__lte=F("capacity")), name="session_free_within_capacity"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
            models.UniqueConstraint(fields=["plan", "starts_at"], name="one_session_of_a_plan_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.doctor} {self.starts_at:%Y-%m-%d %H:%M}"


class Patient(models.Model):
    """A person with an account."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="patient")
    name = EncryptedText(_("name"))
    id_number = EncryptedText(_("ID number"))
    phone = EncryptedText(_("phone"))

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        permissions = [("erase_patient", "Can approve that a patient is erased")]

    def __str__(self) -> str:
        return f"patient {self.pk}"


class Appointment(Stateful):
    """A seat in a session. Its story goes on in the archive, the notices, the trials and the settlements."""

    MOVES = APPOINTMENT_MOVES
    patient = models.ForeignKey(Patient, models.PROTECT, verbose_name=_("patient"))
    session = models.ForeignKey(Session, models.PROTECT, verbose_name=_("session"))
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=[(s.value, s.value) for s in AppointmentState],
        default=AppointmentState.BOOKED,
    )

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "session"], condition=Q(state=AppointmentState.BOOKED), name="one_live_appointment"
            )
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk}"


class FollowLink(models.Model):
    """By this link a family member may see the place in the line. The token itself is known to its holders alone."""

    appointment = models.OneToOneField(Appointment, models.CASCADE, related_name="follow_link")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("link to follow")
        verbose_name_plural = _("links to follow")

    def __str__(self) -> str:
        return f"link to follow appointment {self.appointment_id}"


class Charge(Fee):
    """A fee line of an appointment: `amount_fen` is round-half-up(unit price × quantity) (protocol 3.5)."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="charges", verbose_name=_("appointment"))
    amount_fen = models.BigIntegerField(_("amount (fen)"))
    occurred_at = models.DateTimeField(_("occurred at"))

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")

    def __str__(self) -> str:
        return self.name


def amount_fen(unit_price: Decimal, quantity: Decimal) -> int:
    """The amount of a fee line in fen, rounded half up (protocol 3.5: H 2166)."""
    return int((unit_price * quantity * 100).quantize(Decimal(1), ROUND_HALF_UP))
