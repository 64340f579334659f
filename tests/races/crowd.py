"""Many patients in a moment: the rows of a crowd, written in bulk."""

from django.contrib.auth import get_user_model

from hospital import worklist
from hospital.archives import filing
from hospital.models import Appointment, Archive, Patient, Session
from hospital.notices import delivery
from hospital.privacy import blind_index
from tests import factories

_PHONE = "13800000000"


def queued(count: int) -> list[int]:
    """Patients who wait to be filed: the ids of their archives in the order of the queue. They have all the seats."""
    session = factories.session(seats=count)
    Session.objects.filter(pk=session.pk).update(free=0)
    numbers = [factories.id_number() for _ in range(count)]
    users = get_user_model().objects.bulk_create(get_user_model()(username=f"c{number}") for number in numbers)
    patients = Patient.objects.bulk_create(
        Patient(user=user, name="测试甲", id_number=number, phone=_PHONE)
        for user, number in zip(users, numbers, strict=True)
    )
    appointments = [Appointment(patient=patient, session=session) for patient in patients]
    worklist.enter_all(appointments)
    archives = [_archive(appointment) for appointment in appointments]
    worklist.enter_all(archives)
    return [archive.pk for archive in archives]


def told(count: int) -> list[Appointment]:
    """Patients who are filed and told, the first in the queue first."""
    archives = queued(count)
    filing.file_batch(count)
    delivery.send_due(count)
    return list(Appointment.objects.filter(archive__in=archives).order_by("archive"))


def _archive(appointment: Appointment) -> Archive:
    patient = appointment.patient
    index = blind_index(patient.id_number)
    return Archive(
        appointment=appointment,
        name=patient.name,
        id_number=patient.id_number,
        id_index=index,
        phone=patient.phone,
        card_type="02",
        card_number=patient.id_number,
        card_index=index,
    )
