"""Who may see which appointment."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from hospital.appointments.models import Appointment, Patient
from hospital.errors import Forbidden, NotFound
from hospital.rest import asker_id


def patient_of(request: Request) -> Patient:
    """The patient behind the token. Raises `Forbidden("patients_only")`."""
    patient = Patient.objects.filter(user_id=asker_id(request)).first()
    if patient is None:
        raise Forbidden("patients_only", _("Only a patient's account may do this."))
    return patient


def appointments_of(request: Request) -> QuerySet[Appointment]:
    """A patient's own; the desk sees all."""
    appointments = Appointment.objects.select_related("session__doctor__department", "patient")
    return appointments if request.user.is_staff else appointments.filter(patient__user_id=asker_id(request))


def own_appointment(request: Request, pk: int) -> Appointment:
    """The asker's own; staff have none. Raises `Forbidden("patients_only")`, `NotFound("no_such_appointment")`."""
    patient = patient_of(request)
    appointment = Appointment.objects.select_related("session").filter(pk=pk, patient=patient).first()
    if appointment is None:
        raise NotFound("no_such_appointment", _("There is no such appointment."))
    return appointment


def appointment_of(request: Request, pk: int) -> Appointment:
    """The appointment, if it may be seen; else there is none. Raises `NotFound("no_such_appointment")`."""
    appointment = appointments_of(request).filter(pk=pk).first()
    if appointment is None:
        raise NotFound("no_such_appointment", _("There is no such appointment."))
    return appointment
