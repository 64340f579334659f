"""Write a notice, in the transaction of what it tells; it is delivered after the commit."""

import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connection

from hospital import wake, worklist
from hospital.notices.models import Channel, Kind, Notice

SEND_TASK = "tasks.notices.send"

Told = tuple[int, Kind, dict[str, Any]]
"""Appointment id, kind, facts for the text (never personal data)."""


def write(appointment_id: int, kind: Kind, **facts: Any) -> None:
    """Tell the patient of this appointment."""
    write_all([(appointment_id, kind, facts)])


def write_all(told: Iterable[Told]) -> None:
    """Tell many patients; one row for each channel in use."""
    _enter(list(told), channels())


def announce(appointment_id: int, kind: Kind, **facts: Any) -> None:
    """Tell the hospital's own app alone, where there is one."""
    if settings.NOTICE_WEBHOOK_URL:
        _enter([(appointment_id, kind, facts)], [Channel.WEBHOOK])


def channels() -> list[Channel]:
    """The inbox always; the webhook where one is configured."""
    return [Channel.INBOX, Channel.WEBHOOK] if settings.NOTICE_WEBHOOK_URL else [Channel.INBOX]


def _enter(told: list[Told], channels: list[Channel]) -> None:
    if not told:
        return
    patients = _patients([one[0] for one in told])
    each = [(*one, channel) for one in told for channel in channels]
    columns: dict[str, list[Any]] = {
        "appointment_id": [number for number, _, _, _ in each],
        "patient_id": [patients[number] for number, _, _, _ in each],
        "kind": [kind.value for _, kind, _, _ in each],
        "channel": [channel.value for _, _, _, channel in each],
        "facts": [json.dumps(facts) for _, _, facts, _ in each],
    }
    worklist.enter_columns(Notice, columns)
    wake.task(SEND_TASK)


def _patients(appointment_ids: list[int]) -> dict[int, int]:
    """Whose each appointment is. Asked with one value: of a large batch Django would look at each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, patient_id FROM hospital_appointment WHERE id = ANY(%s)", [appointment_ids])
        return dict(cursor.fetchall())
