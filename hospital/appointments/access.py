"""Who may see which appointment, and who may act in a patient's place.

A patient has what is the patient's own. Staff have what their permissions say, here as in the admin; what somebody may
not even look at is not there (404), what may be looked at and not changed is forbidden (403).
"""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from hospital.appointments.models import Appointment, Patient
from hospital.errors import Forbidden, NotFound
from hospital.rest import asker_id

LOOK, ACT = "hospital.view_appointment", "hospital.change_appointment"

PARTS = {"trials": "insurance.view_trial", "settlements": "insurance.view_settlement"}
"""Parts of a story that staff may look at only with a permission of their own."""


def patient_of(request: Request) -> Patient:
    """The patient behind the token. Raises `Forbidden("patients_only")`."""
    patient = Patient.objects.filter(user_id=asker_id(request)).first()
    if patient is None:
        raise Forbidden("patients_only", _("Only a patient's account may do this."))
    return patient


def is_staff_with(request: Request, permission: str) -> bool:
    """Whether somebody of the staff asks who has this permission."""
    return request.user.is_staff and request.user.has_perm(permission)


def in_the_place_of(owner_id: int, request: Request, permission: str) -> None:
    """Let the owner through, and staff who have this permission. Raises `Forbidden("permission_denied")`."""
    if owner_id != asker_id(request) and not is_staff_with(request, permission):
        raise Forbidden("permission_denied", _("You may not do this."))


def appointments_of(request: Request) -> QuerySet[Appointment]:
    """A patient's own; staff who may look at appointments see all."""
    appointments = Appointment.objects.select_related("session__doctor__department", "patient")
    if is_staff_with(request, LOOK):
        return appointments
    return appointments.filter(patient__user_id=asker_id(request))


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


def shown(request: Request, appointment: Appointment, story: dict[str, Any]) -> dict[str, Any]:
    """The story as the asker may see it: the owner all of it, staff the parts that they may look at elsewhere, too."""
    if appointment.patient.user_id == asker_id(request):
        return story
    return {name: part for name, part in story.items() if name not in PARTS or is_staff_with(request, PARTS[name])}


def appointment_to_change(request: Request, pk: int, permission: str = ACT) -> Appointment:
    """The appointment, to do something about it. Raises as `appointment_of`, and `Forbidden("permission_denied")`."""
    appointment = appointment_of(request, pk)
    in_the_place_of(appointment.patient.user_id, request, permission)
    return appointment
