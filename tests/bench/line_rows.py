"""A line as long as is wanted, by SQL: a million in seconds. What fills it stands in `fill` alone."""

from django.db import connection, transaction

from hospital.models import Appointment
from insurance.quota import insurers
from insurance.trial import line
from insurance.trial.models import Line, Trial
from tests.bench import rows

PATIENTS = SESSIONS = 1_000
"""Each of the patients may wait once for each of the sessions: a line of a million is the longest."""

_APPOINTMENTS = """
    INSERT INTO hospital_appointment (patient_id, session_id, state, attempt)
         SELECT patient.id, session.id, 'booked', 0 FROM hospital_patient patient, hospital_session session
          ORDER BY session.id, patient.id OFFSET %s LIMIT %s
"""


def fill(length: int) -> None:
    """Lengthen the line to so many: each trial is like the first one, but of an appointment of its own."""
    there = Trial.objects.count()
    if not there:
        rows.patients(PATIENTS)
        rows.sessions(SESSIONS, seats=1)
    with transaction.atomic(), connection.cursor() as cursor:
        # Foreign keys are not looked up for every row: we know what we insert.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_APPOINTMENTS, [there, length - there])
        first = Trial.objects.order_by("pk").first() or _first()
        behind = Trial.objects.count()
        own = {
            "appointment_id": "appointment.id",
            "number": f"{behind} + row_number() OVER (ORDER BY appointment.id)",
        }
        columns = [field.column for field in Trial._meta.concrete_fields if not field.primary_key]
        values = [own.get(column, f"model.{column}") for column in columns]
        cursor.execute(
            f"INSERT INTO insurance_trial ({', '.join(columns)}) SELECT {', '.join(values)}"
            " FROM hospital_appointment appointment, insurance_trial model"
            " WHERE model.id = %s AND NOT EXISTS"
            " (SELECT FROM insurance_trial trial WHERE trial.appointment_id = appointment.id) ORDER BY appointment.id",
            [first.pk],
        )
        Line.objects.update(joined=length)
    rows.tidy(Trial, Appointment)


def _first() -> Trial:
    place = {"line": line.line_of(insurers.default()), "number": 1}
    return Trial.objects.create(appointment=Appointment.objects.earliest("pk"), **place)
