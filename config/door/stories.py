"""Whether the stories of appointments have changed, by one statement that reads no text.

PostgreSQL gives every new version of a row another mark (`xmin`, `ctid`): the marks of all rows that the story is made
of are its version, and no column can be forgotten. What the story counts beyond its own rows is added: how many
archives are in front, how many have left the line, and while something waits, each half minute, so that the expected
wait is told anew.
"""

from collections.abc import Sequence

from hospital.archives.entry import AHEAD_OF_NEW
from hospital.prepared import ONE_BY_ONE, Prepared
from hospital.tokens import Claims, own_rows

_OF_APPOINTMENT = ("hospital_notice", "hospital_charge", "insurance_trial", "insurance_settlement")


def _marks(table: str, where: str = "") -> str:
    where = where or f"FROM {table} part WHERE part.appointment_id = appointment.id"
    return f"(SELECT string_agg(concat_ws(':', part.id, part.xmin, part.ctid), ',' ORDER BY part.id) {where})"


_PAID = (
    "FROM insurance_settlement settlement JOIN {table} part ON part.{column} = settlement.payment_id"
    " WHERE settlement.appointment_id = appointment.id"
)
_LINE = """(SELECT string_agg(concat_ws(':', line.gone, floor(extract(epoch FROM statement_timestamp()) / 30)), ',')
              FROM insurance_trial trial JOIN insurance_line line ON line.id = trial.line_id
             WHERE trial.appointment_id = appointment.id AND trial.state IN ('waiting', 'calling'))"""

_OF_JOINED = ", ".join(
    f"{row}.xmin, {row}.ctid" for row in ("appointment", "session", "doctor", "department", "archive")
)

_versions = Prepared(
    "story_versions",
    ["bigint[]", "bigint[]"],
    f"""SELECT asked.place, seen.*
          FROM unnest($1, $2) WITH ORDINALITY AS asked (asker_id, appointment_id, place), LATERAL (
               SELECT asker.is_active, asker.password, patient.user_id = asker.id, md5(concat_ws('|',
                      {_OF_JOINED},
                      CASE WHEN archive.state = 'queued' THEN ({AHEAD_OF_NEW}) END,
                      {", ".join(f"coalesce({_marks(table)}, '')" for table in _OF_APPOINTMENT)},
                      {_marks("", _PAID.format(table="insurance_paymentorder", column="id"))},
                      {_marks("", _PAID.format(table="insurance_refund", column="order_id"))}, {_LINE}))
                 FROM auth_user asker, hospital_appointment appointment
                      JOIN hospital_patient patient ON patient.id = appointment.patient_id
                      JOIN hospital_session session ON session.id = appointment.session_id
                      JOIN hospital_doctor doctor ON doctor.id = session.doctor_id
                      JOIN hospital_department department ON department.id = doctor.department_id
                      JOIN hospital_archive archive ON archive.appointment_id = appointment.id
                WHERE asker.id = asked.asker_id AND appointment.id = asked.appointment_id {ONE_BY_ONE}) AS seen""",
)


def versions(asked: Sequence[tuple[Claims, int]]) -> list[str | None]:
    """Another one, whenever the story is; None for everybody but its patient: the long way asks what staff may see."""
    found: list[str | None] = [None] * len(asked)
    for place, (marks,) in own_rows(_versions, asked):
        found[place] = str(marks)
    return found
