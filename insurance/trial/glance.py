"""Trials and whether their askers may see them, in one statement: for those who look again and again.

Nothing is kept from one look to the next. The account is read with the trial, so a shut account, a new password and a
stranger see nothing, from the moment of the commit.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from hospital.prepared import ONE_BY_ONE, Prepared
from hospital.tokens import Claims, own_rows
from insurance.trial import places
from insurance.trial.models import Line, Trial

_SHOWN = {
    *("id", "appointment_id", "state", "line_id", "number", "held_back", "instead_of_id", "created_at", "refusal"),
    *("predicted_seconds", "eta_at", "eta_told_at", "eta_reason", "valid_until"),
    *("total_fen", "fund_fen", "account_fen", "cash_fen", "hospital_fen"),
}
_NAMES = [field.attname for field in Trial._meta.concrete_fields if field.attname in _SHOWN]
_OF_LINE = ("id", "insurer_id")
_COLUMNS = ", ".join(f"trial.{name}" for name in _NAMES)

_looks = Prepared(
    "trial_glances",
    ["bigint[]", "bigint[]"],
    f"""SELECT asked.place, seen.*
          FROM unnest($1, $2) WITH ORDINALITY AS asked (asker_id, trial_id, place), LATERAL (
               SELECT asker.is_active, asker.password, patient.user_id = asker.id,
                      CASE WHEN trial.state = 'waiting' AND trial.instead_of_id IS NULL AND trial.number IS NOT NULL
                           THEN greatest(trial.number - 1 - ({places.GONE_BEFORE}), 0) END,
                      CASE WHEN trial.state IN ('waiting', 'calling') THEN line.insurer_id END, {_COLUMNS}
                 FROM auth_user asker, insurance_trial trial
                      JOIN hospital_appointment appointment ON appointment.id = trial.appointment_id
                      JOIN hospital_patient patient ON patient.id = appointment.patient_id
                      LEFT JOIN insurance_line line ON line.id = trial.line_id
                WHERE asker.id = asked.asker_id AND trial.id = asked.trial_id {ONE_BY_ONE}) AS seen""",
)


def of_all(asked: Sequence[tuple[Claims, int]]) -> list[Trial | None]:
    """Each trial, for its patient; None for everybody else: the long way asks what staff may see."""
    found: list[Trial | None] = [None] * len(asked)
    for place, read in own_rows(_looks, asked):
        found[place] = _trial(*read)
    return found


def _trial(ahead: int | None, insurer_id: int | None, *values: Any) -> Trial:
    trial = Trial.from_db(connection.alias, _NAMES, values)
    trial.ahead_when_read = ahead
    if insurer_id is not None:  # whose outlook is told
        trial.line = Line.from_db(connection.alias, _OF_LINE, (trial.line_id, insurer_id))
    return trial
