"""What the patient meets, as states and the moves allowed between them. Data only; drawn in `docs/states.md`."""

from collections.abc import Mapping
from enum import StrEnum


class AppointmentState(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


class ArchiveState(StrEnum):
    QUEUED = "queued"
    FILED = "filed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class NoticeState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


Moves = Mapping[str, frozenset[str]]

APPOINTMENT_MOVES: Moves = {
    AppointmentState.BOOKED: frozenset({AppointmentState.CANCELLED, AppointmentState.COMPLETED}),
    AppointmentState.CANCELLED: frozenset(),
    AppointmentState.COMPLETED: frozenset(),
}

ARCHIVE_MOVES: Moves = {
    ArchiveState.QUEUED: frozenset({ArchiveState.FILED, ArchiveState.REJECTED, ArchiveState.CANCELLED}),
    ArchiveState.FILED: frozenset(),
    ArchiveState.REJECTED: frozenset(),
    ArchiveState.CANCELLED: frozenset(),
}

NOTICE_MOVES: Moves = {
    NoticeState.PENDING: frozenset({NoticeState.SENDING, NoticeState.SENT}),
    NoticeState.SENDING: frozenset({NoticeState.PENDING, NoticeState.SENT, NoticeState.FAILED}),
    NoticeState.SENT: frozenset(),
    NoticeState.FAILED: frozenset({NoticeState.PENDING}),
}
